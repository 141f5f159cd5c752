"""The matcher: a fusion encoder over the two towers of a dual network.

It says whether a text and a picture belong together (image-text matching, ITM) and guesses masked words with the
picture at hand (masked language modelling, MLM), after ALBEF (arXiv:2107.07651). The towers stay the encoder's: a
saved matcher holds only what it adds.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows

from .dual_network import CHECKSUMS, CONFIG, DualNetwork, checksums, stored_tensors, weights_of
from .efficientnet_lite import FEATURES
from .fusion import FusionEncoder, KeyValues, Look, PictureTokens
from .pictures import normalised
from .rows8 import load_tensors, save_tensors
from .text_tower import mean_of_tokens

FORMAT = 1  # raised when the same files would give other scores
MASK = 3  # id of the piece that stands for a masked word: <unk>, which captions hardly hold
_TOWERS = "dual."


@dataclass(frozen=True)
class MatcherShape:
    """Sizes of what a matcher adds to its encoder; `config.json` holds them."""

    start: int = 8  # layers of the text tower below the fusion layers
    layers: int = 4  # of the fusion encoder
    width: int = 384  # of a picture token
    grid: int = 7  # cells along a side of a picture


class MatcherNetwork(nn.Module):
    """Text and picture to one answer.

    Args:
        dual: The encoder; its towers are shared, not copied.
        shape: Sizes of the rest.
    """

    def __init__(self, dual: DualNetwork, shape: MatcherShape) -> None:
        super().__init__()
        text = dual.shape.text
        self.dual, self.shape = dual, shape
        self.tokens = PictureTokens(FEATURES + dual.shape.dim, shape.width, shape.grid)
        self.fusion = FusionEncoder(text, shape.layers, shape.width)
        self.decision = nn.Sequential(
            nn.Linear(text.hidden_size, text.hidden_size), nn.GELU(), nn.Linear(text.hidden_size, 1)
        )
        # A token to the middles of what it names and of what that is related to: x, y, x, y.
        self.where = nn.Linear(text.hidden_size, 4)
        self.word = nn.Sequential(
            nn.Linear(text.hidden_size, text.hidden_size), nn.GELU(), nn.LayerNorm(text.hidden_size)
        )
        self.word_bias = nn.Parameter(torch.zeros(text.vocab_size))

    def perceive(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Return the encoder's unit vectors, (B, dim) float32, and what the cells of its feature map hold.

        A cell holds its features, and where the encoder's head puts them in the space that texts share.

        Args:
            pixels: (B, 3, H, W) uint8, as `DualNetwork.pixels` gives them.

        Returns:
            Vectors, and (B, C + dim, rows, columns), at most `grid` of each: larger maps are averaged down.
        """
        weight, most = self.dual.image.stem.weight, self.shape.grid
        cells = self.dual.image.grid(normalised(pixels.to(weight.device), weight.dtype))
        vectors: Tensor = self.dual.image_head(cells.mean((2, 3), dtype=torch.float32))
        rows, columns = (min(most, length) for length in cells.shape[-2:])
        if (rows, columns) != cells.shape[-2:]:
            cells = F.adaptive_avg_pool2d(cells, (rows, columns))
        shared: Tensor = self.dual.image_head(cells.permute(0, 2, 3, 1).float())  # (B, rows, columns, dim), unit
        loud = (shared * shared.shape[-1] ** 0.5).permute(0, 3, 1, 2).to(cells.dtype)  # as features are, about one
        return vectors, torch.cat([cells, loud], 1)

    def look(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Return unit vectors, as `perceive` does, and picture tokens, (B, T, W)."""
        vectors, cells = self.perceive(pixels)
        return vectors, self.tokens(cells)

    def below(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return the hidden state that fusion starts from, (B, L, D), for ids and mask as `DualNetwork.tokens`."""
        text = self.dual.text
        return text.through(text.embeddings(ids), mask, 0, self.shape.start)

    def read(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the encoder's unit vectors, (B, dim) float32, and the hidden state that fusion starts from."""
        hidden = self.below(ids, mask)
        last = self.dual.text.through(hidden, mask, self.shape.start)
        vectors: Tensor = self.dual.text_head(mean_of_tokens(last, mask))
        return vectors, hidden

    def judge(self, hidden: Tensor, mask: Tensor, seen: Sequence[KeyValues], looks: list[Look] | None = None) -> Tensor:
        """Return the log-odds that each text matches its picture, by what fusion sees alone, (B,) float32.

        Args:
            hidden: (B, L, D) of `read`.
            mask: (B, L) bool, False where padded.
            seen: What `fusion.see` makes of the tokens of `look`.
            looks: As in `FusionEncoder.forward`.
        """
        fused = mean_of_tokens(self.fusion(hidden, mask, seen, looks), mask)  # (B, D), as the text tower reads
        logits: Tensor = self.decision(fused.to(hidden.dtype)).float()[:, 0]
        return logits

    def table(self) -> Tensor:
        """Return what each word of the vocabulary is compared with, (V, D); it is not trained, so work it out once."""
        embeddings = self.dual.text.embeddings
        device = embeddings.LayerNorm.weight.device
        words: Tensor = embeddings.word_embeddings(torch.arange(self.dual.shape.text.vocab_size, device=device))
        return words.to(embeddings.LayerNorm.weight.dtype)

    def predict(
        self,
        hidden: Tensor,
        mask: Tensor,
        seen: Sequence[KeyValues] | None,
        places: Tensor,
        table: Tensor | None = None,
    ) -> Tensor:
        """Return the logits of the words at some places, (n, V) float32.

        Args:
            hidden: (B, L, D) of `below`, of texts in which `MASK` stands for the words to guess.
            mask: (B, L) bool, False where padded.
            seen: As in `judge`; None to guess from the text alone.
            places: (B, L) bool, True in n places.
            table: Of `table`, if it is at hand.
        """
        fused = self.fusion(hidden, mask, seen)[places]  # (n, D)
        words = self.table() if table is None else table
        return F.linear(self.word(fused), words).float() + self.word_bias.float()


def set_matcher_precision(network: MatcherNetwork, dtype: torch.dtype) -> MatcherNetwork:
    """Run tokens and fusion in `dtype`, as the towers; the encoder is left as it is."""
    for part in (network.tokens, network.fusion, network.decision, network.where, network.word):
        part.to(dtype)
    return network


def save_matcher(network: MatcherNetwork, folder: Path, encoder: Path) -> None:
    """Write config, weights and their checksums; the encoder's tensors stay in its own folder.

    Args:
        network: To be saved.
        folder: That exists.
        encoder: Folder of the encoder, saved before; the matcher remembers its checksums.
    """
    said = {"format": FORMAT, "encoder": checksums(encoder), **asdict(network.shape)}
    (folder / CONFIG).write_text(json.dumps(said, indent=2) + "\n", encoding="utf8")
    own = {name: tensor for name, tensor in network.state_dict().items() if not name.startswith(_TOWERS)}
    save_tensors(folder, {name: tensor.cpu() for name, tensor in stored_tensors(own).items()})
    (folder / CHECKSUMS).write_text(json.dumps(matcher_checksums(folder), indent=2) + "\n", encoding="utf8")


def matcher_checksums(folder: Path) -> dict[str, str]:
    """Return the BLAKE2b of every file of a matcher that its scores depend on, by name."""
    return checksums(folder, with_tokenizer=False)


def belongs_to(folder: Path) -> dict[str, str]:
    """Return the checksums of the encoder that a matcher was trained with, by file name."""
    said: dict[str, str] = json.loads((folder / CONFIG).read_text(encoding="utf8"))["encoder"]
    return said


def load_matcher(folder: Path, dual: DualNetwork) -> MatcherNetwork:
    """Read what `save_matcher` wrote, ready for inference, in the type and on the device of the encoder.

    Args:
        folder: That `save_matcher` wrote.
        dual: The encoder that it belongs to.

    Raises:
        OSError: If a file is missing.
        RuntimeError: If the weights do not fit the config or the encoder.
    """
    said = json.loads((folder / CONFIG).read_text(encoding="utf8"))
    shape = MatcherShape(**{key: value for key, value in said.items() if key not in {"format", "encoder"}})
    with torch.device("meta"):  # nothing is drawn at random only to be overwritten
        network = MatcherNetwork(dual, shape)
    weights = weights_of(load_tensors(folder))
    found = network.load_state_dict(weights, assign=True, strict=False)
    missing = [name for name in found.missing_keys if not name.startswith(_TOWERS)]
    if missing or found.unexpected_keys:
        raise RuntimeError(f"{folder} lacks {missing[:3]} and has {found.unexpected_keys[:3]} besides.")
    weight = dual.image.stem.weight
    network.requires_grad_(False).eval().to(weight.device)
    return set_matcher_precision(network, weight.dtype)
