"""Captions to token ids: BERT's WordPiece, from bert-base-uncased or trained on the captions."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import BertWordPieceTokenizer
from transformers import BertTokenizer

from figbench.errors import UserError
from figbench_figgen.config_sections import TextConfig

BERT = "bert-base-uncased"
_ALPHABET = 1000
_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token ids of some captions.

    Attributes:
        ids: (n, max_len) int64.
        mask: (n, max_len) bool; False on padding.
        truncated: Positions of the captions that did not fit.
    """

    ids: torch.Tensor
    mask: torch.Tensor
    truncated: tuple[int, ...]


def tokenize(tokenizer: Any, captions: Sequence[str], max_len: int) -> Tokens:
    """Returns the padded token ids of captions.

    Args:
        tokenizer: A ``BertTokenizer``.
        captions: n texts.
        max_len: Tokens of each result; a longer caption is cut and keeps its end token.

    Returns:
        Ids and mask, (n, max_len) each, and the positions of the captions that were cut.
    """
    encoded = tokenizer(list(captions), truncation=False, verbose=False)["input_ids"]
    truncated = tuple(i for i, pieces in enumerate(encoded) if len(pieces) > max_len)
    ids = torch.full((len(encoded), max_len), int(tokenizer.pad_token_id), dtype=torch.int64)
    for i, pieces in enumerate(encoded):
        used = pieces if len(pieces) <= max_len else [*pieces[: max_len - 1], pieces[-1]]
        ids[i, : len(used)] = torch.tensor(used)
    return Tokens(ids, ids != tokenizer.pad_token_id, truncated)


def make_tokenizer(text: TextConfig, captions: Iterable[str]) -> tuple[Any, str]:
    """Returns the tokenizer of a configuration and where its vocabulary is from.

    Args:
        text: The text encoder's section.
        captions: The training captions, from which a vocabulary may be trained.

    Raises:
        UserError: If a named vocabulary is missing or larger than the embedding.
    """
    if text.tokenizer == "train":
        return _trained(captions, text), "WordPiece trained on the captions"
    if text.tokenizer == "auto":
        tokenizer = _bert()
        if tokenizer is not None:
            return _checked(tokenizer, text, BERT), BERT
        note = f"WordPiece trained on the captions ({BERT} is not available)"
        return _trained(captions, text), note
    folder = Path(text.tokenizer)
    if not (folder / "vocab.txt").is_file() and not (folder / "tokenizer.json").is_file():
        raise UserError(
            f"text.tokenizer: {folder}: no vocab.txt or tokenizer.json there.",
            remedy="Use a folder that has one, or --set text.tokenizer=train",
        )
    tokenizer = BertTokenizer.from_pretrained(folder)  # nosec B615 # a folder of the user's
    return _checked(tokenizer, text, str(folder)), str(folder)


def _trained(captions: Iterable[str], text: TextConfig) -> Any:
    return train_tokenizer(captions, text.vocab_size, lowercase=text.lowercase)


def train_tokenizer(captions: Iterable[str], vocab_size: int, *, lowercase: bool = True) -> Any:
    """Returns a WordPiece tokenizer that is trained on captions; deterministic.

    Args:
        captions: Training texts, in any order.
        vocab_size: Largest number of pieces, special tokens included.
        lowercase: Whether texts are converted to lower case.

    Returns:
        A ``BertTokenizer``.
    """
    trainer = BertWordPieceTokenizer(lowercase=lowercase)
    normalised = map(trainer.normalizer.normalize_str, captions)
    words = [word for caption in normalised for word in caption.split()]
    counts = Counter("".join(words))
    common = sorted(counts, key=lambda letter: (-counts[letter], letter))
    letters = sorted(common[: min(_ALPHABET, (vocab_size - len(_SPECIAL)) // 2)])
    # The trainer numbers word-inner letters in hash order, and breaks ties by number: so all
    # letters are given beforehand, and words of others (they will be [UNK]) are left out.
    alphabet = set(letters)
    trainer.train_from_iterator(
        sorted(word for word in words if alphabet.issuperset(word)),
        vocab_size=vocab_size, min_frequency=1, show_progress=False,
        special_tokens=[*_SPECIAL, *letters, *(f"##{letter}" for letter in letters)],
    )  # fmt: skip
    vocabulary = sorted(trainer.get_vocab().items(), key=lambda item: item[1])
    with tempfile.TemporaryDirectory() as folder:
        pieces = "\n".join(piece for piece, _ in vocabulary) + "\n"
        (Path(folder) / "vocab.txt").write_text(pieces, encoding="utf-8")
        return BertTokenizer.from_pretrained(  # nosec B615 # written just above
            folder, do_lower_case=lowercase
        )


def _bert() -> Any:
    """Returns bert-base-uncased from the local cache, else from the hub when it may be asked."""
    offline = any(
        os.environ.get(name, "") not in ("", "0") for name in ("FIGBENCH_OFFLINE", "HF_HUB_OFFLINE")
    )
    for local in (True,) if offline else (True, False):
        try:
            # A list of words, no code and no weights; its size is checked by the caller.
            return BertTokenizer.from_pretrained(BERT, local_files_only=local)  # nosec B615
        except (OSError, ValueError):
            continue
    return None


def _checked(tokenizer: Any, text: TextConfig, where: str) -> Any:
    if len(tokenizer) > text.vocab_size:
        raise UserError(
            f"text.tokenizer: {where} has {len(tokenizer)} pieces, text.vocab_size is "
            f"{text.vocab_size}.",
            remedy=f"--set text.vocab_size={len(tokenizer)}",
        )
    return tokenizer
