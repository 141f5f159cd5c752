"""Cuts a multilingual vocabulary down to what English and Chinese texts use."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import torch
from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram

from mmsearch.training.e5 import TextSource

_SPECIAL = 4  # <s>, <pad>, </s>, <unk>
_WORDS = "embeddings.word_embeddings.weight"
_SPACE = "▁"  # stands for a space at the front of a piece


@dataclass(frozen=True)
class VocabularyRule:
    """Which pieces stay, besides single characters.

    What the texts of the training data use always stays, and so do all Chinese pieces.
    """

    pieces: int = 44_000  # in all; filled up with the likeliest pieces of plain ASCII


def build_tokenizer(pieces: Sequence[str], scores: Sequence[float]) -> Tokenizer:
    """Build XLM-R's tokenizer over a vocabulary whose first pieces are <s>, <pad>, </s>, <unk>.

    Unigram over text that is normalised by Nmt and NFKC, with a space put in front (arXiv:1911.02116).
    """
    tokenizer = Tokenizer(Unigram(list(zip(pieces, scores, strict=True)), unk_id=3))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=_SPACE, prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement=_SPACE, prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer


def _is_chinese(bare: str) -> bool:
    """Say whether a piece, without the space in front, is made of CJK ideographs alone."""
    return bool(bare) and all("\u3400" <= c <= "\u9fff" for c in bare)


def kept_pieces(source: TextSource, texts: Iterable[str], rule: VocabularyRule) -> list[int]:
    """Return the ids of the pieces that stay, in their old order.

    Args:
        source: The whole vocabulary.
        texts: Everything whose pieces must stay, as the tower will read it.
        rule: What else stays.
    """
    full = build_tokenizer(source.pieces, source.scores)
    usable = [i for i, piece in enumerate(source.pieces) if i >= _SPECIAL and piece != "<mask>"]
    kept = set(range(_SPECIAL))
    for encoding in full.encode_batch(list(texts)):
        kept.update(encoding.ids)
    bare = {i: source.pieces[i].lstrip(_SPACE) for i in usable}
    kept |= {i for i in usable if len(bare[i]) <= 1 or _is_chinese(bare[i])}
    rest = (i for i in usable if i not in kept and bare[i].isascii())
    kept.update(sorted(rest, key=lambda i: -source.scores[i])[: max(rule.pieces - len(kept), 0)])
    return sorted(kept)


def cut(source: TextSource, kept: Sequence[int]) -> TextSource:
    """Return the same tower with these pieces alone, renumbered from 0."""
    tower = source.tower | {_WORDS: source.tower[_WORDS][torch.tensor(kept)]}
    shape = replace(source.shape, vocab_size=len(kept))
    return TextSource(shape, tower, [source.pieces[i] for i in kept], [source.scores[i] for i in kept])
