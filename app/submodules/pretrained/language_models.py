"""Text decoders of transformers, trained elsewhere: causal language models that are shown a picture.

Shapes: B captions, T tokens, P vectors of a picture, F_in features of one, H features of a token, V tokens in
the vocabulary.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from functools import partial
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn
from typing_extensions import override

from nested_lightning.app.submodules.bridges import Role
from nested_lightning.app.submodules.pretrained.files import NONE
from nested_lightning.app.submodules.pretrained.matching import without_adapters
from nested_lightning.app.submodules.pretrained.part import PretrainedPart, on_meta_alike
from nested_lightning.app.submodules.pretrained.transformers_parts import (
    describe,
    known_config,
    load_network,
    transformers,
)
from nested_lightning.app.submodules.text_decoders import State

_LESS_THAN_ANY = 20.0
"""By how much the logit of a token that a model hasn't got lies below those of all that it has."""


class TransformersTextDecoder(PretrainedPart):
    """A causal language model of transformers, which is shown a picture; see `app.submodules.text_decoders`.

    Whatever the bridge's role, it is given one vector of the picture or several. Each layer attends to them
    where the model has cross-attention; else they come before the first token, as a prefix of embeddings
    (ClipCap, https://arxiv.org/abs/2111.09734). Keys and values of what it has read are the state.

    Args:
        token_ids: The model's own id of each token, of which -1 is none; of two that are the same, the later
            one is written. Empty: they are its ids already.
        max_length: Most tokens that it reads of a caption.
        add_cross_attention: Whether layers get one that is new, where the config has none.
        dropout: Share of the picture's features set to zero in training, in [0, 1).
        weights: Where its weights are, see `PretrainedFiles`; ``none``: nowhere.
        config: What `describe` found; None: it is looked for now.
        sha256: Digest of the weights; None: it may be any.

    Raises:
        UserError: transformers isn't there, or doesn't know the model.
        ValueError: It is no language model, has fewer tokens, or keeps what it has read in another way.
    """

    token_ids: Tensor
    is_lacking: Tensor

    def __init__(
        self,
        *,
        in_features: int,
        out_features: int,
        role: Role,
        token_ids: Sequence[int] = (),
        max_length: int = 0,
        add_cross_attention: bool = False,
        dropout: float = 0.1,
        weights: str = NONE,
        config: Mapping[str, Any] | None = None,
        sha256: str | None = None,
    ) -> None:
        known = known_config(config or describe(weights=weights)["config"])
        attends, is_new = _settle_attention(known, is_wanted=add_cross_attention)
        ids = token_ids or range(out_features)
        sizes = known.get_text_config()
        if max(ids) >= sizes.vocab_size:
            raise ValueError(f"its model has {sizes.vocab_size} tokens, its tokenizer {max(ids) + 1}")
        super().__init__(
            network=transformers().AutoModelForCausalLM.from_config(known).train(),
            weights=weights,
            sha256=sha256,
            take=partial(_load, is_attention_new=is_new),
        )
        self.in_features, self.out_features, self.role = in_features, out_features, role
        self.max_length = max_length
        width = sizes.hidden_size if attends else self.network.get_input_embeddings().embedding_dim
        self.context = nn.Sequential(nn.Dropout(dropout), nn.Linear(in_features, width))
        last = {token: place for place, token in enumerate(ids)}
        lacking = [token < 0 or last[token] != place for place, token in enumerate(ids)]
        self.register_buffer("token_ids", torch.tensor(ids).clamp(min=0), persistent=False)
        self.register_buffer("is_lacking", torch.tensor(lacking), persistent=False)
        self._attends = attends
        takes = signature(self.network.forward).parameters
        self._cache_name = "cache" if "cache" in takes else "past_key_values"  # of older versions
        self._try(width)

    def start(self, context: Tensor) -> State:
        """Return the state in which a caption begins, of what the bridge gave: [B, F_in], or [B, P, F_in].

        Raises:
            ValueError: The longest caption has no place in the model.
        """
        seen = self.context(context.unsqueeze(1) if context.ndim == 2 else context)
        before = 0 if self._attends else seen.shape[1]
        positions = getattr(self.network.config, "max_position_embeddings", None)
        if positions and before + self.max_length > positions:
            raise ValueError(
                f"its model reads {positions} positions at most, fewer than {before} of the picture and"
                f" {self.max_length} of the longest caption: lower image_to_text.data.max_length"
            )
        return (seen,)

    @override
    def forward(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Read tokens and give logits of the next one, see `app.submodules.text_decoders`."""
        seen, *read = state
        embedded = self.network.get_input_embeddings()(self.token_ids[tokens])
        if not self._attends and not read:
            embedded = torch.cat([seen, embedded], dim=1)
        given: dict[str, Any] = {"encoder_hidden_states": seen} if self._attends else {}
        cache = self._cache(read)
        given[self._cache_name] = cache
        found = self.network(inputs_embeds=embedded, use_cache=True, **given).logits
        logits = found[:, -tokens.shape[1] :].index_select(2, self.token_ids)
        least = logits.detach().amin(dim=2, keepdim=True) - _LESS_THAN_ANY
        return torch.where(self.is_lacking, least, logits), (seen, *self._kept(cache))

    def _cache(self, read: Sequence[Tensor]) -> Any:
        """Return keys and values as the library has them; those of cross-attention are the second half."""
        library = transformers()
        pairs = [*zip(read[::2], read[1::2], strict=True)]
        if not self._attends:
            return library.DynamicCache(pairs)
        half = len(pairs) // 2
        return library.EncoderDecoderCache(
            library.DynamicCache(pairs[:half]), library.DynamicCache(pairs[half:])
        )

    def _kept(self, cache: Any) -> Iterator[Tensor]:
        parts = (cache.self_attention_cache, cache.cross_attention_cache) if self._attends else (cache,)
        for layer in (layer for part in parts for layer in part.layers):
            yield from (layer.keys, layer.values)

    def _try(self, width: int) -> None:
        """Refuse a model that doesn't read token by token, with a state of keys and values alone."""
        try:
            with on_meta_alike(self) as call:
                state: State = (torch.empty(1, 1, width),)
                for _ in range(2):
                    _, state = call((torch.zeros(1, 1, dtype=torch.int64), state))
                if len(state) == 1:
                    raise TypeError("it keeps none")
        except Exception as error:  # the library's models may raise anything
            reason = " ".join(str(error).split())[:200]
            raise ValueError(
                f"{type(self.network).__name__} doesn't read token by token with keys and values of attention"
                f" as its memory: take a model that does, e.g. of model_type llama or gpt2 ({reason})"
            ) from error


def _settle_attention(config: Any, *, is_wanted: bool) -> tuple[bool, bool]:
    """Set in a config whether there is cross-attention; return that, and whether it is new."""
    models = transformers().MODEL_FOR_CAUSAL_LM_MAPPING
    if type(config) not in models:
        raise ValueError(f"transformers has no causal language model of model_type '{config.model_type}'")
    can_attend = "encoder_hidden_states" in signature(models[type(config)].forward).parameters
    if is_wanted and not can_attend:
        raise ValueError(
            f"add_cross_attention: models of model_type '{config.model_type}' can't have any; leave it out"
        )
    has_it = can_attend and bool(getattr(config, "add_cross_attention", True))
    config.is_decoder = True  # some read both ways otherwise
    if can_attend:
        config.add_cross_attention = has_it or is_wanted
    return has_it or is_wanted, is_wanted and not has_it


def _load(network: Any, *, weights: str, sha256: str | None, is_attention_new: bool) -> str:
    """Load all weights but those of a cross-attention that is new."""
    new: set[str] = set()
    if is_attention_new:
        without = copy(network.config)
        without.add_cross_attention = False
        with torch.device("meta"):
            old = transformers().AutoModelForCausalLM.from_config(without)
        new = without_adapters(network.state_dict()).keys() - old.state_dict().keys()
    return load_network(network, weights=weights, sha256=sha256, new=new)
