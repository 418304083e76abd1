"""A checkpoint's content as every checkpoint can be opened: tensors and plain values."""

from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

import torch
from pytorch_lightning import Callback, LightningDataModule, LightningModule
from torch import Tensor, nn

from nested_lightning.app.checkpoints.plainer import plainer
from nested_lightning.app.checkpoints.recipe import Recipe
from nested_lightning.app.errors import UserError

_HPARAMS = (LightningModule.CHECKPOINT_HYPER_PARAMS_KEY, LightningDataModule.CHECKPOINT_HYPER_PARAMS_KEY)
_BUILT_AGAIN = (*_HPARAMS, LightningModule.CHECKPOINT_HYPER_PARAMS_TYPE, "lr_schedulers")
"""Where functions, classes and modules may stand: whoever builds the model again has them."""

_PLAIN = frozenset({type(None), bool, int, float, complex, str, bytes, torch.Size, torch.device, torch.dtype})
_MAPPINGS = (dict, OrderedDict, Counter)
_SEQUENCES = (list, tuple, set)
_LEFT_OUT = object()


def to_storable(checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """Return a checkpoint with what `read_checkpoint` reads alone; what needs no change is the same object.

    What has a plain meaning is stored as that, see `plainer`. Modules, functions and classes among
    hyper-parameters and in the states of schedules are left out: the recipe builds them again.

    Raises:
        UserError: Something else is in it; all of that is named by its key.
    """
    refused: dict[str, str] = {}
    stored = {key: _stored(value, key, key in _BUILT_AGAIN, refused) for key, value in checkpoint.items()}
    if refused:
        raise UserError(_refusal(refused))
    return {key: value for key, value in stored.items() if value is not _LEFT_OUT}


def _stored(value: Any, path: str, is_built_again: bool, refused: dict[str, str]) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, Tensor):
        return _stored_tensor(value, path, refused)
    if kind in _MAPPINGS:
        return _stored_mapping(value, path, is_built_again, refused)
    if kind in _SEQUENCES:
        return _stored_sequence(value, path, is_built_again, refused)
    if is_built_again and (callable(value) or isinstance(value, Recipe | Callback | LightningDataModule)):
        return _LEFT_OUT
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return _stored((tuple if isinstance(value, tuple) else list)(value), path, is_built_again, refused)
    plain = plainer(value)
    if type(plain) is kind:
        refused[path] = kind.__name__
        return value
    return _stored(plain, path, is_built_again, refused)


def _stored_mapping(value: Any, path: str, is_built_again: bool, refused: dict[str, str]) -> Any:
    items = {
        _stored(key, f"{path}.{key}", False, refused): _stored(one, f"{path}.{key}", is_built_again, refused)
        for key, one in value.items()
    }
    if len(items) == len(value) and all(items[key] is one for key, one in value.items() if key in items):
        return value
    changed = copy(value)  # keeps the attributes of a state_dict
    changed.clear()
    changed.update({key: one for key, one in items.items() if one is not _LEFT_OUT})
    return changed


def _stored_sequence(value: Any, path: str, is_built_again: bool, refused: dict[str, str]) -> Any:
    items = [_stored(one, f"{path}.{number}", is_built_again, refused) for number, one in enumerate(value)]
    if any(item is _LEFT_OUT for item in items):
        return _LEFT_OUT
    is_same = all(one is other for one, other in zip(items, value, strict=True))
    return value if is_same else type(value)(items)


def _stored_tensor(value: Tensor, path: str, refused: dict[str, str]) -> Tensor:
    if value.layout is not torch.strided or value.is_quantized:
        refused[path] = "quantized" if value.is_quantized else str(value.layout).removeprefix("torch.")
    is_known = type(value) is Tensor or isinstance(value, nn.Parameter)
    return value if is_known else value.as_subclass(Tensor)


def _refusal(refused: Mapping[str, str]) -> str:
    found = ", ".join(f"{path} ({what})" for path, what in sorted(refused.items()))
    remedy = "let the state have what it is made of"
    if any(path.split(".")[0] in _HPARAMS for path in refused):
        remedy = "leave it out, save_hyperparameters(ignore=[…])"
    return f"a checkpoint holds tensors, numbers, texts, lists and mappings, and can't hold {found}: {remedy}"
