"""The objectives of pretraining on one batch: contrast (ITC), matching (ITM) and masked words (MLM)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows

from mmsearch.losses.masking import draw_masked, masked_loss
from mmsearch.losses.matching import hard_negatives, matching_loss, ranking_loss
from mmsearch.nets.dual_network import DualNetwork
from mmsearch.nets.fusion import Look
from mmsearch.nets.matcher_network import MASK, MatcherNetwork
from mmsearch.nets.tokens import PAD
from mmsearch.training.batches import Batch, Caption, ClassBeliefs, text_id
from mmsearch.training.contrast import PairCache, foiled_contrast, taught_contrast
from mmsearch.training.grounding import Looks, centre_loss, centres, covered, look_loss

_CHUNK = 64  # texts of like length that are read together


@dataclass(frozen=True)
class ObjectiveSettings:
    """How much each objective weighs, and how it is set."""

    itc: float = 1.0
    itm: float = 1.0
    ranking: float = 1.0  # of telling a picture's true captions from its foils
    mlm: float = 0.5
    classes: float = 0.3  # of the class names that a frozen classifier believes in
    places: float = 1.0  # of looking where a drawn scene shows what a word names
    centres: float = 6.0  # of knowing where the middle of that is, and of what it is related to
    alone: int = 0  # steps of contrast before matching and masked words join in, when vectors are worth correcting
    smoothing: float = 0.1  # of the targets of contrast
    belief: float = 0.0  # share of the targets of contrast that a teacher gives, the running average of the encoder
    cache: int = 0  # the teacher's vectors of earlier pairs that serve as negatives of contrast
    hardness: float = 20.0  # times cosines when negatives of matching are drawn; reached after `hardening` steps
    hardening: int = 300  # of matching
    negatives: float = 0.5  # drawn negatives of matching for each true caption, and for each picture
    masked: float = 0.25  # share of a text's words that are hidden
    read: float = 0.3  # share of the captions whose words are hidden at all
    blind: float = 0.2  # share of these that are guessed without the picture


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
        longest = len(encoded[rows[-1]].ids)
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


@torch.no_grad()
def _taught(teacher: DualNetwork, batch: Batch, parts: Sequence[Chunk]) -> tuple[Tensor, Tensor]:
    """Return a teacher's vectors of the pictures, (B, dim), and of all texts in their order, (T, dim)."""
    texts = torch.cat([teacher.encode_tokens(part.ids, part.mask) for part in parts])
    order = torch.cat([part.rows for part in parts]).argsort()
    return teacher.encode_pixels(batch.pixels), texts[order]


