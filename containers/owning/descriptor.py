"""The descriptor of a family of one's own."""

from typing import Any

from nested_lightning.app.errors import UserError
from nested_lightning.settings.family import Family


def family_of(function: Any) -> Family:
    """Return the descriptor of a function that `family` made a family.

    Raises:
        UserError: It isn't one.
    """
    found = getattr(function, "family", None)
    if not isinstance(found, Family):
        raise UserError(f"{function!r} is no family: decorate the wiring function with @family('NAME')")
    return found
