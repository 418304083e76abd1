"""What a wiring function reads from its data, as plain values, so that a checkpoint needs no data."""

from collections import OrderedDict, defaultdict, namedtuple
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass, make_dataclass
from functools import cache
from typing import Any, Self

import torch
from pytorch_lightning import LightningDataModule
from torch import Tensor

from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.checkpoints.plainer import plainer
from nested_lightning.app.data.fingerprint import fingerprint
from nested_lightning.app.errors import UserError, did_you_mean
from nested_lightning.app.tensors import items_of


@dataclass(frozen=True)
class TensorFacts:
    """What is known of a tensor of a batch.

    Attributes:
        shape: Its shape; the first dimension counts the samples.
        dtype: Its type, e.g. ``float32``.
        low: Least value of whole numbers.
        high: Largest value of whole numbers.
    """

    shape: list[int]
    dtype: str
    low: int = 0
    high: int = 0

    @classmethod
    def of(cls, tensor: Tensor) -> Self:
        """Return what is known of a tensor."""
        name = str(tensor.dtype).removeprefix("torch.")
        if tensor.is_floating_point() or tensor.is_complex() or not tensor.numel():
            return cls([*tensor.shape], name)
        return cls([*tensor.shape], name, int(tensor.min()), int(tensor.max()))

    def example(self, num_samples: int) -> Tensor:
        """Return a tensor of that many samples: zeros, or whole numbers within the range."""
        shape = [min(num_samples, size) if i == 0 else size for i, size in enumerate(self.shape)]
        tensor = torch.full(shape, self.low, dtype=getattr(torch, self.dtype))
        if tensor.numel() and self.high > self.low:
            tensor.view(-1)[-1] = self.high
        return tensor


@dataclass(frozen=True)
class OwnDataSpec:
    """The data spec of a family of one's own.

    Attributes:
        values: What the wiring function reads of the data, by attribute.
        batch: The structure of the first training batch, see `structure_of`; None: not known.
        fingerprint: Hash of what the data are; empty: not known.
        source: Digest of the file of the wiring function; empty: not known.
        split: Which rows each part has, see `setting_up.split_of`; empty: not known.
    """

    values: dict[str, Any] = field(default_factory=dict)
    batch: Any = None
    fingerprint: str = ""
    source: str = ""
    split: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Return the spec that `to_dict` wrote.

        Raises:
            UserError: It isn't that.
        """
        try:
            return cls(
                values=dict(plain["values"]),
                batch=plain["batch"],
                fingerprint=str(plain["fingerprint"]),
                source=str(plain.get("source", "")),
                split={str(name): str(rows) for name, rows in plain.get("split", {}).items()},
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UserError("the data spec is damaged, or that of another family") from error


class DataFacts:
    """Stands for the datamodule in a wiring function: gives plain values, and remembers which were read.

    Args:
        path: Path of the family, for messages.
        known: Values by attribute, where there are no data.
        data: The datamodule, set up; None: only what is known can be read.
    """

    def __init__(self, *, path: str, known: Mapping[str, Any] | None = None, data: Any = None) -> None:
        self._path, self._data = path, data
        self._values: dict[str, Any] = dict(known or {})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._values:
            self._values[name] = self._read(name)
        return self._values[name]

    def _read(self, name: str) -> Any:
        path = f"{self._path}.data.{name}"
        if self._data is None:
            raise CompositionError(
                f"{path}: the checkpoint doesn't know it, since the wiring didn't read it in training"
                f"{did_you_mean(name, self._values)} (known: {', '.join(self._values) or 'nothing'})",
                path=path,
            )
        try:
            value = getattr(self._data, name)
        except AttributeError as error:
            there = [one for one in dir(self._data) if not one.startswith("_")]
            kind = type(self._data).__name__
            raise CompositionError(
                f"{path}: {kind} has no such attribute{did_you_mean(name, there)}", path=path
            ) from error
        return to_plain(value, path=path)


def values_of(facts: DataFacts) -> dict[str, Any]:
    """Return what has been read, by attribute."""
    return dict(vars(facts)["_values"])


def fingerprint_of(datamodule: LightningDataModule, values: Mapping[str, Any]) -> str:
    """Return the datamodule's own ``fingerprint``, or a hash of what was read and of the number of samples.

    The latter misses whatever changes neither: other pixels in as many pictures.
    """
    own = getattr(datamodule, "fingerprint", None)
    if isinstance(own, str) and own:
        return own
    loaders = ("train_dataloader", "val_dataloader")
    kind = type(datamodule)
    given = [name for name in loaders if getattr(kind, name) is not getattr(LightningDataModule, name)]
    return fingerprint([dict(values), [num_samples_of(getattr(datamodule, name)()) for name in given]])


def num_samples_of(loader: Any) -> int:
    """Return how many samples a loader's dataset, or those of several have; 0: not known, as of a stream."""
    if isinstance(loader, Mapping | list | tuple):
        return sum(map(num_samples_of, loader.values() if isinstance(loader, Mapping) else loader))
    try:
        return len(loader.dataset)
    except (AttributeError, TypeError):
        return 0


