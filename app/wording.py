"""Words that messages about data share."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from nested_lightning.app.errors import UserError


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


@contextmanager
def errors_naming(source: object) -> Iterator[None]:
    """Put the file's name before the message of a ``UserError`` raised within, unless it stands there."""
    try:
        yield
    except UserError as error:
        is_named = str(error).startswith(str(source))
        raise UserError(str(error) if is_named else f"{source}: {error}") from error.__cause__
