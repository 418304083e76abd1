"""The one exception for what the person at the keyboard can put right."""

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """A mistake in the input: a file, a column, a value, a combination of choices.

    The message says what is wrong, where, what was allowed and what to do. The command line prints it
    without a traceback and exits with status 2.
    """


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """Return ``"; did you mean 'kar'?"`` for the nearest allowed name, or an empty string."""
    near = difflib.get_close_matches(name, list(allowed), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""
