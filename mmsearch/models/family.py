"""Models of one kind: which have a name here, where they lie on this machine and how they get there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mmsearch.errors import MmsearchError, UnknownName
from mmsearch.models.hub import Hub, HuggingFaceHub, needed_files
from mmsearch.models.hub_cache import cached_folder


@dataclass(frozen=True)
class Family:
    """Encoders, or re-rankers.

    Args:
        noun: What one is called.
        word: The same in options, `--encoder`, and in commands, `mmsearch encoders download`.
        presets: By name, the hub ids of the folders that one is made of; none if it comes with mmsearch.
        error: Raised where one is not on this machine or cannot be had.
    """

    noun: str
    word: str
    presets: Mapping[str, tuple[str, ...]]
    error: type[MmsearchError]

    def folders(self, name: str, models: Path | None = None) -> list[Path]:
        """Return the folders that a model is made of, none for one that comes with mmsearch. Nothing is downloaded.

        Args:
            name: A preset, a folder, or a hub id (`owner/model`).
            models: A folder of copied models, besides the hub's cache.

        Raises:
            UnknownName: If it is none of these.
            MmsearchError: `error`, if it is not on this machine.
        """
        if name not in self.presets and Path(name).is_dir():
            return [Path(name)]
        return [self._here(hub_id, name, models) for hub_id in self._hub_ids(name)]

    def is_here(self, name: str, models: Path | None = None) -> bool:
        """Return whether a preset can be loaded without a download."""
        return all(cached_folder(hub_id, models) is not None for hub_id in self.presets[name])

    def download(self, name: str, *, progress: Callable[[str], None] | None = None, hub: Hub | None = None) -> Path:
        """Bring a model to this machine, whatever is already here left as it is.

        Args:
            name: A preset, or a hub id.
            progress: Told what is being fetched.
            hub: Where from; the Hugging Face hub if None.

        Returns:
            Its folder, the first if it is made of several.

        Raises:
            UnknownName: If it is neither.
            MmsearchError: `error`, if the hub cannot be reached or has no such model.
        """
        hub_ids = self._hub_ids(name)
        if not hub_ids:
            raise self.error(f"The {self.noun} {name} comes with mmsearch; there is nothing to download.")
        tell = progress or (lambda _: None)
        folders = [self._bring(hub_id, name, tell, hub or HuggingFaceHub()) for hub_id in hub_ids]
        return folders[0]

    def _hub_ids(self, name: str) -> tuple[str, ...]:
        if name in self.presets:
            return self.presets[name]
        if Path(name).is_absolute() or name.startswith((".", "~")) or name.count("/") != 1:
            raise UnknownName(self.noun, name, self.presets)
        return (name,)

    def _here(self, hub_id: str, name: str, models: Path | None) -> Path:
        place = cached_folder(hub_id, models)
        if place is None:
            raise self.error(
                f"The {self.noun} {name} ({hub_id}) is not on this machine, and nothing is downloaded unasked. "
                + self._how_to_carry(hub_id, name)
            )
        return place

    def _bring(self, hub_id: str, name: str, tell: Callable[[str], None], hub: Hub) -> Path:
        tell(f"{hub_id}: asking the hub")
        try:
            files = needed_files(hub.files(hub_id))
            tell(f"{hub_id}: fetching {len(files)} files")
            return hub.fetch(hub_id, files)
        except Exception as error:  # the hub's client, its transport and the disk each have errors of their own
            here = cached_folder(hub_id)
            if here is not None:
                return here
            raise self.error(
                f"{hub_id} could not be fetched ({_reason(error)}). {self._how_to_carry(hub_id, name)}"
            ) from error

    def _how_to_carry(self, hub_id: str, name: str) -> str:
        """Say how a model gets to a machine, with and without network."""
        return (
            f"On a machine with network: mmsearch {self.word}s download {name}. It prints the folder of {hub_id}; copy "
            f"that folder to this machine and give its path: --{self.word} /path/to/folder. "
            "Or copy the whole cache of that machine (HF_HOME, by default ~/.cache/huggingface)."
        )


def _reason(error: Exception) -> str:
    """Return the first line of an error, which may go on for a page."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
