"""Encodes pictures of which one may be bad, taking vectors made beforehand where there are any."""

from collections.abc import Callable, Mapping

from PIL import Image

from mmsearch.errors import EncoderError
from mmsearch.types import Vector, Vectors

Encode = Callable[[Mapping[str, Image.Image]], Vectors]  # of pictures by content hash; a row for each, in their order


def encode_pictures(encode: Encode, images: Mapping[str, Image.Image]) -> tuple[dict[str, Vector], dict[str, str]]:
    """Return the vectors of pictures, and why the others have none, both by content hash.

    Raises:
        EncoderError: If it fails for every picture, so that the encoder is at fault.
    """
    if not images:
        return {}, {}
    try:
        return dict(zip(images, encode(images), strict=True)), {}
    except EncoderError:
        if len(images) == 1:
            raise
    return _one_by_one(encode, images)


def _one_by_one(encode: Encode, images: Mapping[str, Image.Image]) -> tuple[dict[str, Vector], dict[str, str]]:
    vectors: dict[str, Vector] = {}
    failures: dict[str, str] = {}
    for key, image in images.items():
        try:
            vectors[key] = encode({key: image})[0]
        except EncoderError as error:
            failures[key] = f"cannot be encoded: {error}"
    if not vectors:
        raise EncoderError(next(iter(failures.values())))
    return vectors, failures
