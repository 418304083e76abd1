"""Whether a part publishes the widths that it was given."""

from collections.abc import Mapping
from types import FrameType
from typing import Any

from nested_lightning.app.assembly.assembler import Assembler
from nested_lightning.app.assembly.errors import CompositionError, WidthError
from nested_lightning.app.assembly.widths import Width, is_guessed
from nested_lightning.app.assembly.wiring.written_calls import written_call


def refuse_unfit(
    part: Any, given: Mapping[str, Any], *, path: str, assembler: Assembler, frame: FrameType | None = None
) -> None:
    """Report each width that a part publishes under the name of another one that it was given.

    Args:
        part: What was built.
        given: Keywords that it was built of. A `Width` names what gives it, or what takes it if its name
            begins with ``out_``; several by name are compared one by one.
        path: Path of the part.
        assembler: Takes what is wrong.
        frame: Where it was called, for numbers of which nobody is known to give them.

    Raises:
        CompositionError: There is one, and faults aren't collected.
    """
    for name, value in given.items():
        published = getattr(part, name, None)
        if isinstance(value, Mapping) and isinstance(published, Mapping):
            for item, width in value.items():
                _compare(name, width, published.get(item), path, assembler, frame, part)
        else:
            _compare(name, value, published, path, assembler, frame, part)


def _compare(
    name: str,
    given: Any,
    published: Any,
    path: str,
    assembler: Assembler,
    frame: FrameType | None,
    part: Any,
) -> None:
    if type(published) is not int or type(given) not in (int, Width) or published == given:
        return
    if not isinstance(given, Width):
        assembler.report(
            CompositionError(
                f"{path} ({type(part).__name__}) was given {name}={given}"
                f" ({written_call(frame).argument(name)}), and publishes {name}={published}:"
                " a part publishes the width that it was built with",
                path=path,
            )
        )
    elif is_guessed(given):
        return
    elif name.startswith("out_"):
        assembler.report(WidthError(giver=path, given=published, taker=given.giver, taken=int(given)))
    else:
        assembler.report(WidthError(giver=given.giver, given=int(given), taker=path, taken=published))
