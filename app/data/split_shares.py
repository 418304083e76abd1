"""What splitters are told: the shares of parts, which fold of how many, and the column that they go by."""

from dataclasses import dataclass

from nested_lightning.app.errors import UserError


@dataclass(frozen=True, kw_only=True)
class ColumnReader:
    """What splitters that go by a column have in common.

    Args:
        column: Its name.
    """

    column: str

    @property
    def reserved_columns(self) -> tuple[str, ...]:
        """The column, which is therefore no feature."""
        return (self.column,)


@dataclass(frozen=True, kw_only=True)
class Shares:
    """What splitters by shares have in common.

    Args:
        val_fraction: Share that validates, in [0, 1).
        test_fraction: Share that tests, in [0, 1).

    Raises:
        UserError: One is negative, or they come to 1 or more.
    """

    val_fraction: float = 0.15
    test_fraction: float = 0.2

    def __post_init__(self) -> None:
        val, test = self.val_fraction, self.test_fraction
        if min(val, test) < 0 or val + test >= 1:
            raise UserError(
                f"val_fraction {val:g} and test_fraction {test:g} leave nothing to train on;"
                " both must be at least 0 and their sum less than 1"
            )


@dataclass(frozen=True, kw_only=True)
class OneFold:
    """What splitters by folds have in common.

    Args:
        num_folds: Number of folds, at least 2.
        fold: Which one tests, from 0 to ``num_folds - 1``.
        val_fraction: Share of the rows outside it, or of their groups, that validates, in [0, 1).

    Raises:
        UserError: There is no such fold, or the share leaves nothing to train on.
    """

    num_folds: int = 5
    fold: int = 0
    val_fraction: float = 0.1

    def __post_init__(self) -> None:
        if self.num_folds < 2 or not 0 <= self.fold < self.num_folds:
            raise UserError(
                f"fold {self.fold} of {self.num_folds}: at least 2 folds are needed, counted from 0"
            )
        if not 0 <= self.val_fraction < 1:
            raise UserError(f"val_fraction is {self.val_fraction:g}; it must be at least 0 and less than 1")
