"""Words that messages about data share."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from app.errors import UserError


def name_list(names: Iterable[object], limit: int = 6) -> str:
    """Return ``'a', 'b' and 3 more``, short enough for a message."""
    quoted = [f"'{name}'" for name in names]
    if len(quoted) <= limit + 1:
        return ", ".join(quoted)
    return f"{', '.join(quoted[:limit])} and {len(quoted) - limit:,} more"


@contextmanager
def errors_naming(source: object) -> Iterator[None]:
    """Put the file's name before the message of a ``UserError`` raised within."""
    try:
        yield
    except UserError as error:
        raise UserError(f"{source}: {error}") from error.__cause__
