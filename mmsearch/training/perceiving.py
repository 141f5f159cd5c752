"""What the towers make of a batch: vectors, cells of pictures and hidden states of texts, before fusion."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows

from mmsearch.nets.matcher_network import MatcherNetwork
from mmsearch.nets.tokens import PAD
from mmsearch.training.batches import Batch, Caption, text_id

_CHUNK = 48  # texts of like length that are read together
_STEP = 4  # lengths are multiples of this: what oneDNN compiles is compiled for a size, and few are kept


@dataclass
class Chunk:
    """Texts of like length, tokenised."""

    rows: Tensor  # (C,), numbers of the texts in their batch
    ids: Tensor  # (C, L)
    mask: Tensor  # (C, L)
    marked: Tensor  # (C, L) bool, tokens of marked words
    words: Tensor  # (C, L) bool, tokens that may be hidden
    places: Tensor  # (C, L) int64, number of the place in the batch that a token names, -1 for none

    def to(self, device: torch.device) -> "Chunk":
        """Return it on a device."""
        return Chunk(*(each.to(device) for each in self._fields()))

    def only(self, keep: Tensor) -> "Chunk":
        """Return the texts of a (C,) bool."""
        return Chunk(*(each[keep] for each in self._fields()))

    def widened(self, length: int) -> "Chunk":
        """Return it padded to a number of tokens."""
        more = (0, length - self.ids.shape[1])
        mask, marked, words = (F.pad(each, more) for each in (self.mask, self.marked, self.words))
        ids, places = F.pad(self.ids, more, value=PAD), F.pad(self.places, more, value=-1)
        return Chunk(self.rows, ids, mask, marked, words, places)

    def _fields(self) -> tuple[Tensor, ...]:
        return self.rows, self.ids, self.mask, self.marked, self.words, self.places


def joined(parts: Sequence[Chunk]) -> Chunk:
    """Return one chunk of all texts of several, at least one."""
    longest = max(part.ids.shape[1] for part in parts)
    wide = [part.widened(longest)._fields() for part in parts]
    return Chunk(*(torch.cat(each) for each in zip(*wide, strict=True)))


def chunks(network: MatcherNetwork, captions: Sequence[Caption]) -> Iterator[Chunk]:
    """Yield the texts of a batch, sorted by length so that little is padding."""
    dual, texts = network.dual, [caption.text for caption in captions]
    prefix = len(dual.shape.prefix)
    encoded = dual.tokenizer.encode_batch([dual.shape.prefix + text for text in texts])
    order = sorted(range(len(texts)), key=lambda row: len(encoded[row].ids))
    before = list(accumulate((len(caption.places) for caption in captions), initial=0))  # places of earlier captions
    for start in range(0, len(order), _CHUNK):
        rows = order[start : start + _CHUNK]
        longest = -(-len(encoded[rows[-1]].ids) // _STEP) * _STEP
        ids = torch.full((len(rows), longest), PAD)
        marked, words = (torch.zeros(len(rows), longest, dtype=torch.bool) for _ in range(2))
        places = torch.full((len(rows), longest), -1)
        for place, row in enumerate(rows):
            ids[place, : len(encoded[row].ids)] = torch.tensor(encoded[row].ids)
            for token, (begin, end) in enumerate(encoded[row].offsets):
                words[place, token] = begin >= prefix - 1 and end > max(begin, prefix)
                spans = captions[row].marks
                marked[place, token] = any(begin - prefix < stop and end - prefix > first for first, stop in spans)
                for number, named in enumerate(captions[row].places, before[row]):
                    if words[place, token] and begin - prefix < named.end and end - prefix > named.start:
                        places[place, token] = number
        lengths = torch.tensor([len(encoded[row].ids) for row in rows])
        yield Chunk(torch.tensor(rows), ids, torch.arange(longest) < lengths[:, None], marked & words, words, places)


@dataclass(frozen=True)
class Perceived:
    """A batch as the towers see it.

    Args:
        image: (B, dim), unit vectors of the pictures.
        cells: (B, C, H, W), feature maps of the pictures.
        parts: All texts, in chunks.
        text: (T, dim), unit vectors of the texts.
        hidden: (C, L, D) of each chunk, what fusion starts from.
        owner: (T,), row of the picture that each text speaks of.
        true: (T,) bool, False for foils.
        ids: (T,), equal for equal texts.
        others: (T, B) bool, further pictures that each text may be true of.
    """

    image: Tensor
    cells: Tensor
    parts: list[Chunk]
    text: Tensor
    hidden: list[Tensor]
    owner: Tensor
    true: Tensor
    ids: Tensor
    others: Tensor


def perceived(network: MatcherNetwork, batch: Batch) -> Perceived:
    """Show the towers a batch, on the device of the network."""
    device = network.word_bias.device
    image, cells = network.perceive(batch.pixels)
    parts = [chunk.to(device) for chunk in chunks(network, batch.captions)]
    text, hidden = read(network, parts)
    return Perceived(
        image,
        cells,
        parts,
        text,
        hidden,
        owner=torch.tensor([caption.owner for caption in batch.captions], device=device),
        true=torch.tensor([caption.true for caption in batch.captions], device=device),
        ids=torch.tensor([text_id(caption.text) for caption in batch.captions], device=device),
        others=_others(batch).to(device),
    )


def _others(batch: Batch) -> Tensor:
    result = torch.zeros(len(batch.captions), len(batch.picture_ids), dtype=torch.bool)
    for row, caption in enumerate(batch.captions):
        result[row, list(caption.others)] = True
    return result


def read(network: MatcherNetwork, parts: Sequence[Chunk]) -> tuple[Tensor, list[Tensor]]:
    """Return the vectors of all texts in their order, (T, dim), and the hidden state of each chunk."""
    found = [network.read(part.ids, part.mask) for part in parts]
    order = torch.cat([part.rows for part in parts]).argsort()
    return torch.cat([vectors for vectors, _ in found])[order], [hidden for _, hidden in found]
