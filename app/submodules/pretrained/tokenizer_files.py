"""The tokenizer of a language model trained elsewhere, and which of its tokens begin and end a text."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from nested_lightning.app.errors import UserError
from nested_lightning.app.foreign_files import foreign_file
from nested_lightning.app.submodules.pretrained.files import NONE, PretrainedFiles
from nested_lightning.app.submodules.pretrained.tokenization import PretrainedTokenizer, load_tokenizer

_TOKENIZER = "tokenizer.json"
_STRANGE = "\N{SNOWMAN}\N{GREEK CAPITAL LETTER OMEGA}"
"""What a tokenizer that hasn't got it, has to know as unknown at least."""


def preparation(*, weights: str) -> PretrainedTokenizer:
    """Return how a language model reads and writes.

    Args:
        weights: A folder with ``tokenizer.json``, and with files that say which tokens begin and end a text.

    Raises:
        UserError: It has none, no token ends a text, or the tokenizer leaves out what it doesn't know.
    """
    if weights == NONE:
        raise UserError("weights = none: set tokenizer to the folder of the model's tokenizer")
    files = PretrainedFiles(weights)
    text, loaded = read_tokenizer(files)
    unknown = json.loads(text)["model"].get("unk_token")
    named = dict(_named(files, loaded))
    end = named.get("eos", named.get("sep"))
    if end is None:
        raise UserError(
            f"weights = {weights}: its tokenizer has no token that ends a text; name one of its tokens as"
            " eos_token in tokenizer_config.json"
        )
    begin = named.get("bos", named.get("cls", end))
    others = [named.get("pad"), unknown or named.get("unk")]
    pad, unknown = (None if one in (begin, end) else one for one in others)
    found = PretrainedTokenizer(text=text, begin=begin, end=end, pad=pad, unknown=unknown)
    if unknown is None and not found.split(_STRANGE):
        raise UserError(
            f"weights = {weights}: its tokenizer leaves out what it doesn't know; give it an unk_token, or"
            " all bytes as tokens"
        )
    return found


def read_tokenizer(files: PretrainedFiles) -> tuple[str, Any]:
    """Return ``tokenizer.json`` of a part's folder, and the tokenizer that it is.

    Raises:
        UserError: There is none, or it is damaged.
    """
    text = files.text(_TOKENIZER)
    with foreign_file(f"{files.named}: {_TOKENIZER}"):
        return text, load_tokenizer(text)


def _named(files: PretrainedFiles, loaded: Any) -> Iterator[tuple[str, str]]:
    """Yield the tokens of the tokenizer that have a meaning of their own, by that."""
    said = (files.json("special_tokens_map.json") or {}) | (files.json("tokenizer_config.json") or {})
    ids = files.json("config.json") or {}
    for role in ("eos", "sep", "bos", "cls", "pad", "unk"):
        name, number = said.get(f"{role}_token"), ids.get(f"{role}_token_id")
        name = name.get("content") if isinstance(name, Mapping) else name
        first = number[0] if isinstance(number, list) and number else number
        if name is None and isinstance(first, int):
            name = loaded.id_to_token(first)
        if isinstance(name, str) and loaded.token_to_id(name) is not None:
            yield role, name