def to_plain(value: Any, *, path: str) -> Any:
    """Return a value in JSON's types: tuples as lists, other things by their plain meaning.

    Raises:
        CompositionError: It has no such form; says at which path.
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, Mapping):
        return {str(key): to_plain(one, path=f"{path}.{key}") for key, one in value.items()}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes | bytearray):
        items = sorted(value) if isinstance(value, set | frozenset) else value
        return [to_plain(one, path=path) for one in items]
    plain = plainer(value)
    if type(plain) is type(value) or isinstance(plain, Tensor | bytes):
        raise CompositionError(
            f"{path} is a {type(value).__name__}: a wiring may read numbers, texts, lists and mappings of its"
            " data, since a checkpoint can keep these",
            path=path,
        )
    return to_plain(plain, path=path)


def structure_of(batch: Any) -> Any:
    """Return the structure of a batch as plain data, with what is known of each tensor in it."""
    if isinstance(batch, Tensor):
        return {"tensor": asdict(TensorFacts.of(batch))}
    if isinstance(batch, Mapping):
        own = {} if type(batch) in (dict, OrderedDict, defaultdict) else {"like": type(batch).__name__}
        return {"items": {str(key): structure_of(one) for key, one in batch.items()}, **own}
    if hasattr(batch, "_fields") or is_dataclass(batch):
        fields = {name: structure_of(one) for name, one in items_of(batch)}
        return {"items": fields, "fields_of": "tuple" if isinstance(batch, tuple) else "dataclass"}
    if isinstance(batch, Sequence) and not isinstance(batch, str | bytes):
        return {"list": [structure_of(one) for one in batch], "is_tuple": isinstance(batch, tuple)}
    return {"other": type(batch).__name__}


def example_of(structure: Any, num_samples: int = 2) -> Any:
    """Return a batch of a few samples of a structure; None where something in it isn't known."""
    return batch_of(structure, (facts.example(num_samples) for _, facts in tensors_of(structure)))


def tensors_of(structure: Any, name: str = "") -> Iterator[tuple[str, TensorFacts]]:
    """Yield what is known of each tensor of a structure, in order, with the last name on the way to it."""
    if "tensor" in structure:
        yield name, TensorFacts(**structure["tensor"])
    for key, one in structure.get("items", {}).items():
        yield from tensors_of(one, key)
    for one in structure.get("list", ()):
        yield from tensors_of(one, name)


def unknown_in(structure: Any) -> Iterator[str]:
    """Yield the types of what a batch that is made of a structure lacks, or holds as a mere mapping."""
    own = structure.get("other") or structure.get("like")
    if own not in (None, "NoneType"):
        yield own
    for one in structure.get("list", structure.get("items", {}).values()):
        yield from unknown_in(one)


def batch_of(structure: Any, tensors: Iterator[Any], *, is_plain: bool = False) -> Any:
    """Return a batch of a structure with these tensors, in order; None where something in it isn't known.

    Its named tuples and dataclasses have the same fields, and are of classes of their own; they are mappings
    if all is to be plain.
    """
    if "tensor" in structure:
        return next(tensors)
    if "items" in structure:
        items = {key: batch_of(one, tensors, is_plain=is_plain) for key, one in structure["items"].items()}
        kind = None if is_plain else structure.get("fields_of")
        return _class_of(kind, tuple(items))(**items) if kind else items
    if "list" in structure:
        listed = [batch_of(one, tensors, is_plain=is_plain) for one in structure["list"]]
        return tuple(listed) if structure["is_tuple"] else listed
    return None


@cache
def _class_of(kind: str, names: tuple[str, ...]) -> Any:
    return namedtuple("Batch", names) if kind == "tuple" else make_dataclass("Batch", names)
