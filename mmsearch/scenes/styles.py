"""A style is one whole number that settles every choice of words in a caption."""

from collections.abc import Sequence
from typing import TypeVar

STYLES = 2**31  # a style is below this
T = TypeVar("T")


def chosen(among: Sequence[T], style: int, question: int) -> T:
    """Return the answer that `style` gives to choice number `question`; style 0 always takes the first."""
    mixed = style * (2 * question + 1) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
    return among[(mixed >> 33) % len(among)]
