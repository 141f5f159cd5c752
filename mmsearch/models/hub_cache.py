"""Models of the hub that are on this machine. Nothing here talks to the network."""

from pathlib import Path

WEIGHTS = (".safetensors", ".bin")


def cached_folder(hub_id: str, models: Path | None = None) -> Path | None:
    """Return the folder that a model lies in, None if it is not on this machine.

    Args:
        hub_id: owner/model.
        models: A folder of copied models, `owner/model` or only `model` in it, which is looked at first.
    """
    places = [models / hub_id, models / hub_id.split("/")[1]] if models else []
    return next((place for place in [*places, *_snapshots(hub_id)] if is_complete(place)), None)


def is_complete(folder: Path) -> bool:
    """Say whether a folder holds a model with its weights; a download that was broken off does not."""
    described = (folder / "modules.json").is_file() or (folder / "config.json").is_file()
    return described and any(path.suffix in WEIGHTS and path.is_file() for path in folder.rglob("*"))


def _snapshots(hub_id: str) -> list[Path]:
    """Return where the hub's cache may hold a model: what `main` was when it was last asked, then the latest."""
    from huggingface_hub import constants  # it knows HF_HOME and HF_HUB_CACHE, and imports little

    home = Path(constants.HF_HUB_CACHE) / f"models--{hub_id.replace('/', '--')}"
    main = home / "refs" / "main"
    named = [home / "snapshots" / main.read_text(encoding="utf8").strip()] if main.is_file() else []
    others = (home / "snapshots").glob("*") if (home / "snapshots").is_dir() else ()
    return named + sorted(others, key=lambda path: path.stat().st_mtime, reverse=True)
