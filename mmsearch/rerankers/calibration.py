"""From what a matcher and its encoder say of a pair to the probability that it matches."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mmsearch.errors import RerankerError
from mmsearch.grammar import is_phrase, language_of

CALIBRATION = "calibration.json"
NOTHING = "nothing.json"  # apart from what scores depend on
KINDS = PHOTO, DRAWN = "photo", "drawn"  # of picture
PHRASE = "phrase"


@dataclass(frozen=True, slots=True)
class Weights:
    """The log-odds of a match are judgement * (log-odds by the matcher alone) + cosine * (the encoder's) + bias.

    So both opinions are fused and scaled in one step (Platt scaling, with two scores instead of one).
    """

    judgement: float = 1.0
    cosine: float = 10.0
    bias: float = -3.0

    def log_odds(self, judgements: NDArray[np.float32], cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the log-odds of matches, (n,), by what the matcher alone says and the encoder's cosines, (n,) each."""
        return (self.judgement * judgements + self.cosine * cosines + self.bias).astype(np.float32)


@dataclass(frozen=True)
class Calibration:
    """How the opinions of a matcher and its encoder are added, by language and length of the text and kind of picture.

    A caption means one picture, a phrase such as "a dog" may be true of many: what a cosine is worth differs much.

    Args:
        weights: By language and kind, such as "en photo" and, for phrases, "en photo phrase"; a phrase without any
            takes those of captions, and what is missing too takes `Weights()`.
        drawn: (dim,), times the encoder's vector of a picture the log-odds that it is drawn and no photograph, if
            `drawn_bias` is added; empty where all count as photographs.
        drawn_bias: See `drawn`.
        nothing: By language, such as "en" and "en phrase", below which probability that any picture matches none is
            said to.
    """

    weights: Mapping[str, Weights] = field(default_factory=dict)
    drawn: tuple[float, ...] = ()
    drawn_bias: float = 0.0
    nothing: Mapping[str, float] = field(default_factory=dict)

    def log_odds(
        self,
        texts: Sequence[str],
        judgements: NDArray[np.float32],
        cosines: NDArray[np.float32],
        vectors: NDArray[np.float16],
    ) -> NDArray[np.float32]:
        """Return the log-odds that text i matches picture i, (n,).

        Args:
            texts: What was asked.
            judgements: (n,), log-odds by the matcher alone.
            cosines: (n,), of the encoder.
            vectors: (n, dim), the encoder's of the pictures.
        """
        share = self.share_drawn(vectors)
        result = np.empty(len(texts), np.float32)
        spoken = np.array([spoken_as(text) for text in texts])
        for each in np.unique(spoken):
            rows = spoken == each
            photo, drawn = (self._weights(each, kind).log_odds(judgements[rows], cosines[rows]) for kind in KINDS)
            result[rows] = (1 - share[rows]) * photo + share[rows] * drawn
        return result

    def _weights(self, spoken: str, kind: str) -> Weights:
        language, _, length = spoken.partition(" ")
        captions = self.weights.get(f"{language} {kind}", Weights())
        return self.weights.get(f"{language} {kind} {length}", captions) if length else captions

    def nothing_below(self, text: str) -> float | None:
        """Return below which probability that any picture matches a text none is said to; None: not known."""
        return self.nothing.get(spoken_as(text))

    def of_captions(self) -> Self:
        """Return one that takes every text for a caption."""
        kept = {name: each for name, each in self.weights.items() if not name.endswith(PHRASE)}
        return replace(self, weights=kept)

    def share_drawn(self, vectors: NDArray[np.float16]) -> NDArray[np.float32]:
        """Return how probably each picture is drawn, (n,)."""
        if not self.drawn:
            return np.zeros(len(vectors), np.float32)
        said = vectors.astype(np.float32) @ np.array(self.drawn, np.float32) + self.drawn_bias
        share: NDArray[np.float32] = 1 / (1 + np.exp(-said.clip(-30, 30)))
        return share

    def save(self, folder: Path) -> None:
        """Write it into the folder of its matcher."""
        said = asdict(self)
        for file, part in ((NOTHING, said.pop("nothing")), (CALIBRATION, said)):
            (folder / file).write_text(json.dumps(part, indent=2) + "\n", encoding="utf8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the calibration of a matcher; one that has none takes the usual weights.

        Raises:
            RerankerError: If it cannot be read.
        """
        path = folder / CALIBRATION
        if not path.is_file():
            return cls()
        try:
            said = json.loads(path.read_text(encoding="utf8"))
            weights = {name: Weights(**each) for name, each in said["weights"].items()}
            nothing = json.loads((folder / NOTHING).read_text(encoding="utf8")) if (folder / NOTHING).is_file() else {}
            below = {name: float(each) for name, each in nothing.items()}
            return cls(weights, tuple(map(float, said["drawn"])), float(said["drawn_bias"]), below)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise RerankerError(f"The calibration {path} cannot be read: {error}. Copy or make it anew.") from error


def spoken_as(text: str) -> str:
    """Return the language of a text and whether it is a phrase: "en", "en phrase", "zh" or "zh phrase"."""
    return language_of(text) + (f" {PHRASE}" if is_phrase(text) else "")
