"""What the entries of weights stand for, such as classes or words, and how weights are taken over by that."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor
from torch.nn.parameter import is_lazy

Binding: TypeAlias = Literal["entries", "part", "sizes"]


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What weights of a part stand for.

    Attributes:
        part: Where the composite holds the part, e.g. ``head``; empty: anywhere.
        what: What the names are of, e.g. ``classes``.
        names: One for each entry, in order.
        binds: ``entries``: one dimension of a tensor has these entries, which may be taken one by one;
            ``part``: all of the part belongs to all the names in their order; ``sizes``: a tensor of that
            size may have these entries, nobody knows.
    """

    part: str
    what: str
    names: tuple[str, ...]
    binds: Binding = "entries"

    def is_of(self, name: str) -> bool:
        """Return whether a tensor is one of the part's."""
        return not self.part or name.startswith(f"{self.part}.")

    def dimensions(self, tensor: Tensor) -> list[int]:
        """Return which dimensions of a tensor may have the entries: rows, or columns of a matrix."""
        if is_lazy(tensor):
            return []
        sizes = tensor.shape if tensor.dim() <= 2 else tensor.shape[:1]
        return [i for i, size in enumerate(sizes) if size == len(self.names)]


def meanings_of_lists(data_spec: Any, what: str = "data") -> Iterator[Meaning]:
    """Yield meanings for a model that declares none: each list of texts of its data may matter."""
    if isinstance(data_spec, Mapping):
        for name, value in data_spec.items():
            yield from meanings_of_lists(value, f"{what}.{name}")
    elif isinstance(data_spec, list | tuple) and data_spec and all(isinstance(one, str) for one in data_spec):
        yield Meaning(part="", what=what, names=tuple(data_spec), binds="sizes")


@dataclass
class Transfer:
    """What a model takes from another one's file, ready to be loaded, and why not the rest, both by name."""

    taken: dict[str, Tensor] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """Return the remarks, one line for a submodule all of whose tensors have the same one."""
        within: dict[str, set[str | None]] = {}
        for name in {**self.taken, **self.remarks}:
            for place in _places_above(name):
                within.setdefault(place, set()).add(self.remarks.get(name))
        return list(
            dict.fromkeys(
                f"{next((one for one in _places_above(name) if within[one] == {remark}), name)}: {remark}"
                for name, remark in self.remarks.items()
            )
        )


def _places_above(name: str) -> list[str]:
    """Return ``head``, ``head.linear`` and ``head.linear.weight`` for the last of them."""
    names = name.split(".")
    return [".".join(names[:length]) for length in range(1, len(names) + 1)]


def match(
    wanted: Mapping[str, Tensor],
    given: Mapping[str, Tensor],
    *,
    now: Iterable[Meaning],
    there: Iterable[Meaning],
    made_anew: Sequence[str] = (),
) -> Transfer:
    """Return what a model takes of other weights: what has the same name, shape and meaning.

    Args:
        wanted: The model's own weights by name.
        given: The others.
        now: What the model's own stand for.
        there: What the others stand for.
        made_anew: Names, or what they begin with, of what follows from data and settings alone.
    """
    known = {(each.part, each.what): each.names for each in there}
    pairs = [(each, known.get((each.part, each.what), ())) for each in now]
    changed = [(each, names) for each, names in pairs if each.names != names]
    unclear = {each.part for each, _ in changed if _has_square(each, wanted)}
    transfer = Transfer(remarks={name: "is not in the model" for name in given if name not in wanted})
    for name, own in wanted.items():
        concerned = [(each, names) for each, names in changed if each.is_of(name)]
        if f"{name}.".startswith(tuple(f"{each}." for each in made_anew)):
            taken, remark = None, "follows from the data and the settings"
        elif name not in given:
            taken, remark = None, "is not in the file"
        else:
            taken, remark = _fitted(own, given[name], concerned, unclear)
        transfer.taken |= {} if taken is None else {name: taken}
        transfer.remarks |= {name: remark} if remark else {}
    return transfer


def _fitted(
    own: Tensor, other: Tensor, changed: Sequence[tuple[Meaning, tuple[str, ...]]], unclear: set[str]
) -> tuple[Tensor | None, str]:
    """Return what is taken over in place of a tensor, and a remark about it."""
    if is_lazy(own) and not changed:  # its shape isn't known yet
        return other, ""
    chosen: dict[int, tuple[list[int], list[int]]] = {}
    remark = ""
    for meaning, there in changed:
        dimensions = meaning.dimensions(own)
        if meaning.binds != "part" and not dimensions and not is_lazy(own):
            continue
        common = [each for each in meaning.names if each in set(there)]
        is_clear = meaning.binds == "entries" and meaning.part not in unclear and dimensions and common
        if not is_clear or other.dim() != own.dim() or other.shape[dimensions[0]] != len(there):
            return None, f"belongs to other {meaning.what} there"
        chosen[dimensions[0]] = (_places(common, meaning.names), _places(common, there))
        if new := [each for each in meaning.names if each not in common]:
            shown = ", ".join(new[:5]) + (", …" if len(new) > 5 else "")
            remark = f"{len(common)} of {len(meaning.names)} {meaning.what} are there, not {shown}"
    kept = [i for i in range(own.dim()) if i not in chosen]
    if other.dim() != own.dim() or any(own.shape[i] != other.shape[i] for i in kept):
        return None, f"has shape {tuple(other.shape)} there, {tuple(own.shape)} here"
    return (_by_entries(own, other, chosen) if chosen else other), remark


def _by_entries(own: Tensor, other: Tensor, chosen: Mapping[int, tuple[list[int], list[int]]]) -> Tensor:
    result = own.clone()
    for i, (_, places) in chosen.items():
        other = other.index_select(i, torch.tensor(places))
    ranges = [
        torch.tensor(chosen[i][0]) if i in chosen else torch.arange(own.shape[i]) for i in range(own.dim())
    ]
    result[torch.meshgrid(*ranges, indexing="ij")] = other.to(result)
    return result


def _places(chosen: Sequence[str], names: Sequence[str]) -> list[int]:
    place = {name: i for i, name in enumerate(names)}
    return [place[name] for name in chosen]


def _has_square(meaning: Meaning, tensors: Mapping[str, Tensor]) -> bool:
    """Return whether some matrix of the part could have the entries as rows or as columns."""
    own = (tensor for name, tensor in tensors.items() if meaning.is_of(name))
    return any(len(meaning.dimensions(tensor)) > 1 for tensor in own)
