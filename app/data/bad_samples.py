"""How unusable samples are handled: the first is an error, or all are left out and counted."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from nested_lightning.app.errors import UserError, counted, name_list
from nested_lightning.app.foreign_files import foreign_file


class BadSamples:
    """Collects samples that can't be used; unless they are skipped, the first one is an error."""

    def __init__(self, *, is_skipped: bool) -> None:
        self.is_skipped = is_skipped
        self.left_out: list[tuple[str, str]] = []

    @contextmanager
    def naming(self, name: str) -> Iterator[None]:
        """Note what goes wrong within under the sample's name, or raise it with the name in front.

        Raises:
            UserError: Bad samples are not left out.
        """
        try:
            with foreign_file(name):
                yield
        except UserError as error:
            if not self.is_skipped:
                raise UserError(f"{error}; skip_bad=True leaves out what can't be used") from None
            self.left_out.append((name, str(error)))

    def report(self, num_all: int) -> None:
        """Warn of how many were left out, and name some of them with the first reason.

        Raises:
            UserError: None is left.
        """
        if not self.left_out:
            return
        names = [name for name, _ in self.left_out]
        text = (
            f"{len(names):,} of {counted(num_all, 'picture')} left out: "
            f"{name_list(names)} (the first one: {self.left_out[0][1]})"
        )
        if len(names) == num_all:
            raise UserError(f"no picture can be used; {text}")
        warnings.warn(text, stacklevel=2)
