"""The exception for what a user can put right, and wording that its messages share."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any


class UserError(ValueError):
    """A mistake in the input: a file, a column, a value, a combination of choices.

    The message says what is wrong, where, what was allowed and what to do. The command line prints it
    without a traceback and exits with status 2.
    """


class RowError(UserError):
    """A mistake in one row, whose number stands at ``{row}`` in the text; ``row`` counts from 0."""

    def __init__(self, text: str, *, row: int) -> None:
        super().__init__(text.replace("{row}", f"{row + 1:,}"))
        self._text, self._row = text, row

    def within(self, rows: Sequence[int]) -> "RowError":
        """Return the same where those that were given are some of the ``rows`` of a table, from 0."""
        return RowError(self._text, row=int(rows[self._row]))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle with the row, which the message alone doesn't hold."""
        return partial(RowError, row=self._row), (self._text,)


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """Return ``"; did you mean 'kar'?"`` for the nearest allowed name, or an empty string."""
    near = difflib.get_close_matches(name, list(allowed), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def name_list(names: Iterable[object] | Mapping[str, int], limit: int = 6) -> str:
    """Return ``'a', 'b' and 3 more``, short enough for a message; counts in a mapping follow in brackets."""
    if isinstance(names, Mapping):
        quoted = [f"'{name}' ({count:,})" for name, count in names.items()]
    else:
        quoted = [f"'{name}'" for name in names]
    if len(quoted) <= limit + 1:
        return ", ".join(quoted)
    return f"{', '.join(quoted[:limit])} and {len(quoted) - limit:,} more"


def counted(count: int, noun: str) -> str:
    """Return ``1 row`` or ``2,000 rows``; ``noun`` takes an s or, ending in s, an es."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun}{'es' if noun.endswith('s') else 's'}"


def unwritten_report(error: BaseException) -> str:
    """Return the sentence that a report, which costs none of what it is about, couldn't be written."""
    said = " ".join(str(error).split()) or "it was interrupted"
    return (
        f"no report was written: {said}; the command report makes it later, and trainer.use_report=false"
        " leaves it out"
    )


@contextmanager
def errors_naming(source: object) -> Iterator[None]:
    """Put the file's name before the message of a ``UserError`` raised within, unless it has it."""
    try:
        yield
    except UserError as error:
        is_named = str(error).startswith(str(source))
        raise UserError(str(error) if is_named else f"{source}: {error}") from error.__cause__
