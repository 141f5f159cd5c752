"""Turns what a user asks with into a vector."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from mmsearch.collection import Deadline, load_known_picture, load_picture, read_picture_file
from mmsearch.encoders.base import DualEncoder
from mmsearch.errors import BadInput, BadPicture, SourceError
from mmsearch.search.searcher import unit_sum
from mmsearch.types import Item

Picture = Image.Image | Path | str
MAX_QUERY = 2_000  # characters; encoders read far fewer


def query_vector(
    encoder: DualEncoder, text: str | None, image: Picture | None, max_pixels: int, max_seconds: float
) -> NDArray[np.float32]:
    """Return the unit vector of words, of a picture, or of the direction between both, (dim,).

    Raises:
        BadInput: If there are neither words nor a picture.
        BadPicture: If the picture cannot be read.
    """
    words = (text or "").strip()[:MAX_QUERY]
    if not words and image is None:
        raise BadInput("There is nothing to search for. Type some words, or give a picture.")
    parts = [encoder.encode_texts([words])[0]] if words else []
    if image is not None:
        parts.append(encoder.encode_images([query_picture(image, encoder.image_side, max_pixels, max_seconds)])[0])
    return unit_sum(parts)


def query_picture(image: Picture, side: int, max_pixels: int, max_seconds: float) -> Image.Image:
    """Read a picture given by its path, no larger than needed, or put one given as an object upright.

    Raises:
        BadPicture: If it cannot be read.
    """
    if isinstance(image, Image.Image):
        return ImageOps.exif_transpose(image)
    path = Path(image).expanduser()
    try:
        data = read_picture_file(path, deadline=Deadline(max_seconds))
        return load_picture(data, side=side, max_pixels=max_pixels, max_seconds=max_seconds).image
    except OSError as error:
        raise BadPicture(f"{path} cannot be read: {error.strerror or error}.") from error
    except (BadPicture, SourceError) as error:
        raise BadPicture(f"{path.name} {error}.") from error


def item_picture(item: Item, side: int, max_pixels: int, max_seconds: float) -> Image.Image:
    """Read the picture of an item, no larger than needed.

    Raises:
        BadPicture: If it cannot be read, or is no longer the one that was indexed.
    """
    if item.path is None:
        raise BadPicture("The picture cannot be read: no file holds it any more.")
    return load_known_picture(
        item.path, side=side, max_pixels=max_pixels, max_seconds=max_seconds, expected=item.content_hash
    )
