"""Pictures that were indexed before, read again."""

from pathlib import Path

from PIL import Image

from mmsearch.collection.deadline import Deadline
from mmsearch.collection.hashing import content_hash
from mmsearch.collection.pictures import load_picture, read_picture_file
from mmsearch.collection.reasons import Reason
from mmsearch.errors import BadPicture, SourceError


def load_known_picture(
    path: Path, *, side: int, max_pixels: int, max_seconds: float | None = None, expected: str | None = None
) -> Image.Image:
    """Return the picture at `path`, upright and no larger than needed.

    Args:
        path: The picture.
        side: As for `load_picture`.
        max_pixels: A picture of more is refused.
        max_seconds: A picture that takes longer is refused.
        expected: Content hash of the picture. Whatever lies at `path` by now, only that picture is shown: a file
            exchanged for a link to another one since it was indexed is refused.

    Raises:
        BadPicture: If the picture cannot be read, or is not the expected one any more.
    """
    try:
        data = read_picture_file(path, deadline=Deadline(max_seconds))
    except OSError as error:
        raise BadPicture(Reason.UNREADABLE.format(error.strerror)) from error
    except SourceError as error:
        raise BadPicture(str(error)) from error
    if expected is not None and content_hash(data) != expected:
        raise BadPicture(Reason.CHANGED)
    return load_picture(data, side=side, max_pixels=max_pixels, max_seconds=max_seconds).image
