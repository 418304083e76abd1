"""First weights of a whole model from the file of another one."""

import logging
import warnings
from collections.abc import Mapping
from pathlib import Path

from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor
from typing_extensions import override

from nested_lightning.app.checkpoints.model_file import read_model_file
from nested_lightning.app.checkpoints.recipe import Recipe, read_recipe
from nested_lightning.app.errors import UserError, counted
from nested_lightning.app.foreign_files import foreign_file, sha256_of
from nested_lightning.app.training.meanings import Transfer, match, meanings_of_lists
from nested_lightning.app.training.pretrained_weights import load_first_weights
from nested_lightning.app.training.runs.run_folder import model_file_in

_logger = logging.getLogger("nested_lightning.first_weights")
_SHOWN = 12


class FirstWeights(Callback):
    """Loads weights of another model before a training begins, and not where one goes on.

    Parts that were trained elsewhere load theirs before. Of a file, what has the same path, shape and meaning
    is taken; the rest is listed with the reason.

    Args:
        path: Checkpoint, exported file or run folder that has them; None: they stay as they were drawn.
        sha256: SHA-256 of the file in hexadecimal; None: it may be any.
    """

    def __init__(self, *, path: Path | None = None, sha256: str | None = None) -> None:
        self._path, self._sha256 = path, sha256

    @override
    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Load them, and log what isn't taken.

        Raises:
            UserError: The file can't be read, has no recipe, is another one, or has nothing that fits; or the
                weights of a part that was trained elsewhere can't be loaded.
        """
        if stage != "fit" or trainer.ckpt_path is not None:
            return
        load_first_weights(pl_module)
        if self._path is not None:
            self._load(model_file_in(self._path), pl_module)

    def _load(self, file: Path, pl_module: LightningModule) -> None:
        if self._sha256 and digest_of(file) != self._sha256:
            raise UserError(
                f"init_from: {file} isn't the file that was meant, as its SHA-256 isn't init_sha256; put that"
                " file back, or leave init_sha256 out"
            )
        content = read_model_file(file, is_part_enough=True)
        with foreign_file(file):
            transfer = transfer_to(pl_module, content["state_dict"], read_recipe(content, source=file))
            if not transfer.taken:
                raise UserError(f"nothing of it is taken as first weights; {'; '.join(transfer.lines()[:4])}")
            pl_module.load_state_dict(transfer.taken, strict=False)
        _report(transfer, file, num_wanted=len(_tensors_of(pl_module)))


def transfer_to(model: LightningModule, given: Mapping[str, Tensor], recipe: Recipe) -> Transfer:
    """Return what a model takes of another one's weights; recipes say what they stand for."""
    own = getattr(model, "recipe", None)
    meanings = getattr(model, "meanings", meanings_of_lists)
    is_like = isinstance(own, Recipe) and own.family == recipe.family
    return match(
        _tensors_of(model),
        given,
        now=meanings(own.data_spec) if isinstance(own, Recipe) else (),
        there=meanings(recipe.data_spec) if is_like else (),
        made_anew=getattr(model, "made_anew", ()),
    )


def digest_of(path: Path | None, known: str | None = None) -> str | None:
    """Return the SHA-256 of a model's file, in hexadecimal; what is known already isn't computed.

    Raises:
        UserError: The file can't be read.
    """
    if path is None or known is not None:
        return known
    return sha256_of(model_file_in(path))


def _tensors_of(model: LightningModule) -> dict[str, Tensor]:
    return {name: value for name, value in model.state_dict().items() if isinstance(value, Tensor)}


def _report(transfer: Transfer, file: Path, *, num_wanted: int) -> None:
    said = f"first weights: {len(transfer.taken)} of {counted(num_wanted, 'tensor')} from {file}"
    lines = transfer.lines()
    for line in (said, *lines):
        _logger.info("%s", line)
    if lines:
        more = [f"and {len(lines) - _SHOWN} more, see the log"] if len(lines) > _SHOWN else []
        warnings.warn("\n  ".join([f"{said}; not all of them:", *lines[:_SHOWN], *more]), stacklevel=2)
