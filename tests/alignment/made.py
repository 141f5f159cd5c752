"""Pairs made so that the right answer is known: two noisy linear views of one hidden vector."""

import numpy as np

from mmsearch.alignment.checks import Pairs, checked_pairs

HIDDEN = 4


def paired(n, *, noise=0.1, image_width=12, text_width=8, texts=1, seed=0):
    """Return images (n, 12), texts (n · texts, 8) and the owner of each text."""
    random = np.random.default_rng(7)  # the same views for every seed, so that train and test belong together
    to_image, to_text = random.standard_normal((HIDDEN, image_width)), random.standard_normal((HIDDEN, text_width))
    random = np.random.default_rng(seed)
    hidden = random.standard_normal((n, HIDDEN))
    owner = np.repeat(np.arange(n), texts)
    image = hidden @ to_image + noise * random.standard_normal((n, image_width))
    text = hidden[owner] @ to_text + noise * random.standard_normal((n * texts, text_width))
    return image.astype(np.float32), text.astype(np.float32), owner


def classes_of(n, classes=3, *, seed=0):
    """Return labels (n,), images and texts of which only the class says anything of the other."""
    random = np.random.default_rng(8)
    image_centres, text_centres = random.standard_normal((classes, 12)), random.standard_normal((classes, 8))
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, n)
    image = image_centres[labels] + 0.5 * random.standard_normal((n, 12))
    text = text_centres[labels] + 0.5 * random.standard_normal((n, 8))
    return labels, image.astype(np.float32), text.astype(np.float32)


def found_first(left, right):
    """Share of rows of `left` whose nearest row of `right` is their own."""
    return float(np.mean((left @ right.T).argmax(axis=1) == np.arange(len(left))))


def found_class(left, right, labels):
    """Share of rows of `left` whose nearest row of `right`, but for their own, is of their class."""
    scores = left @ right.T
    np.fill_diagonal(scores, -np.inf)
    return float(np.mean(labels[scores.argmax(axis=1)] == labels))


def checked(n, **options) -> Pairs:
    """Return `paired` as the learners see it."""
    return checked_pairs(*paired(n, **options))
