"""The objectives of pretraining on one batch: contrast (ITC), matching (ITM) and masked words (MLM)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows

from mmsearch.losses.masking import draw_masked, masked_loss
from mmsearch.losses.matching import hard_negatives, matching_loss, ranking_loss
from mmsearch.nets.dual_network import DualNetwork
from mmsearch.nets.fusion import KeyValues, Look
from mmsearch.nets.matcher_network import MASK, MatcherNetwork
from mmsearch.training.batches import Batch, Caption, ClassBeliefs
from mmsearch.training.contrast import PairCache, foiled_contrast, taught_contrast
from mmsearch.training.grounding import Looks, centre_loss, centres, covered, look_loss
from mmsearch.training.perceiving import Chunk, Perceived, chunks, joined, perceived, read


@dataclass(frozen=True)
class ObjectiveSettings:
    """How much each objective weighs, and how it is set."""

    itc: float = 1.0
    itm: float = 1.0
    ranking: float = 1.0  # of scoring a picture's true captions higher than its foils
    drawn: float = 0.0  # of scoring a match higher than drawn negatives that share its text or its picture
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

    def losses(
        self, batch: Batch, cache: PairCache, step: int, perceived_before: Perceived | None = None
    ) -> dict[str, Tensor]:
        """Return the loss of each objective that has a weight, in nats; the cache takes the batch in.

        Args:
            batch: To learn from.
            cache: Of earlier pairs.
            step: From 0; how hard negatives are, and which objectives there are, depends on it.
            perceived_before: What the towers made of the batch, if they are frozen and it is at hand.
        """
        settings = self.settings
        seen = perceived_before or perceived(self.network, batch)
        found: dict[str, Tensor] = {}
        if settings.itc:
            found["itc"] = self._contrast(batch, seen, cache)
        if batch.classes and settings.classes:
            found["classes"] = self._classes(seen.image, batch.classes)
        if (settings.itc and step < settings.alone) or not (settings.itm or settings.mlm):
            return found
        tokens = self.network.fusion.see(self.network.tokens(seen.cells))
        if settings.itm:
            pairs = self._pairs(seen, step - settings.alone)
            looks: list[Looks] = []
            logits = self._matching(seen, tokens, pairs, looks)
            found["itm"] = matching_loss(logits, pairs[:, 2] > 0)
            matched, own = pairs[:, 2] > 0, len(seen.true)  # the first pairs are all texts with their own pictures
            if settings.ranking and not bool(seen.true.all()):
                found["ranking"] = ranking_loss(logits[:own], matched[:own], pairs[:own, 0], pairs[:own, 1])
            if settings.drawn:
                told = matched | (torch.arange(len(pairs), device=self.device) >= own)  # foils are ranked above
                found["drawn"] = ranking_loss(logits[told], matched[told], pairs[told, 0], pairs[told, 1])
            found |= self._grounded(looks, batch.captions, tokens[0].key.shape[2])
        if settings.mlm:
            found["mlm"] = self._masked(seen, tokens)
        return found

    def _contrast(self, batch: Batch, seen: Perceived, cache: PairCache) -> Tensor:
        scale, settings, owner, true = self.log_scale.exp(), self.settings, seen.owner, seen.true
        ids = torch.stack([batch.picture_ids.to(self.device)[owner], seen.ids], 1)  # (T, 2)
        if self.teacher and bool(true.all()):
            image, text = _taught(self.teacher, batch, seen.parts)
            mine, keys = (seen.image[owner], seen.text), (image[owner], text)
            return taught_contrast(mine, keys, ids, cache, scale, settings.smoothing, settings.belief)
        pairs = seen.image[owner[true]], seen.text[true], ids[true], seen.text[~true]
        return foiled_contrast(*pairs, scale, settings.smoothing)

    def _classes(self, image: Tensor, classes: ClassBeliefs) -> Tensor:
        """Let every picture resemble the class names that the frozen classifier believes in, as much as it does."""
        names = [Caption(name, owner=0) for name in classes.names]
        text, _ = read(self.network, [chunk.to(self.device) for chunk in chunks(self.network, names)])  # (C, dim)
        logs = (self.log_scale.exp() * image @ text.T).log_softmax(1)  # (B, C)
        return F.kl_div(logs, classes.beliefs.to(self.device), reduction="batchmean")

    @torch.no_grad()
    def _pairs(self, seen: Perceived, step: int) -> Tensor:
        """Return what matching looks at, (P, 3): text, picture, and 1 where they belong together.

        First come all texts with their own pictures.
        """
        image, text, owner, true, ids = seen.image, seen.text, seen.owner, seen.true, seen.ids
        hardness = self.settings.hardness * min(1.0, step / max(1, self.settings.hardening))
        share, cosines = self.settings.negatives, text @ image.T  # (T, B)
        told = torch.zeros(len(text), len(image), dtype=torch.bool, device=self.device)
        same = (ids[:, None] == ids) & true  # (T, T), columns that are true captions in the same words
        told.index_put_((same.nonzero()[:, 0], owner[same.nonzero()[:, 1]]), torch.tensor(True, device=self.device))
        told |= seen.others
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

    def _matching(self, seen: Perceived, tokens: Sequence[KeyValues], pairs: Tensor, looks: list[Looks]) -> Tensor:
        """Return the log-odds of all pairs in their order, (P,); `looks` takes what the texts looked at."""
        logits = torch.empty(len(pairs), device=self.device)
        for part, state in zip(seen.parts, seen.hidden, strict=True):
            mine = torch.isin(pairs[:, 0], part.rows)
            chosen = pairs[mine]
            place = (chosen[:, :1] == part.rows).int().argmax(1)  # rows of the chunk
            looked: list[Look] | None = [] if bool((part.places >= 0).any()) else None
            shown = [layer.of(chosen[:, 1]) for layer in tokens]
            odds = self.network.judge(state[place], part.mask[place], shown, looked)
            logits = logits.masked_scatter(mine, odds)
            own = seen.owner[chosen[:, 0]] == chosen[:, 1]  # (n,), foils speak of their picture too
            if looked is not None:
                looks.append(Looks(looked, part.places[place].masked_fill(~own[:, None], -1)))
        return logits

    def _grounded(self, looks: Sequence[Looks], captions: Sequence[Caption], cells: int) -> dict[str, Tensor]:
        """Return what grounding comes to, nothing if no text names what its picture is known to show."""
        places, found = [place for caption in captions for place in caption.places], dict[str, Tensor]()
        if looks and self.settings.places:
            found["places"] = look_loss(looks, covered([place.boxes for place in places], cells).to(self.device))
        if looks and self.settings.centres:
            found["centres"] = centre_loss(looks, centres(places).to(self.device), self.network.where)
        return found

    def _masked(self, seen: Perceived, tokens: Sequence[KeyValues]) -> Tensor:
        share = self.settings.read
        part = joined([part.only(seen.true[part.rows] & self._lots(len(part.rows), share)) for part in seen.parts])
        hide = draw_masked(part.words, part.marked, self.settings.masked, self.generator)
        if not hide.any():
            return tokens[0].key.sum() * 0.0
        hidden = self.network.below(part.ids.masked_fill(hide, MASK), part.mask)
        blind, losses = self._lots(len(part.rows), self.settings.blind), []
        shown = [layer.of(seen.owner[part.rows[~blind]]) for layer in tokens]
        for which, views in ((blind, None), (~blind, shown)):
            if hide[which].any():
                logits = self.network.predict(hidden[which], part.mask[which], views, hide[which], self._table)
                words = part.ids[which][hide[which]]
                losses.append(masked_loss(logits, words) * len(words))
        return torch.stack(losses).sum() / hide.sum()

    def _lots(self, count: int, share: float) -> Tensor:
        """Return (count,) bool, True with probability `share`."""
        return torch.rand(count, device=self.device, generator=self.generator) < share
