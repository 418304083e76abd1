"""What a wiring function can state about widths, besides passing them on."""

from collections.abc import Collection, Iterable
from typing import Any

from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.assembly.widths import StandIn, Width
from nested_lightning.app.assembly.wiring.fitting import refuse_unfit
from nested_lightning.app.assembly.wiring.wiring import running_assembler
from nested_lightning.app.errors import did_you_mean


def published(part: Any, attribute: str = "out_features") -> Width:
    """Return a width that a part publishes; what is built of it names the part where it doesn't fit.

    Raises:
        CompositionError: It publishes no whole number under this name.
    """
    assembler = running_assembler()
    name = assembler.find(part)
    path = assembler.locate(name) if name else type(part).__name__
    width = getattr(part, attribute, None)
    if isinstance(width, int):
        return Width(width, path, is_guessed=assembler.is_guessed(path))
    if not isinstance(part, StandIn):
        shown = f"{path} ({type(part).__name__})" if name else path
        message = (
            f"{shown} has no {attribute}: what comes after it is built from this width,"
            f" so set self.{attribute} in its constructor"
        )
        report(CompositionError(message, path=path))
    return Width(1, path, is_guessed=True)


def report(error: CompositionError) -> None:
    """Raise what is wrong; in a check it is collected, and the wiring goes on."""
    running_assembler().report(error)


def refuse_unknown(named: Iterable[str], known: Collection[str], *, at: str, what: str, are: str) -> None:
    """Report each name that settings have at a path, and the data don't, with the nearest known one.

    ``what`` says so, and ``are`` what the known ones are.
    """
    for name in named:
        if name not in known:
            there = f"{did_you_mean(name, known)} ({are.format(', '.join(known))})"
            report(CompositionError(f"{at}.{name}: {what}{there}", path=f"{at}.{name}"))


def check_taken(part: Any, **widths: Width) -> None:
    """Check a part against widths that it wasn't built from, e.g. those of further inputs.

    Raises:
        WidthError: It publishes another one.
    """
    assembler = running_assembler()
    if name := assembler.find(part):
        refuse_unfit(part, widths, path=assembler.locate(name), assembler=assembler)