class Objectives:
    """Works out the losses of a batch.

    Args:
        network: To be trained.
        log_scale: Scalar parameter; contrast multiplies cosines by its exponential.
        settings: Weights and so on.
        generator: Draws negatives and hidden words.
        teacher: The running average of the encoder, which the caller keeps up to date; None without one. Batches
            with foils do without: these are harder negatives than it knows, and reading them twice costs most.
    """

    def __init__(
        self,
        network: MatcherNetwork,
        log_scale: Tensor,
        settings: ObjectiveSettings,
        generator: torch.Generator,
        teacher: DualNetwork | None = None,
    ) -> None:
        self.network, self.log_scale, self.settings, self.generator = network, log_scale, settings, generator
        self.teacher, self.device = teacher, log_scale.device

    @cached_property
    def _table(self) -> Tensor:
        return self.network.table()

    def losses(self, batch: Batch, cache: PairCache, step: int) -> dict[str, Tensor]:
        """Return the loss of each objective that has a weight, in nats; the cache takes the batch in."""
        settings = self.settings
        image, tokens = self.network.look(batch.pixels)
        parts = [chunk.to(self.device) for chunk in chunks(self.network, batch.captions)]
        text, hidden = self._read(parts)
        found: dict[str, Tensor] = {}
        owner = torch.tensor([caption.owner for caption in batch.captions], device=self.device)  # (T,)
        true = torch.tensor([caption.true for caption in batch.captions], device=self.device)  # (T,)
        ids = torch.tensor([text_id(caption.text) for caption in batch.captions], device=self.device)
        pictures = batch.picture_ids.to(self.device)[owner]  # (T,)
        if settings.itc:
            taught = _taught(self.teacher, batch, parts) if self.teacher and bool(true.all()) else None
            found["itc"] = self._contrast(image, text, owner, true, torch.stack([pictures, ids], 1), taught, cache)
        if batch.classes and settings.classes:
            found["classes"] = self._classes(image, batch.classes)
        if settings.itc and step < settings.alone:
            return found
        if settings.itm:
            pairs = self._pairs(image, text, owner, true, ids, step - settings.alone)
            looks: list[Looks] = []
            logits = self._matching(parts, hidden, image, text, tokens, owner, pairs, looks)
            found["itm"] = matching_loss(logits, pairs[:, 2] > 0)
            if settings.ranking and not bool(true.all()):
                found["ranking"] = ranking_loss(logits[: len(true)], true, owner)
            found |= self._grounded(looks, batch.captions, tokens.shape[1])
        if settings.mlm:
            found["mlm"] = self._masked(parts, tokens, owner, true)
        return found

    def _read(self, parts: Sequence[Chunk]) -> tuple[Tensor, list[Tensor]]:
        """Return the vectors of all texts in their order, (T, dim), and the hidden state of each chunk."""
        read = [self.network.read(part.ids, part.mask) for part in parts]
        order = torch.cat([part.rows for part in parts]).argsort()
        return torch.cat([vectors for vectors, _ in read])[order], [hidden for _, hidden in read]

    def _contrast(
        self,
        image: Tensor,
        text: Tensor,
        owner: Tensor,
        true: Tensor,
        ids: Tensor,
        taught: tuple[Tensor, Tensor] | None,
        cache: PairCache,
    ) -> Tensor:
        scale, settings = self.log_scale.exp(), self.settings
        if taught:
            keys = taught[0][owner], taught[1]
            return taught_contrast((image[owner], text), keys, ids, cache, scale, settings.smoothing, settings.belief)
        return foiled_contrast(image[owner[true]], text[true], ids[true], text[~true], scale, settings.smoothing)

    def _classes(self, image: Tensor, classes: ClassBeliefs) -> Tensor:
        """Let every picture resemble the class names that the frozen classifier believes in, as much as it does."""
        names = [Caption(name, owner=0) for name in classes.names]
        text, _ = self._read([chunk.to(self.device) for chunk in chunks(self.network, names)])  # (C, dim)
        logs = (self.log_scale.exp() * image @ text.T).log_softmax(1)  # (B, C)
        return F.kl_div(logs, classes.beliefs.to(self.device), reduction="batchmean")

    @torch.no_grad()
    def _pairs(self, image: Tensor, text: Tensor, owner: Tensor, true: Tensor, ids: Tensor, step: int) -> Tensor:
        """Return what matching looks at, (P, 3): text, picture, and 1 where they belong together.

        First come all texts with their own pictures.
        """
        hardness = self.settings.hardness * min(1.0, step / max(1, self.settings.hardening))
        share, cosines = self.settings.negatives, text @ image.T  # (T, B)
        told = torch.zeros(len(text), len(image), dtype=torch.bool, device=self.device)
        same = (ids[:, None] == ids) & true  # (T, T), columns that are true captions in the same words
        told.index_put_((same.nonzero()[:, 0], owner[same.nonzero()[:, 1]]), torch.tensor(True, device=self.device))
        places = torch.arange(len(text), device=self.device)
        picture = hard_negatives(cosines, told | ~true[:, None], hardness, self.generator)  # (T,)
        words = hard_negatives(cosines.T, told.T | ~true, hardness, self.generator)  # (B,)
        pairs = torch.cat(
            [
                torch.stack([places, owner, true.long()], 1),
                torch.stack([places, picture, torch.zeros_like(places)], 1)[self._lots(len(places), share)],
                torch.stack([words, torch.arange(len(image), device=self.device), torch.zeros_like(words)], 1)[
                    self._lots(len(words), share)
                ],
            ]
        )
        return pairs[(pairs >= 0).all(1)]

    def _matching(
        self,
        parts: list[Chunk],
        hidden: list[Tensor],
        image: Tensor,
        text: Tensor,
        tokens: Tensor,
        owner: Tensor,
        pairs: Tensor,
        looks: list[Looks],
    ) -> Tensor:
        """Return the log-odds of all pairs in their order, (P,); `looks` takes what the texts looked at."""
        logits = torch.empty(len(pairs), device=self.device)
        cosines = (text[pairs[:, 0]] * image[pairs[:, 1]]).sum(1)  # (P,)
        for part, state in zip(parts, hidden, strict=True):
            mine = torch.isin(pairs[:, 0], part.rows)
            chosen = pairs[mine]
            place = (chosen[:, :1] == part.rows).int().argmax(1)  # rows of the chunk
            seen: list[Look] = []
            odds = self.network.match(state[place], part.mask[place], tokens[chosen[:, 1]], cosines[mine], seen)
            logits = logits.masked_scatter(mine, odds)
            own = owner[chosen[:, 0]] == chosen[:, 1]  # (n,), foils speak of their picture too
            looks.append(Looks(seen, part.places[place].masked_fill(~own[:, None], -1)))
        return logits

    def _grounded(self, looks: Sequence[Looks], captions: Sequence[Caption], cells: int) -> dict[str, Tensor]:
        """Return what grounding comes to, nothing if no caption tells where something is."""
        places, found = [place for caption in captions for place in caption.places], dict[str, Tensor]()
        if places and self.settings.places:
            found["places"] = look_loss(looks, covered([place.boxes for place in places], cells).to(self.device))
        if places and self.settings.centres:
            found["centres"] = centre_loss(looks, centres(places).to(self.device), self.network.where)
        return found

    def _masked(self, parts: list[Chunk], tokens: Tensor, owner: Tensor, true: Tensor) -> Tensor:
        part = joined([part.only(true[part.rows] & self._lots(len(part.rows), self.settings.read)) for part in parts])
        hide = draw_masked(part.words, part.marked, self.settings.masked, self.generator)
        if not hide.any():
            return tokens.sum() * 0.0
        hidden = self.network.below(part.ids.masked_fill(hide, MASK), part.mask)
        blind, losses = self._lots(len(part.rows), self.settings.blind), []
        for which, seen in ((blind, None), (~blind, tokens[owner[part.rows[~blind]]])):
            if hide[which].any():
                logits = self.network.predict(hidden[which], part.mask[which], seen, hide[which], self._table)
                words = part.ids[which][hide[which]]
                losses.append(masked_loss(logits, words) * len(words))
        return torch.stack(losses).sum() / hide.sum()

    def _lots(self, count: int, share: float) -> Tensor:
        """Return (count,) bool, True with probability `share`."""
        return torch.rand(count, device=self.device, generator=self.generator) < share
