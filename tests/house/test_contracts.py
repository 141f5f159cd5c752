"""Whoever adds an implementation of a seam runs its contract suite."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SEAMS = {
    "Aligner": ("alignment", "AlignerContract"),
    "CCA": ("alignment", "AlignerContract"),
    "DualEncoder": ("encoders", "EncoderContract"),
    "Reranker": ("rerankers", "RerankerContract"),
    "TorchAligner": ("alignment", "AlignerContract"),
    "ViewsAligner": ("alignment", "AlignerContract"),
    "VectorIndex": ("ann", "IndexContract"),
}  # base -> suite


@pytest.mark.parametrize("base", SEAMS)
def test_every_implementation_runs_the_contract_suite(base: str) -> None:
    package, suite = SEAMS[base]
    files = (ROOT / "mmsearch" / package).glob("*.py")
    implementations = {
        file.stem
        for file in files
        if re.search(rf"^class \w+\({base}\b(?!.*ABC)", file.read_text(encoding="utf-8"), re.MULTILINE)
    }

    assert implementations
    for name in implementations:
        test = ROOT / "tests" / package / f"test_{name}.py"
        assert test.is_file(), f"mmsearch/{package}/{name}.py has no tests/{package}/test_{name}.py"
        assert f"({suite})" in test.read_text(encoding="utf-8"), f"{test.name} does not run {suite}"
