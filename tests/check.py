"""Runs every check of the project, the ones that CI runs: `python tests/check.py`.

    python tests/check.py                  everything
    python tests/check.py lint format      only these
    python tests/check.py --skip wheel     all but these

pytest comes last, so that its summary ends the output. Exit code 1 if any check fails. Needs the tools of
`pip install -e '.[dev]'` in the environment of the Python that runs this.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
CHECKS = {
    "lint": [PYTHON, "-m", "ruff", "check", "."],
    "format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "types": [PYTHON, "-m", "mypy"],
    "layers": [str(Path(PYTHON).parent / "lint-imports"), "--no-cache"],
    "house": [PYTHON, "-m", "tests.house.rules"],
    "wheel": [PYTHON, "-m", "tests.wheel"],
    "tests": [PYTHON, "-m", "pytest"],
}


def run(name: str) -> bool:
    """Run one check with its output as it comes; return whether it passed."""
    print(f"\n=== {name}: {' '.join(CHECKS[name]).replace(PYTHON, 'python')}", flush=True)
    began = time.monotonic()
    code = subprocess.run(CHECKS[name], cwd=ROOT, check=False).returncode
    if name != "tests" or code:  # a good pytest run says its time itself, on the last line
        print(
            f"--- {name}: {'passed' if code == 0 else f'FAILED ({code})'}, {time.monotonic() - began:.1f} s", flush=True
        )
    return code == 0


def main() -> int:
    """Run what was asked for; return how the process should end."""
    parser = argparse.ArgumentParser(description="Run every check of the project.")
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=f"only these, of {', '.join(CHECKS)}")
    parser.add_argument("--skip", action="append", default=[], choices=CHECKS, help="all but this one; repeatable")
    asked = parser.parse_args()
    unknown = sorted(set(asked.checks) - CHECKS.keys())
    if unknown:
        parser.error(f"no check is called {unknown[0]!r}; there are {', '.join(CHECKS)}")
    wanted = [name for name in CHECKS if name in (asked.checks or CHECKS) and name not in asked.skip]
    failed = [name for name in wanted if not run(name)]
    if failed:
        print(f"\nFailed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
