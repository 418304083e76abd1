"""Makes a stranger's datamodule ready, so that its parts have the same rows each time, in each process."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pytorch_lightning import LightningDataModule
from torch.utils.data import Dataset, Subset

from nested_lightning.app.assembly.wiring.lightning_packages import refuse_other_base
from nested_lightning.app.data.fingerprint import fingerprint
from nested_lightning.app.errors import UserError
from nested_lightning.app.seam.hyper_parameters import log_by_path
from nested_lightning.app.training.runs.random_state import seeded_generators

_SEED = 0
"""Not the training's: evaluating or training anew with another seed leaves each row in its part."""


def make_datamodule(make: Callable[[], LightningDataModule], *, path: str) -> LightningDataModule:
    """Return a datamodule whose hooks draw the same numbers whenever Lightning calls them.

    Args:
        make: Makes it.
        path: Of its provider, for messages.

    Raises:
        UserError: It is no LightningDataModule.
    """
    with seeded_generators(_SEED):
        datamodule: Any = make()
    refuse_other_base(type(datamodule), LightningDataModule, path)
    log_by_path(datamodule)
    for hook in ("prepare_data", "setup"):
        setattr(datamodule, hook, RepeatableHook(datamodule, hook))
    made: LightningDataModule = datamodule
    return made


def set_up(datamodule: LightningDataModule) -> LightningDataModule:
    """Return a datamodule after it was made ready for training."""
    datamodule.prepare_data()
    datamodule.setup("fit")
    return datamodule


class RepeatableHook:
    """A hook of a datamodule that draws the same random numbers in each call, whatever its stage.

    So ``random_split`` without a generator gives the same rows for training, test and prediction, in each
    process and on each rank. The caller's generators are left as they were.

    Args:
        datamodule: Of a stranger.
        hook: Name of its method.
    """

    def __init__(self, datamodule: LightningDataModule, hook: str) -> None:
        self._datamodule, self._hook = datamodule, hook
        self._splits: dict[str, dict[str, list[int]]] = {}

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        """The method, by which Lightning finds out whether the datamodule has one of its own."""
        method: Callable[..., Any] = getattr(type(self._datamodule), self._hook)
        return method

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Call the method.

        Raises:
            UserError: It parts the rows otherwise than when it was last called for the same stage.
        """
        before = _datasets(self._datamodule)
        self._draw(_SEED, *args, **kwargs)
        if _repeats(before, _datasets(self._datamodule)):
            self._draw(_SEED + 1, *args, **kwargs)
        self._refuse_other_rows(str([*args, *kwargs.values()]))

    def _draw(self, seed: int, *args: Any, **kwargs: Any) -> None:
        with seeded_generators(seed):
            self.__wrapped__(self._datamodule, *args, **kwargs)

    def _refuse_other_rows(self, call: str) -> None:
        found = _datasets(self._datamodule).items()
        split = {name: [*map(int, one.indices)] for name, one in found if isinstance(one, Subset)}
        for name in self._splits.setdefault(call, split):
            if name in split and split[name] != self._splits[call][name]:
                raise UserError(
                    f"{type(self._datamodule).__name__}.{self._hook} gives other rows for '{name}' each time"
                    " it is called, so that rows of one part would come into another: seed what it draws"
                    " them with, e.g. random_split(…, generator=torch.Generator().manual_seed(0))"
                )


def _datasets(datamodule: LightningDataModule) -> dict[str, Any]:
    """Return the data sets with rows that a datamodule holds, by attribute."""
    return {
        name: one
        for name, one in vars(datamodule).items()
        if isinstance(one, Dataset) and hasattr(one, "__getitem__") and hasattr(one, "__len__")
    }


def _repeats(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Return whether a part that is new begins as another one does: it was drawn with the same numbers."""
    new = [after[name] for name in after.keys() - before.keys()]
    drawn = [one for one in new if not isinstance(one, Subset) and not _is_among(one, before.values())]
    return bool(drawn) and bool({*map(_first_row, drawn)} & {*map(_first_row, before.values())} - {None})


def _is_among(one: object, others: Iterable[object]) -> bool:
    return any(one is other for other in others)


def _first_row(data: Any) -> str | None:
    """Return a hash of the first row of a data set, or of the one that it is part of; None: there is none."""
    while isinstance(data, Subset):
        data = data.dataset
    try:
        with seeded_generators(_SEED):
            return fingerprint(data[0])
    except Exception:  # of a stranger's data set, which need not have such a row
        return None
