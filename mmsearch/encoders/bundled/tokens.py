"""Texts to token ids."""

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

PAD = 1  # id of the padding piece in XLM-R's order: <s> 0, <pad> 1, </s> 2, <unk> 3


def load_tokenizer(path: Path, max_tokens: int) -> Tokenizer:
    """Read a `tokenizer.json` and cut its results at `max_tokens`, ends included.

    Raises:
        OSError: If it is not there.
        ValueError: If it is damaged.
    """
    content = path.read_bytes()
    try:
        tokenizer: Tokenizer = Tokenizer.from_buffer(content)
    except Exception as error:  # the library raises nothing more particular
        raise ValueError(f"{path} is no tokenizer: {error}") from error
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def token_ids(tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Return ids (B, L) int64 padded to the longest text, and their mask (B, L) bool."""
    # One text is encoded in this thread; waking the tokenizer's thread pool costs more than it saves.
    rows = [tokenizer.encode(texts[0]).ids] if len(texts) == 1 else [e.ids for e in tokenizer.encode_batch(list(texts))]
    longest = max(map(len, rows))
    ids = torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    return ids, torch.arange(longest) < lengths[:, None]
