"""What is done about samples that can't be used: the first one ends it, or all are left out and counted."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from app.data.wording import counted, name_list
from app.errors import UserError


class BadSamples:
    """Collects samples that can't be used.

    Args:
        is_skipped: Leave them out; otherwise the first one is an error.
    """

    def __init__(self, *, is_skipped: bool) -> None:
        self.is_skipped = is_skipped
        self.messages: dict[str, str] = {}

    @contextmanager
    def naming(self, name: str) -> Iterator[None]:
        """Note a ``UserError`` raised within under the sample's name, or raise it with the name in front.

        Raises:
            UserError: Bad samples are not left out.
        """
        try:
            yield
        except UserError as error:
            if not self.is_skipped:
                raise UserError(f"{name}: {error}; --skip-bad leaves out what can't be used") from None
            self.messages[name] = str(error)

    def report(self, num_all: int) -> None:
        """Warn of how many were left out, and name some of them with the first reason.

        Args:
            num_all: Number of samples, good and bad.

        Raises:
            UserError: None is left.
        """
        if not self.messages:
            return
        first = next(iter(self.messages.values()))
        text = (
            f"{len(self.messages):,} of {counted(num_all, 'picture')} left out: "
            f"{name_list(self.messages)} (the first one: {first})"
        )
        if len(self.messages) == num_all:
            raise UserError(f"no picture can be used; {text}")
        warnings.warn(text, stacklevel=2)
