"""Where the app runs: on a person's desktop, without one, or on a hosted Space."""

import os
import sys
from collections.abc import Mapping


def on_space(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether this is a Hugging Face Space, where strangers must not read the server's folders."""
    return bool(environ.get("SPACE_ID"))


def has_desktop(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """Return whether a browser can be opened for the person who started the app."""
    if on_space(environ) or environ.get("CI"):
        return False
    if platform in {"darwin", "win32"}:
        return not environ.get("SSH_CONNECTION")
    return bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))
