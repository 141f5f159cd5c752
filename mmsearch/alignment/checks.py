"""What the learners ask of their input, and the errors that say what is wrong with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmsearch.errors import BadInput
from mmsearch.types import Ids, Vectors

Rows: TypeAlias = NDArray[np.floating]  # (n, width), features of one modality
BLOCK = 8192  # rows in memory at a time

_SMALLEST = np.finfo(np.float32).tiny


@dataclass(frozen=True, slots=True)
class Pairs:
    """Checked training pairs: each text belongs to one row of `image`.

    Args:
        image: (n, d1), each row described by one text at least.
        text: (m, d2)
        owner: (m,), the row of `image` that each text describes.
        labels: (n,), the class of each row of `image`, numbered from 0; None without classes.
    """

    image: Rows
    text: Rows
    owner: Ids
    labels: Ids | None = None

    @property
    def text_labels(self) -> Ids | None:
        """The class of each text, (m,)."""
        return None if self.labels is None else self.labels[self.owner]

    def subset(self, images: Ids) -> "Pairs":
        """Return the pairs of some rows of `image`, (k,) and distinct, in that order."""
        place = np.full(len(self.image), -1)
        place[images] = np.arange(len(images))
        kept = np.flatnonzero(place[self.owner] >= 0)
        labels = None if self.labels is None else self.labels[images]
        return Pairs(self.image[images], self.text[kept], place[self.owner[kept]], labels)


def checked_rows(values: ArrayLike, what: str, width: int | None = None) -> Rows:
    """Return features as a matrix of floats, without a copy where they are one already.

    Args:
        values: (n, width)
        what: Names them in errors, such as "image features".
        width: That they must have; None for any.

    Raises:
        BadInput: If they are not numbers in two dimensions, are of another width, or hold NaN or infinity.
    """
    try:
        rows = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise BadInput(f"The {what} are no matrix: {error}") from error
    if rows.dtype.kind not in "fiub":
        raise BadInput(f"The {what} are of type {rows.dtype}, not numbers.")
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise BadInput(f"The {what} have shape {rows.shape}; needed is one row for each item and one column at least.")
    if width is not None and rows.shape[1] != width:
        raise BadInput(f"The {what} have {rows.shape[1]} columns; this was fitted on {width}.")
    if rows.dtype.kind != "f":
        rows = rows.astype(np.float32)
    _refuse_not_finite(rows, what)
    return rows


def checked_pairs(
    image: ArrayLike, text: ArrayLike, owner: ArrayLike | None = None, labels: ArrayLike | None = None
) -> Pairs:
    """Return training pairs; rows of `image` that no text describes are left out.

    Args:
        image: (n, d1)
        text: (m, d2)
        owner: (m,), the row of `image` that each text describes; None if row i describes row i.
        labels: (n,), the class of each row of `image`: numbers or words.

    Raises:
        BadInput: If there are fewer than two pairs, sizes disagree, an owner is no row, or a value is not finite.
    """
    first, second = checked_rows(image, "image features"), checked_rows(text, "text features")
    owners = _checked_owner(owner, len(first), len(second))
    codes = None if labels is None else _checked_labels(labels, len(first))
    described = np.unique(owners)
    if len(described) < 2:
        raise BadInput(f"Only {len(described)} of {len(first)} images has a text; two pairs are needed at least.")
    pairs = Pairs(first, second, owners, codes)
    return pairs if len(described) == len(first) else pairs.subset(described)


def checked_views(views: Sequence[ArrayLike]) -> tuple[Rows, ...]:
    """Return two or more views of the same items, row i of each belonging to item i.

    Raises:
        BadInput: If there are fewer than two views or items, or sizes disagree.
    """
    rows = tuple(checked_rows(view, f"features of view {i}") for i, view in enumerate(views))
    if len(rows) < 2:
        raise BadInput(f"There are {len(rows)} views; two are needed at least.")
    if len({len(view) for view in rows}) > 1:
        raise BadInput(
            f"The views have {', '.join(str(len(view)) for view in rows)} rows; they must have equally many."
        )
    if len(rows[0]) < 2:
        raise BadInput(f"There are {len(rows[0])} rows in each view; two are needed at least.")
    return rows


def check_between(name: str, value: float, low: float, high: float = np.inf) -> None:
    """Refuse a parameter outside [low, high].

    Raises:
        BadInput: If it is, or is no number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not low <= value <= high:
        limits = f"at least {low}" if high == np.inf else f"between {low} and {high}"
        raise BadInput(f"{name} is {value!r}; it must be a number {limits}.")


def check_count(name: str, value: int, least: int = 1) -> None:
    """Refuse a parameter that is no whole number of at least `least`.

    Raises:
        BadInput: If it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise BadInput(f"{name} is {value!r}; it must be a whole number of at least {least}.")


def check_one_of(name: str, value: str, known: Sequence[str]) -> None:
    """Refuse a parameter that is none of `known`.

    Raises:
        BadInput: If it is not.
    """
    if value not in known:
        raise BadInput(f"{name} is {value!r}; it must be one of {', '.join(known)}.")


def unit_rows(rows: Rows) -> Vectors:
    """Return rows (n, dim) scaled to unit length in float32; a row of zeros stays zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Vectors = (rows / np.maximum(lengths, _SMALLEST)).astype(np.float32)
    return unit


def blocks_of(rows: Rows, size: int = BLOCK) -> Iterator[Rows]:
    """Yield `rows` some at a time, in float32 or, if that is what they are, float64."""
    dtype = np.float64 if rows.dtype == np.float64 else np.float32
    for start in range(0, len(rows), size):
        yield rows[start : start + size].astype(dtype, copy=False)


def _refuse_not_finite(rows: Rows, what: str) -> None:
    for number, block in enumerate(blocks_of(rows)):
        finite = np.isfinite(block)
        if not finite.all():
            row, column = np.argwhere(~finite)[0]
            raise BadInput(
                f"The {what} hold {block[row, column]} in row {number * BLOCK + row}, column {column}; "
                "take that row out or compute it again."
            )


def _checked_owner(owner: ArrayLike | None, images: int, texts: int) -> Ids:
    if owner is None:
        if images != texts:
            raise BadInput(f"There are {images} images and {texts} texts; say by `owner` which image each text is of.")
        return np.arange(images)
    owners = np.asarray(owner)
    if owners.shape != (texts,) or owners.dtype.kind not in "iu":
        raise BadInput(
            f"`owner` must hold one whole number for each of {texts} texts; got {owners.dtype} {owners.shape}."
        )
    wrong = np.flatnonzero((owners < 0) | (owners >= images))
    if len(wrong):
        raise BadInput(f"Text {wrong[0]} belongs to image {owners[wrong[0]]}, but there are images 0 to {images - 1}.")
    return owners.astype(np.int64)


def _checked_labels(labels: ArrayLike, images: int) -> Ids:
    given = np.asarray(labels)
    if given.shape != (images,):
        raise BadInput(f"`labels` must hold one class for each of {images} images; got shape {given.shape}.")
    if given.dtype.kind not in "iubUS":
        raise BadInput(f"`labels` are of type {given.dtype}; classes are whole numbers or words.")
    _, codes = np.unique(given, return_inverse=True)
    return codes.astype(np.int64)
