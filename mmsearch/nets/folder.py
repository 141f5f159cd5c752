"""Makes a saved network a `SentenceTransformer` folder that needs nothing of mmsearch."""

from pathlib import Path

from .dual_network import DualNetwork, save_network
from .loadable import make_loadable

# Copied into the folder as they are; they import each other relatively and nothing else of ours.
CODE = (
    "sentence_module.py",
    "convolution.py",
    "dual_network.py",
    "efficientnet_lite.py",
    "heads.py",
    "pictures.py",
    "rows8.py",
    "text_tower.py",
    "tokens.py",
)


def save_folder(network: DualNetwork, folder: Path) -> None:
    """Write a folder that `SentenceTransformer(folder, trust_remote_code=True)` loads.

    Args:
        network: To be saved.
        folder: Made if missing; what it holds of an older network is replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save_network(network, folder)
    make_loadable(folder, "sentence_module.DualEncoderModule", CODE)
