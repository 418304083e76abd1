"""Hyper-parameters of a datamodule beside equally named ones of its module, for loggers."""

from pytorch_lightning import LightningDataModule

from nested_lightning.app.seam.versions import are_tested


def log_by_path(datamodule: LightningDataModule) -> None:
    """Have loggers get what a datamodule saved as ``data.batch_size``, since Lightning mixes both.

    Where the module has another value by the same name, that would be an error. ``hparams`` stays as it is.
    With versions that weren't tested nothing is done.
    """
    if are_tested() and (initial := datamodule.hparams_initial):
        named = {f"data.{name}": value for name, value in initial.items()}
        vars(datamodule)["_hparams_initial"] = type(initial)(named)
