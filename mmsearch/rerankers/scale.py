"""What a re-ranker says of pairs, turned into log-odds one can act on, as fitted on somebody's own collection."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mmsearch.errors import RerankerError
from mmsearch.grammar import language_of
from mmsearch.rerankers.calibration import spoken_as


@dataclass(frozen=True, slots=True)
class Curve:
    """From scores to log-odds, rising.

    Args:
        kind: temperature (arXiv:1706.04599), platt (Platt, 1999) or isotonic (Zadrozny & Elkan, 2002).
        slope: Of temperature and platt: log-odds are slope * score + bias.
        bias: See `slope`.
        scores: Of isotonic: rising; the log-odds in between lie on straight lines.
        log_odds: Of isotonic: those of `scores`.
    """

    kind: str
    slope: float = 1.0
    bias: float = 0.0
    scores: tuple[float, ...] = ()
    log_odds: tuple[float, ...] = ()

    def __call__(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the log-odds of scores, (n,)."""
        if self.scores:
            return np.interp(scores, self.scores, self.log_odds).astype(np.float32)
        return (self.slope * scores + self.bias).astype(np.float32)


AS_IT_IS = Curve("temperature")


@dataclass(frozen=True)
class ScoreScale:
    """Curves by language and length of the text, as `spoken_as` tells them; what was not fitted is taken as it is.

    Args:
        curves: By language and length.
        nothing: By language and length, below which probability that any hit matches none is said to.
    """

    curves: Mapping[str, Curve]
    nothing: Mapping[str, float]

    def log_odds(
        self, texts: Sequence[str], said: NDArray[np.float32], *, captions: bool = False
    ) -> NDArray[np.float32]:
        """Return the log-odds that text i matches, (n,), by what the re-ranker said of it.

        Args:
            texts: What was asked.
            said: (n,).
            captions: Take every text for a caption, so that texts of any length can be compared.
        """
        spoken = np.array([language_of(text) if captions else spoken_as(text) for text in texts])
        result = said.astype(np.float32)
        for each, curve in self.curves.items():
            rows = spoken == each
            result[rows] = curve(said[rows])
        return result

    def nothing_below(self, text: str) -> float | None:
        """Return below which probability that any hit matches a text none is said to; None where it is not known."""
        return self.nothing.get(spoken_as(text))

    def save(self, path: Path) -> None:
        """Write it to a file, whose folder is made.

        Raises:
            OSError: If that fails.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            RerankerError: If it cannot be read.
        """
        try:
            said = json.loads(path.read_text(encoding="utf8"))
            curves = {
                name: Curve(**(each | {key: tuple(map(float, each[key])) for key in ("scores", "log_odds")}))
                for name, each in said["curves"].items()
            }
            return cls(curves, {name: float(each) for name, each in said["nothing"].items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise RerankerError(
                f"The calibration {path} cannot be read: {error}. Delete it, or run `mmsearch calibrate` again."
            ) from error
