r"""How much an installation downloads, with and without the GPU build of torch.

uv, a Python package manager, resolves the requirements for Linux and notes the size of every file without
fetching it:

    for extra in "" "--extra dev"; do
        uv pip compile pyproject.toml $extra --format pylock.toml --python-version 3.11 \
            --python-platform x86_64-manylinux_2_28 -o pylock${extra:+.dev}.toml
    done
    python -m benchmarks.downloads pylock.toml pylock.dev.toml torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl

The last argument is the CPU build of torch, downloaded, for its size.
"""

import sys
import tomllib
from pathlib import Path

from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

from benchmarks.machine import write_result

PYTHON = (3, 11)
OLD = ("manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64")
PLATFORMS = [*(f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1)), *OLD, "linux_x86_64"]
GPU_ONLY = ("nvidia-", "cuda-", "triton")  # what the GPU build of torch asks for


def main() -> None:
    """Read the two lock files and the wheel, print and write the sizes."""
    run, dev, cpu_wheel = (Path(argument) for argument in sys.argv[1:4])
    runtime, everything = sizes(run), sizes(dev)
    plain = {name: size for name, size in runtime.items() if name != "torch" and not name.startswith(GPU_ONLY)}
    result = {
        "python": ".".join(map(str, PYTHON)),
        "platform": PLATFORMS[0],
        "torch": f"{cpu_wheel.name.split('-')[1]} or the GPU build of the same version",
        "packages_cpu": len(plain) + 1,
        "packages_gpu": len(runtime),
        "bytes_cpu": sum(plain.values()) + cpu_wheel.stat().st_size,
        "bytes_gpu": sum(runtime.values()),
        "bytes_development_tools": sum(everything.values()) - sum(runtime.values()),
    }
    print(write_result("downloads", result))


def sizes(lock: Path) -> dict[str, int]:
    """Return the bytes of the wheel that pip would take, by package."""
    packages = tomllib.loads(lock.read_text(encoding="utf-8"))["packages"]
    return {package["name"]: _best(package["wheels"]) for package in packages}


def _best(wheels: list[dict[str, object]]) -> int:
    """Return the size of the wheel whose tags suit the machine best."""
    order: dict[Tag, int] = {}
    for tag in (*cpython_tags(PYTHON, platforms=PLATFORMS), *compatible_tags(PYTHON, "cp311", PLATFORMS)):
        order.setdefault(tag, len(order))
    ranked = []
    for wheel in wheels:
        name = str(wheel["url"]).rsplit("/", 1)[1].replace("%2B", "+")
        ranks = [order[tag] for tag in parse_wheel_filename(name)[3] if tag in order]
        if ranks:
            ranked.append((min(ranks), int(str(wheel["size"]))))
    return min(ranked, default=(0, 0))[1]  # nothing fits: a package for other systems


if __name__ == "__main__":
    main()
