"""Where the app runs, and what its visitors may therefore do."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Rights:
    """What a visitor may do besides searching.

    Strangers must not read the folders of the machine, learn where its files lie, fill its disk or remove what others
    indexed. Somebody who names the folders that may be indexed (`MMSEARCH_INDEX_ROOTS`) lets them index those.
    """

    folders: bool = True  # index folders of this machine
    roots: tuple[str, ...] = ()  # only in these; anywhere if there are none
    uploads: bool = True
    manage: bool = True  # build, choose and remove encoders; remove collections
    paths: bool = True  # see where files lie on this machine
    closed_by: str = ""  # key of the sentence that says why something is closed


def rights(roots: Sequence[Path] | None, host: str | None = None, environ: Mapping[str, str] = os.environ) -> Rights:
    """Return what visitors may do, given the folders that may be indexed and the address to listen on."""
    shared = is_shared(host, environ)
    if roots:  # uploads would lie outside them
        return Rights(True, tuple(map(str, roots)), False, not shared, not shared, "closed_uploads")
    if on_space(environ):
        return Rights(False, (), False, False, False, "closed_space")
    return Rights(False, (), True, False, False, "closed_shared") if shared else Rights()


def on_space(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether this is a Hugging Face Space, where every visitor is a stranger."""
    return bool(environ.get("SPACE_ID"))


def is_shared(host: str | None = None, environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether other machines can reach the app; `host` is the address it was told to listen on."""
    return on_space(environ) or (host or environ.get("GRADIO_SERVER_NAME") or "127.0.0.1") not in LOOPBACK


def has_desktop(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """Return whether a browser can be opened for the person who started the app."""
    if on_space(environ) or environ.get("CI"):
        return False
    if platform in {"darwin", "win32"}:
        return not environ.get("SSH_CONNECTION")
    return bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))
