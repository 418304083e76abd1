"""Whether a part publishes the widths that it was given."""

from collections.abc import Iterator, Mapping
from typing import Any

from torch.nn.modules.lazy import LazyModuleMixin

from nested_lightning.app.assembly.assembler import Assembler
from nested_lightning.app.assembly.errors import CompositionError, WidthError
from nested_lightning.app.assembly.widths import Width
from nested_lightning.app.assembly.wiring.written_calls import written_call


def refuse_unfit(part: Any, given: Mapping[str, Any], *, path: str, assembler: Assembler) -> None:
    """Report each width that a part publishes under the name of another one that it was given.

    A `Width` names what gives it, or what takes it if its name begins with ``out_``; several by name are
    compared one by one.
    """
    for name, width, published in _pairs(part, given):
        if published == width or assembler.is_consequence(path, [width]):
            continue
        if not isinstance(width, Width):
            message = (
                f"{path} ({type(part).__name__}) was given {name}={width}"
                f" ({written_call().argument(name)}), and publishes {name}={published}:"
                " a part publishes the width that it was built with"
            )
            assembler.report(CompositionError(message, path=path))
        elif name.startswith("out_"):
            assembler.report(WidthError(giver=path, given=published, taker=width.giver, taken=int(width)))
        else:
            assembler.report(WidthError(giver=width.giver, given=int(width), taker=path, taken=published))


def _pairs(part: Any, given: Mapping[str, Any]) -> Iterator[tuple[str, int, int]]:
    """Yield each width that was given with the one that the part publishes under its name."""
    if isinstance(part, LazyModuleMixin):
        return  # it adopts the width of its input
    for name, value in given.items():
        published = getattr(part, name, None)
        if type(published) is int and type(value) in (int, Width):
            yield name, value, published
        elif isinstance(value, Mapping) and isinstance(published, Mapping):
            for item, width in value.items():
                if type(width) in (int, Width) and type(other := published.get(item)) is int:
                    yield name, width, other
