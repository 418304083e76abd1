"""A dry run of a checkpoint's pickle: what it would build is counted, and nothing is built."""

import math
import pickle
import pickletools
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import torch

from nested_lightning.app.errors import UserError

_STEPS = (
    *(pickle.GLOBAL, pickle.NEWOBJ, pickle.REDUCE, pickle.BUILD, pickle.MARK, pickle.PROTO, pickle.STOP),
    *(pickle.APPEND, pickle.APPENDS, pickle.SETITEM, pickle.SETITEMS),
    *(pickle.TUPLE, pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3, pickle.EMPTY_TUPLE),
    *(pickle.EMPTY_LIST, pickle.EMPTY_DICT, pickle.EMPTY_SET, pickle.NONE, pickle.NEWFALSE, pickle.NEWTRUE),
    *(pickle.BININT, pickle.BININT1, pickle.BININT2, pickle.LONG1, pickle.BINFLOAT),
    *(pickle.BINUNICODE, pickle.SHORT_BINSTRING, pickle.BINPERSID),
    *(pickle.BINGET, pickle.LONG_BINGET, pickle.BINPUT, pickle.LONG_BINPUT),
)
"""What torch's own reader of plain values knows."""

_REAL = {"collections.OrderedDict": OrderedDict, "collections.Counter": Counter, "builtins.set": set}
_INERT = (
    *("builtins.complex", "torch.Size", "torch.device", "torch.nn.parameter.Parameter"),
    *("torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state"),
)
_TENSOR = "torch._utils._rebuild_tensor_v2"
_TENSOR_OF_BYTES = "torch._utils._rebuild_tensor_v3"

_STORAGES = {
    **{"Double": torch.float64, "Float": torch.float32, "Half": torch.float16, "BFloat16": torch.bfloat16},
    **{"Long": torch.int64, "Int": torch.int32, "Short": torch.int16, "Char": torch.int8},
    **{"Byte": torch.uint8, "Untyped": torch.uint8, "Bool": torch.bool},
    **{"ComplexDouble": torch.complex128, "ComplexFloat": torch.complex64},
}

_MOST_TIMES = 4
_SLACK = 16 << 20


def refuse_growing_pickle(data: bytes, sizes: Mapping[str, int]) -> None:
    """Refuse a pickle from which more would be built than the file holds.

    Values that `torch.load` takes for plain can name any size: ``bytearray(6 << 30)``, a tensor that repeats
    one number, one on the device ``meta``, a storage that is longer than its entry.

    Args:
        data: The pickle.
        sizes: Bytes of the archive's other entries, by name.

    Raises:
        UserError: It is such a pickle, or holds something else than tensors and plain values.
        Exception: It is damaged.
    """
    _refuse_foreign_steps(data)
    dry_run = _DryRun(data, sizes)
    dry_run.load()
    claimed = sum(dry_run.tensors.values())
    if claimed > _MOST_TIMES * sum(sizes.values()) + _SLACK:
        raise UserError(
            f"it is refused: its tensors claim {claimed:,} bytes, and the file holds {sum(sizes.values()):,};"
            " none of them was made"
        )


def _refuse_foreign_steps(data: bytes) -> None:
    for number, (step, argument, _) in enumerate(pickletools.genops(data)):
        if step.code.encode("latin1") not in _STEPS:
            raise UserError(f"it is refused: its pickle has the step {step.name}; nothing in it was run")
        if step.name.endswith("PUT") and int(argument or 0) > number:  # memory is allocated up to it
            raise UserError("it is refused: its pickle numbers more values than it has")


@dataclass(frozen=True)
class _Storage:
    """Where a tensor's numbers would be."""

    key: str
    dtype: torch.dtype


class _Inert:
    """Stands for whatever has no size of its own."""

    def __init__(self, *_: Any) -> None: ...

    def __setstate__(self, _: Any) -> None: ...


class _DryRun(pickle.Unpickler):
    """Takes the steps of unpickling with nothing but stand-ins.

    Attributes:
        tensors: Bytes of each tensor by what it is made from, as a tensor may have several names.
    """

    def __init__(self, data: bytes, sizes: Mapping[str, int]) -> None:
        super().__init__(BytesIO(data))
        self._sizes = sizes
        self.tensors: dict[Any, int] = {}
        self._stand_ins: dict[str, Any] = {
            **_REAL,
            **dict.fromkeys([*_INERT, *_allowed_by_user()], _Inert),
            "_codecs.encode": _encode,
            _TENSOR: self._tensor,
            _TENSOR_OF_BYTES: self._tensor_of_bytes,
        }

    def find_class(self, module: str, name: str, /) -> Any:
        """Return what stands for a global."""
        path = f"{module}.{name}".replace("__builtin__", "builtins")  # as protocol 2 names it
        if path in self._stand_ins:
            return self._stand_ins[path]
        found = vars(torch).get(name) if module == "torch" else None
        if isinstance(found, torch.dtype):
            return found
        if name.endswith("Storage") and name.removesuffix("Storage") in _STORAGES:
            return _STORAGES[name.removesuffix("Storage")]
        raise UserError(
            f"it is refused: it holds more than tensors and plain values ({path}); nothing in it was run"
        )

    def persistent_load(self, pid: Any) -> _Storage:
        """Return what stands for a storage, which is no longer than its entry."""
        _, dtype, key, location, length = pid
        if location == "meta":
            raise UserError("it is refused: a tensor in it has a size and no numbers (it was on meta)")
        if not 0 <= length * dtype.itemsize <= self._sizes[f"data/{key}"]:
            raise UserError(f"it is refused: its tensor {key} claims more than the file holds")
        return _Storage(key, dtype)

    def _tensor(
        self, storage: _Storage, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any
    ) -> _Inert:
        made_from = (storage, offset, size, stride)
        self.tensors[made_from] = math.prod(size) * storage.dtype.itemsize
        return _Inert()

    def _tensor_of_bytes(self, storage: _Storage, offset: int, size: Any, stride: Any, *more: Any) -> _Inert:
        _grad, _hooks, dtype, *_ = more
        return self._tensor(_Storage(storage.key, dtype), offset, size, stride)


def _encode(text: str, encoding: str) -> bytes:
    """Return bytes as a pickle writes them; other codecs, one after another, double the size each time."""
    if encoding != "latin1":
        raise UserError(f"it is refused: it has text encoded as {encoding}; nothing in it was run")
    return text.encode(encoding)


def _allowed_by_user() -> list[str]:
    allowed = torch.serialization.get_safe_globals()
    return [
        each[1] if isinstance(each, tuple) else f"{each.__module__}.{each.__qualname__}" for each in allowed
    ]
