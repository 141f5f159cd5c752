"""The limits that keep a file readable, as a check: `python -m tests.house.rules`.

A module has at most 500 lines and half of them at most 150, a function body at most 50; every return is
annotated; nothing below the edges prints or exits; and each heavy library is imported in its one home.
"""

import ast
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "mmsearch"
MODULE_LINES = 500
MEDIAN_LINES = 150
BODY_LINES = 50
TRIVIAL = 5  # lines; shorter modules do not count towards the median
LOUD = {"print", "sys.exit", "exit", "quit"}
HOMES = {
    "sqlalchemy": ("store/",),
    "alembic": ("store/",),
    "faiss": ("ann/",),
    "gradio": ("ui/",),
    "click": ("cli/",),
    "matplotlib": ("training/curves.py", "laboratory/plots.py"),
    "peft": ("training/adapters.py",),
    "sentence_transformers": (
        "encoders/",
        "rerankers/cross_encoder.py",
        "nets/sentence_module.py",  # copied into saved models
        "nets/aligned_module.py",  # likewise
    ),
}  # library -> the only places that may import it, relative to the package


@dataclass(frozen=True, slots=True)
class Module:
    """One source file."""

    path: str  # relative to the package, with forward slashes
    source: str

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return self.source.count("\n")


def modules(package: Path = PACKAGE) -> list[Module]:
    """Return the modules below a package."""
    files = sorted(package.rglob("*.py"))
    return [Module(file.relative_to(package).as_posix(), file.read_text(encoding="utf-8")) for file in files]


def violations(module: Module) -> Iterator[str]:
    """Yield what a module does against the rules, as `path:line what`."""
    if module.lines > MODULE_LINES:
        yield f"{module.path}: {module.lines} lines; the limit is {MODULE_LINES}"
    for node in ast.walk(ast.parse(module.source)):
        for message in (*_of_function(node), *_of_call(node, module.path), *_of_import(node, module.path)):
            yield f"{module.path}:{getattr(node, 'lineno', 1)} {message}"


def median_lines(found: list[Module]) -> float:
    """Return the median length of the modules that hold more than a docstring."""
    return statistics.median(module.lines for module in found if module.lines >= TRIVIAL)


def _of_function(node: ast.AST) -> Iterator[str]:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
    lines = (body[-1].end_lineno or 0) - body[0].lineno + 1
    if lines > BODY_LINES:
        yield f"{node.name} has {lines} lines; the limit is {BODY_LINES}"
    if node.returns is None:
        yield f"{node.name} does not say what it returns"


def _of_call(node: ast.AST, path: str) -> Iterator[str]:
    edge = path.startswith("cli/") or path == "__main__.py"
    if isinstance(node, ast.Call) and not edge and ast.unparse(node.func) in LOUD:
        yield f"calls {ast.unparse(node.func)}; only cli/ may print or exit"


def _of_import(node: ast.AST, path: str) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom):
        names = [node.module or ""] if node.level == 0 else []
    else:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    for library in {name.split(".")[0] for name in names} & HOMES.keys():
        if not path.startswith(HOMES[library]):
            yield f"imports {library}, whose home is {HOMES[library][0]}"


def main() -> int:
    """Print what is out of order; return how the process should end."""
    found = modules()
    problems = [problem for module in found for problem in violations(module)]
    median = median_lines(found)
    if median > MEDIAN_LINES:
        problems.append(f"the median module has {median:.0f} lines; the limit is {MEDIAN_LINES}")
    print("\n".join([*problems, f"{len(found)} modules, median {median:.0f} lines, {len(problems)} out of order"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
