"""Which tensors of a file belong to which of a network."""

from collections import Counter
from collections.abc import Iterable, Mapping

from torch import Tensor, nn

from nested_lightning.app.checkpoints.foreign_weights import match_names, tensors_within
from nested_lightning.app.errors import UserError, counted, name_list
from nested_lightning.app.submodules.pretrained.files import PretrainedFiles
from nested_lightning.app.training.adapters import is_of_adapter


def load_file(network: nn.Module, *, weights: str, sha256: str | None, heads: Iterable[str]) -> str:
    """Load all tensors of a network from the files of a part, see `load_matching` and `PretrainedFiles`."""
    given = PretrainedFiles(weights).tensors(sha256)
    return load_matching(network, given, heads=heads, source=weights)


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
    matched = match_names(wanted, tensors_within(given, prefix))
    others = [name for name in given if prefix and not name.startswith(f"{prefix}.")]
    left = [*others, *matched.unexpected]
    return load_whole(
        network,
        matched.taken,
        missing=[name for name in matched.missing if not name.endswith("num_batches_tracked")],
        misshapen=[f"{name} {shapes}" for name, shapes in matched.other_shape.items()],
        unexpected=[name for name in left if not name.startswith(tuple(heads))],
        left=left,
        without=prefix,
        source=source,
    )


def without_adapters(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of a network that a file may have: those of adapters were drawn just now."""
    return {name: value for name, value in state.items() if not is_of_adapter(name)}


def load_whole(
    network: nn.Module,
    taken: Mapping[str, Tensor],
    *,
    missing: Iterable[str],
    misshapen: Iterable[str],
    unexpected: Iterable[str],
    left: Iterable[str],
    new: Iterable[str] = (),
    without: str = "",
    source: str,
) -> str:
    """Load the tensors that a file has of a network, unless it lacks some; return in words what was taken.

    Args:
        network: Takes them.
        taken: Those of the file, by the network's names.
        missing: Names of those that it lacks.
        misshapen: Those that have another shape there.
        unexpected: Those that the network should have and hasn't.
        left: Whatever is in the file and isn't taken.
        new: What needn't be in the file, and isn't.
        without: What stands before all names in the file.
        source: The file, for messages.

    Raises:
        UserError: Anything is missing, misshapen or unexpected; names the first ones.
    """
    num_wanted = len(without_adapters(network.state_dict()))
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
    network.load_state_dict(dict(taken), strict=False)
    said = f"{len(taken)} of {counted(num_wanted, 'tensor')} from {source}"
    said += f", without '{without}.' before their names" if without else ""
    for what, names in (("not there, so new", [*new]), ("left out", [*left])):
        said += f"; {what}: {name_list(names)}" if names else ""
    return said


def _common_beginning(wanted: Iterable[str], given: Iterable[str]) -> str:
    """Return below which name most tensors are; "" where their names are as they are wanted."""
    names = {*wanted}
    ends = tuple(f".{name}" for name in names)
    counts = Counter({"": 0})
    for name in given:
        if name in names:
            counts[""] += 1
        elif name.endswith(ends):
            counts[name.removesuffix(max((end for end in ends if name.endswith(end)), key=len))] += 1
    return max(counts, key=lambda prefix: counts[prefix])
