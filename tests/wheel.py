"""Builds the wheel and uses it where there are no development tools: `python -m tests.wheel`.

A new environment gets the wheel and links to the packages that the wheel's metadata asks for, and theirs, from
the environment that runs this: nothing is downloaded, and what is not declared is not there. In it, from another
working folder, the command line indexes and searches a folder of drawn pictures.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import venv
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path
from zipfile import Path as ZipPath

from packaging.requirements import Requirement
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
COLOURS = {"red": "#d01818", "green": "#18a030", "blue": "#1840d0"}
TOOLS = ("pytest", "mypy", "ruff", "playwright", "build", "importlinter")


def main() -> int:
    """Build, install, use; return how the process should end."""
    with tempfile.TemporaryDirectory(prefix="mmsearch-wheel-") as folder:
        place = Path(folder)
        wheel = build(place / "dist")
        python = environment(place / "env", wheel)
        for tool in TOOLS:
            if _run([python, "-c", f"import {tool}"], place, check=False).returncode == 0:
                raise SystemExit(f"The environment is not clean: {tool} can be imported.")
        use(python.parent / "mmsearch", place)
    print(f"{wheel.name} works without development tools")
    return 0


def build(target: Path) -> Path:
    """Build the source archive, and from it the wheel, as a release would."""
    _run([sys.executable, "-m", "build", "--outdir", str(target), str(ROOT)], ROOT)
    (wheel,) = target.glob("*.whl")
    print(f"built {wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB")
    return wheel


def environment(target: Path, wheel: Path) -> Path:
    """Make an environment with the wheel and links to what it requires; return its Python."""
    venv.create(target, with_pip=False, symlinks=os.name != "nt")
    python = target / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    where = _run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], target)
    site = Path(where.stdout.strip())
    (metadata,) = (entry for entry in ZipPath(wheel).iterdir() if entry.name.endswith(".dist-info"))
    for found in closure(PathDistribution(metadata)):
        link(found, site)
    install = ["-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", "--quiet", str(wheel)]
    _run([sys.executable, *install], target)
    return python


def closure(root: Distribution) -> list[Distribution]:
    """Return all that `root` requires here, itself and extras left out."""
    found: dict[str, Distribution] = {}
    waiting = _requirements(root)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = distribution(name)
            waiting += _requirements(found[name])
    return list(found.values())


def _requirements(of: Distribution) -> list[str]:
    """Return the canonical names of what a distribution requires on this machine."""
    wanted = map(Requirement, of.requires or [])
    plain = (each for each in wanted if each.marker is None or each.marker.evaluate({"extra": ""}))
    return [re.sub(r"[-_.]+", "-", each.name).lower() for each in plain]


def link(found: Distribution, site: Path) -> None:
    """Link everything that a distribution put next to itself into `site`."""
    tops = {file.parts[0] for file in found.files or []} - {"..", "__pycache__"}
    for top in tops:
        if not (site / top).exists():
            (site / top).symlink_to(Path(str(found.locate_file(top))))


def use(mmsearch: Path, place: Path) -> None:
    """Index and search drawn pictures with the installed command."""
    photos = place / "photos"
    photos.mkdir()
    for name, colour in COLOURS.items():
        Image.new("RGB", (320, 240), colour).save(photos / f"{name}.png")
    _run([mmsearch, "--help"], place)
    _run([mmsearch, "index", str(photos)], place)
    lines = _run([mmsearch, "search", "a red picture", "-k", "2", "--json"], place).stdout.splitlines()
    paths = [json.loads(line)["item"]["path"] for line in lines]
    if len(paths) != 2 or not all(Path(path).parent.resolve() == photos.resolve() for path in paths):
        raise SystemExit(f"The search gave {paths} instead of two of the drawn pictures.")


def _run(command: list[str | Path], cwd: Path, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command away from the checkout; end the process with what it said if it fails."""
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("MMSEARCH_", "PYTHONPATH"))}
    env = {**keep, "MMSEARCH_HOME": str(cwd / "home"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


if __name__ == "__main__":
    sys.exit(main())
