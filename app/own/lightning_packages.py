"""Classes of the other package that Lightning comes in, whose objects this one's Trainer doesn't take."""

from pytorch_lightning import LightningDataModule, LightningModule

from nested_lightning.app.errors import UserError

_OTHER = "lightning.pytorch"


def refuse_other_base(kind: type, base: type[LightningModule | LightningDataModule], place: str) -> None:
    """Refuse a class that doesn't derive from one of Lightning's; ``place`` is what is said to be of it."""
    if issubclass(kind, base):
        return
    what = f"{place} is a {kind.__name__}"
    if is_of_other_package(kind):
        raise UserError(
            f"{what}, which derives from {_OTHER}.{base.__name__}: objects of that package don't work with"
            f" those of pytorch_lightning; write 'import pytorch_lightning' in the place of '{_OTHER}'"
        )
    raise UserError(f"{what}, which is no pytorch_lightning.{base.__name__}; derive it from that")


def is_of_other_package(kind: type) -> bool:
    """Return whether a class derives from one of ``lightning.pytorch``."""
    return any(f"{base.__module__}.".startswith(f"{_OTHER}.") for base in kind.__mro__)
