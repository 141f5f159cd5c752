"""Which learners the laboratory compares, with parameters that suit the data."""

from typing import Any

from mmsearch.alignment.adaptation import METHODS, Adaptation
from mmsearch.alignment.base import Aligner
from mmsearch.errors import UnknownName

ALL = "all"  # in place of a method
BASELINE = "cca"  # what others are compared with where no encoder is aligned yet
_CONTRASTS = 3  # members of the ensemble that differ by their seed alone
_BATCH, _ROWS_A_COLUMN = 2000, 4  # deep CCA estimates covariances from a batch


def method_names(method: str) -> tuple[str, ...]:
    """Return the learners that a method stands for.

    Raises:
        UnknownName: If there is no such method.
    """
    if method == ALL:
        return tuple(METHODS)
    if method not in METHODS:
        raise UnknownName("method", method, (*METHODS, ALL))
    return (method,)


def learner_for(method: str, *, pictures: int, seed: int, classes: bool, aligned: bool) -> Aligner:
    """Return a learner that is not fitted yet.

    Args:
        method: Its name.
        pictures: That it is to learn from.
        seed: Of everything random in it.
        classes: Whether pictures and texts of one class belong together, not pairs alone.
        aligned: Whether pictures and texts share a space already, which is to be adapted.
    """
    parameters = _parameters(method, pictures, seed, classes)
    return Adaptation(method, parameters, random_state=seed) if aligned else METHODS[method](**parameters)


def _parameters(method: str, pictures: int, seed: int, classes: bool) -> dict[str, Any]:
    """Return parameters that differ from the learner's defaults."""
    if method == "ensemble":
        seeds = range(_CONTRASTS * seed, _CONTRASTS * (seed + 1))
        members = [("contrastive", each) for each in seeds] + [("kernel-cca", seed)]
        return {"members": tuple((name, _parameters(name, pictures, each, classes)) for name, each in members)}
    known = METHODS[method]().get_params()
    found: dict[str, Any] = {}
    if "random_state" in known:
        found["random_state"] = seed
    if classes and "class_share" in known:
        found["class_share"] = 1.0
    if method == "kernel-cca":  # as cosines and sines, at most a column for each picture
        found["frequencies"] = max(1, min(known["frequencies"], pictures // 2))
    if method == "deep-cca":
        found["dim"] = max(1, min(known["dim"], min(pictures, _BATCH) // _ROWS_A_COLUMN))
    return found
