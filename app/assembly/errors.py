"""What goes wrong when a composite is put together."""

from typing import Any

from nested_lightning.app.errors import UserError


class CompositionError(UserError):
    """Submodules that don't fit together; the message names their providers.

    Args:
        message: What is wrong.
        path: Dotted path of the provider at fault; empty where it is none in particular.
        cause: The error behind it.
        given: Width that the one at fault was built from, or widths by name; None: none.
    """

    def __init__(
        self, message: str, *, path: str = "", cause: Exception | None = None, given: Any = None
    ) -> None:
        super().__init__(message)
        self.path = path
        self.given = given
        self.__cause__ = cause


class WidthError(CompositionError):
    """Two submodules whose widths don't fit."""

    def __init__(self, *, giver: str, given: int, taker: str, taken: int) -> None:
        self.giver, self.given, self.taker, self.taken = giver, given, taker, taken
        super().__init__(
            f"{giver} gives {given} features, but {taker} takes {taken}: "
            f"set or override one of the two so that the widths are the same",
            path=taker,
        )


class OverrideRefusedError(CompositionError):
    """A replacement lacks what is expected at its place, where it was put."""

    def __init__(self, path: str, replacement: str, expected: str, lacks: list[str]) -> None:
        self.lacks = lacks
        super().__init__(
            f"{path}: {replacement} is refused: {'; '.join(lacks)}; needed: {expected}", path=path
        )
