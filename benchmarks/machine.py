"""What every benchmark needs: a timer, the facts of the machine, and one form for results.

Nothing here records host names, user names or paths.
"""

import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).resolve().parent / "results"
MATMUL_SIDE = 2048
FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_bf16")
PACKAGES = ("torch", "numpy", "sentence-transformers", "transformers", "faiss-cpu", "pillow", "sqlalchemy", "gradio")


@dataclass(frozen=True, slots=True)
class Timing:
    """How long repeated calls took, in seconds."""

    median: float
    low: float  # first decile
    high: float  # ninth decile
    repeats: int


def measure(function: Callable[[], object], *, repeats: int = 20, warm_up: int = 3) -> Timing:
    """Time `function()` `repeats` times after `warm_up` calls that do not count."""
    for _ in range(warm_up):
        function()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    deciles = quantiles(seconds, n=10, method="inclusive") if repeats > 1 else [seconds[0]]
    return Timing(median(seconds), deciles[0], deciles[-1], repeats)


def matmul_gflops(*, repeats: int = 5) -> dict[str, float]:
    """Return the speed of a 2048³ matrix product by type, in GFLOP/s: how fast the machine is at this moment.

    Without bfloat16 where the CPU does not multiply it: there nothing runs in it, and the product would take minutes.
    """
    import torch

    from mmsearch.nets.dual_network import towers_dtype

    speeds = {}
    for dtype in sorted({torch.float32, towers_dtype(torch.device("cpu"))}, key=str, reverse=True):
        left, right = (torch.ones(MATMUL_SIDE, MATMUL_SIDE, dtype=dtype) for _ in range(2))
        timing = measure(lambda a=left, b=right: a @ b, repeats=repeats, warm_up=2)  # type: ignore[misc]
        speeds[str(dtype).removeprefix("torch.")] = round(2 * MATMUL_SIDE**3 / timing.median / 1e9, 1)
    return speeds


def machine_facts() -> dict[str, object]:
    """Return what decides speed: processor, memory, accelerator, and the versions of what runs on it."""
    cpu = Path("/proc/cpuinfo")
    text = cpu.read_text() if cpu.exists() else ""
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    flags = re.search(r"^flags\s*:\s*(.+)$", text, re.MULTILINE)
    known = set(flags[1].split()) if flags else set()
    return {
        "cpu": model[1] if model else platform.processor() or "unknown",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "flags": [flag for flag in FLAGS if flag in known],
        "memory_gib": _memory_gib(),
        "load_1_minute": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": _versions(),
        **_torch_facts(),
    }


def write_result(name: str, result: Mapping[str, object]) -> Path:
    """Write `benchmarks/results/<name>.json`: the result beside command, machine, commit, date and matmul speed.

    Args:
        name: File name without its ending.
        result: Anything JSON can hold; `Timing` values too.
    """
    record = {
        "name": name,
        "command": _command(),
        "commit": _commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine_facts(),
        "matmul_2048_gflops": matmul_gflops(),
        "result": dict(result),
    }
    RESULTS.mkdir(exist_ok=True)
    target = RESULTS / f"{name}.json"
    target.write_text(json.dumps(record, indent=2, ensure_ascii=False, default=_plain) + "\n", encoding="utf-8")
    return target


def measured(part: Callable[[], object], of: object) -> dict[str, object]:
    """Measure a part of a benchmark, and say what it is of, where and how long it was measured.

    Args:
        part: Measures it.
        of: What the result depends on, as JSON can hold it: fingerprints of models, and sizes.
    """
    start = time.perf_counter()
    found = part()
    return {"of": of, "cpu": machine_facts()["cpu"], "seconds": round(time.perf_counter() - start, 1), "found": found}


def measured_before(name: str, of: Mapping[str, object]) -> dict[str, Any]:
    """Return the parts that earlier runs `measured` of the same; `of` says for each part what that is."""
    path = RESULTS / f"{name}.json"
    if not path.exists():
        return {}
    parts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["result"]["parts"]
    return {part: found for part, found in parts.items() if part in of and found["of"] == of[part]}


def _plain(value: object) -> object:
    """Turn what JSON does not know into what it does."""
    if isinstance(value, Timing):
        return asdict(value)
    if hasattr(value, "tolist"):  # NumPy scalars and arrays
        return value.tolist()
    raise TypeError(f"A result holds {type(value).__name__}, which JSON cannot; turn it into numbers or text first.")


def _memory_gib() -> float | None:
    if not hasattr(os, "sysconf"):
        return None
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _torch_facts() -> dict[str, object]:
    import torch

    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else None
    return {"torch_threads": torch.get_num_threads(), "gpu": gpu}


def _command() -> str:
    """Return how this run was started, with absolute paths cut to their last part."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    start = ["python", "-m", spec.name] if spec else ["python", Path(sys.argv[0]).name]
    return " ".join(start + [re.sub(r"(?<![\w.])~?/\S*/", "", argument) for argument in sys.argv[1:]])


def _commit() -> str | None:
    """Return the commit that ran, marked where the tree, results aside, differs from it; None outside a checkout."""
    try:
        commit = _git("rev-parse", "HEAD")
        changes = _git("status", "--porcelain", "--", ".", ":!benchmarks/results")
    except (OSError, subprocess.CalledProcessError):
        return None
    return commit + (" with changes" if changes else "")


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    print(write_result("machine", {}))
