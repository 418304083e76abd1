"""Which tensors of a file belong to which of a network."""

from collections.abc import Iterable, Mapping

from torch import Tensor, nn

from nested_lightning.app.errors import UserError, counted, name_list
from nested_lightning.app.training.adapters import is_of_adapter


def load_matching(
    network: nn.Module, given: Mapping[str, Tensor], *, heads: Iterable[str], source: str
) -> str:
    """Load all tensors of a network from those of a file, and return in words what was taken.

    Names in the file may all have the same beginning, as those of a network within another one have.

    Args:
        network: Every one of its tensors has to be there, in its shape.
        given: Those of the file, by name.
        heads: Beginnings of names in the file that the network has no place for: heads of another task.
        source: The file, for messages.

    Raises:
        UserError: A tensor is missing, or has another shape, or is of no use though it is no head's.
    """
    wanted = without_adapters(network.state_dict())
    prefix = _common_beginning(wanted, given)
    named = {name.removeprefix(prefix): tensor for name, tensor in given.items() if name.startswith(prefix)}
    others = [name for name in given if not name.startswith(prefix)]
    missing = [name for name in wanted if name not in named and not name.endswith("num_batches_tracked")]
    left = [*others, *(name for name in named if name not in wanted)]
    refuse_partial(
        missing=missing,
        unexpected=[name for name in left if not name.startswith(tuple(heads))],
        misshapen=[
            f"{name} has shape {tuple(named[name].shape)} there, {tuple(value.shape)} here"
            for name, value in wanted.items()
            if name in named and named[name].shape != value.shape
        ],
        num_wanted=len(wanted),
        source=source,
    )
    taken = {name: named[name] for name in wanted if name in named}
    network.load_state_dict(taken, strict=False)
    return said(len(taken), len(wanted), without=prefix, left=left, source=source)


def without_adapters(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of a network that a file may have: those of adapters were drawn just now."""
    return {name: value for name, value in state.items() if not is_of_adapter(name)}


def refuse_partial(
    *,
    missing: Iterable[str],
    unexpected: Iterable[str],
    misshapen: Iterable[str],
    num_wanted: int,
    source: str,
) -> None:
    """Refuse weights that fill a network in part, or that are those of another one.

    Raises:
        UserError: There is anything of the kind; names the first ones.
    """
    faults = [
        f"{counted(len(names), 'tensor')} {what}: {name_list(names)}"
        for names, what in (
            ([*missing], f"of {num_wanted} missing there"),
            ([*misshapen], "of another shape"),
            ([*unexpected], "that the part has no place for"),
        )
        if names
    ]
    if faults:
        raise UserError(f"{source} isn't whole, or is of another architecture: {'; '.join(faults)}")


def said(num_taken: int, num_wanted: int, *, without: str = "", left: Iterable[str] = (), source: str) -> str:
    """Return in words what was taken of a file."""
    said = f"{num_taken} of {counted(num_wanted, 'tensor')} from {source}"
    said += f", without '{without}' before their names" if without else ""
    names = [*left]
    return f"{said}; left out: {name_list(names)}" if names else said


def _common_beginning(wanted: Iterable[str], given: Iterable[str]) -> str:
    """Return what stands before the names of most tensors; "" where these are as they are wanted."""
    there = set(given)
    counts: dict[str, int] = {"": 0}
    ends = tuple(f".{name}" for name in wanted)
    names = {*wanted}
    for name in there:
        if name in names:
            counts[""] += 1
        elif name.endswith(ends):
            end = max((end for end in ends if name.endswith(end)), key=len)
            prefix = name.removesuffix(end.removeprefix("."))
            counts[prefix] = counts.get(prefix, 0) + 1
    return max(counts, key=lambda prefix: counts[prefix])
