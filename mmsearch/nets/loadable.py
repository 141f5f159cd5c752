"""What makes a folder of weights one that `SentenceTransformer(folder, trust_remote_code=True)` loads."""

import json
from collections.abc import Sequence
from pathlib import Path
from shutil import copyfile

_MODEL: dict[str, object] = {
    "model_type": "SentenceTransformer",
    "prompts": {},
    "default_prompt_name": None,
    "similarity_fn_name": "cosine",
}


def make_loadable(folder: Path, module: str, code: Sequence[str]) -> None:
    """Name the module that reads a folder, and copy its code there.

    Args:
        folder: Holds the weights.
        module: As "file.Class".
        code: Files of this package that the module needs; they import each other relatively and nothing else of ours.

    Raises:
        OSError: If it cannot be written.
    """
    modules = [{"idx": 0, "name": "0", "path": "", "type": module}]
    for name, content in (("modules.json", modules), ("config_sentence_transformers.json", _MODEL)):
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf8")
    for name in code:
        copyfile(Path(__file__).with_name(name), folder / name)
