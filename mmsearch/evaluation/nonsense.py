"""Queries that mean nothing, to see what is said of them."""

from string import ascii_lowercase

import numpy as np


def words_without_meaning(language: str, count: int, rng: np.random.Generator) -> list[str]:
    """Return phrases without meaning: in English one or two words of random letters, in Chinese random characters.

    Args:
        language: "en" or "zh".
        count: How many.
        rng: Draws them; Chinese ones from all over the block of CJK ideographs, most of which are rare.
    """
    if language == "zh":
        return ["".join(map(chr, rng.integers(0x4E00, 0x9FA6, rng.integers(1, 5)))) for _ in range(count)]
    lengths = [rng.integers(3, 8, rng.integers(1, 3)) for _ in range(count)]
    return [" ".join("".join(rng.choice([*ascii_lowercase], length)) for length in some) for some in lengths]
