"""Makes a saved network a `SentenceTransformer` folder that needs nothing of mmsearch."""

import json
from pathlib import Path
from shutil import copyfile

from .dual_network import DualNetwork, save_network

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
_MODULES = [{"idx": 0, "name": "0", "path": "", "type": "sentence_module.DualEncoderModule"}]
_MODEL: dict[str, object] = {
    "model_type": "SentenceTransformer",
    "prompts": {},
    "default_prompt_name": None,
    "similarity_fn_name": "cosine",
}


def save_folder(network: DualNetwork, folder: Path) -> None:
    """Write a folder that `SentenceTransformer(folder, trust_remote_code=True)` loads.

    Args:
        network: To be saved.
        folder: Made if missing; what it holds of an older network is replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save_network(network, folder)
    for name, content in (("modules.json", _MODULES), ("config_sentence_transformers.json", _MODEL)):
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf8")
    for name in CODE:
        copyfile(Path(__file__).with_name(name), folder / name)
