"""What single submodules start from, and how they learn: by their paths."""

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.strategies import DDPStrategy
from torch import nn
from typing_extensions import override

from nested_lightning.app.checkpoints.left_out import LeftOut, leave_out, left_out_of
from nested_lightning.app.checkpoints.submodule_names import find_submodules
from nested_lightning.app.errors import UserError
from nested_lightning.app.temporary_attributes import temporary_attributes
from nested_lightning.app.training.adapters import (
    adapted_layers,
    described_adapters,
    freeze_base,
    is_of_adapter,
    keep_statistics,
)
from nested_lightning.app.training.epoch_callback import TemporaryChange
from nested_lightning.app.training.feature_cache import FeatureCache
from nested_lightning.app.training.layer_decay import list_layers
from nested_lightning.app.training.parameter_groups import (
    grouped_by_options,
    lack_own_optimizer,
    lost_options,
    treat_apart,
)
from nested_lightning.app.training.part_weights import load_part
from nested_lightning.app.training.pretrained_weights import find_in_files
from nested_lightning.app.training.runs.run_folder import model_file_in
from nested_lightning.app.training.submodule_policy import SubmodulePolicy

_logger = logging.getLogger("nested_lightning.submodule_policies")


class SubmodulePolicies(TemporaryChange):
    """Sets up the submodules that policies name, before the optimisers are built.

    Weights are loaded at the beginning of a training alone, not where it goes on. What is frozen for good is
    left out of the optimiser. What learns later is in it from the beginning, without gradients.

    Args:
        family: First name of all paths, e.g. ``multi_feature``.
        policies: Policies by path, where ``*`` stands for one name; of two that match, the later one counts.

    Attributes:
        taken: What was taken of other files as first weights, by path, as plain data; checkpoints keep it.
    """

    def __init__(self, *, family: str, policies: Mapping[str, SubmodulePolicy]) -> None:
        self._family = family
        self._policies = policies
        self.taken: dict[str, dict[str, Any]] = {}
        self._frozen: list[tuple[nn.Module, int | None]] = []
        self._caches: list[FeatureCache] = []
        self._left_out: list[LeftOut] = []
        self._adapted: list[nn.Module] = []
        self._with_options: dict[str, nn.Module] = {}
        self._with_optimizer: dict[str, nn.Module] = {}

    def single(self) -> Iterator["SubmodulePolicies"]:
        """Yield one of its kind for each path, so that the fault of one doesn't hide another's."""
        for path, policy in self._policies.items():
            yield SubmodulePolicies(family=self._family, policies={path: policy})

    @property
    def unfreezing(self) -> dict[nn.Module, int]:
        """What is frozen only to begin with, and the epoch in which it learns, after `setup`."""
        return {module: epoch for module, epoch in self._frozen if epoch is not None}

    @override
    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Load weights, freeze, and set learning rates.

        Raises:
            UserError: A path matches nothing, weights don't fit, nothing is left to train, or one is to
                be unfrozen where several processes train.
        """
        if stage != "fit":
            return
        self._frozen, self._adapted, self._with_options, self._with_optimizer = [], [], {}, {}
        self._left_out, self._caches = [], []
        for path, policy in self._policies.items():
            for name, module in find_submodules(pl_module, self._family, path).items():
                is_loaded = trainer.ckpt_path is None and ("*" not in path or bool(module.state_dict()))
                self._apply(policy, f"{self._family}.{name}", module, is_loaded=is_loaded)
        for module in self._adapted:
            freeze_base(module)
        if isinstance(trainer.strategy, DDPStrategy) and any(epoch is not None for _, epoch in self._frozen):
            raise UserError("unfreeze_at_epoch can't be used where several processes train: use one device")
        if not any(parameter.requires_grad for parameter in pl_module.parameters()):
            raise UserError("submodules: everything is frozen, so there is nothing to train")
        if self._with_options:
            configure = partial(_configure, pl_module.configure_optimizers)
            self.changes.enter_context(temporary_attributes(pl_module, configure_optimizers=configure))

    @override
    def state_dict(self) -> dict[str, Any]:
        return {"taken": self.taken} if self.taken else {}

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.taken = dict(state_dict.get("taken", {}))

    @override
    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """See that the optimisers, which are built by now, begin with what was set.

        Raises:
            UserError: One of them doesn't.
        """
        for path, module in self._with_options.items():
            if lost := lost_options(module.parameters(), trainer.optimizers):
                configured = f"{type(pl_module).__name__}.configure_optimizers"
                raise UserError(
                    f"submodules.{path}: {' and '.join(lost)} would have no effect, as {configured} gives"
                    " these weights to no optimiser that takes it, or to a schedule that sets it for all"
                )
        for path, module in self._with_optimizer.items():
            if lack_own_optimizer(module.parameters(), trainer.optimizers):
                raise UserError(
                    f"submodules.{path}.optimizer would have no effect, as"
                    f" {type(pl_module).__name__}.configure_optimizers builds the optimisers itself"
                )

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Freeze what is frozen in this epoch, and keep from now on what is made by what is to be cached."""
        self._freeze(trainer.current_epoch)
        for cache in self._caches:
            cache.begin()
            self.changes.callback(cache.end)

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """See that what is kept is of use."""
        for cache in self._caches:
            cache.end_epoch()

    @override
    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._freeze(trainer.current_epoch)

    @override
    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Leave out frozen weights beside adapters, where a policy says so."""
        if self._left_out:
            leave_out(checkpoint, self._left_out)

    @override
    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Restore what was left out of the checkpoint from which a training goes on."""
        self._left_out = left_out_of(checkpoint)

    def _apply(self, policy: SubmodulePolicy, path: str, module: nn.Module, *, is_loaded: bool) -> None:
        if is_loaded:
            self._load(policy, path, module)
        options = {"lr": policy.lr, "weight_decay": policy.weight_decay}
        if own := {name: value for name, value in options.items() if value is not None}:
            self._with_options[path] = module
            treat_apart(module.parameters(), **own)
        if policy.layer_decay is not None:
            self._with_options[path] = module
            _decay(module, path, policy.lr, policy.layer_decay)
        if policy.lora is not None and any(True for _ in module.parameters()):
            self._take_adapters(path, module)
        if policy.optimizer is not None:
            self._with_optimizer[path] = module
            treat_apart(module.parameters(), optimizer=policy.optimizer)
        if policy.freeze:
            treat_apart(module.parameters())
            self._frozen.append((module, policy.unfreeze_at_epoch))
            module.requires_grad_(policy.unfreeze_at_epoch is not None)
        if policy.cache:
            self._caches.append(FeatureCache(module, path=path, limit_mb=policy.cache_limit_mb))

    def _load(self, policy: SubmodulePolicy, path: str, module: nn.Module) -> None:
        leaves_out = policy.lora is not None and policy.lora.save == "adapters"
        if policy.init_from is None:
            self._left_out += find_in_files(module, path) if leaves_out else []
            return
        file = model_file_in(policy.init_from)
        there = policy.init_path and policy.init_path.replace("*", path.rpartition(".")[2])
        taken = load_part(module, path, file, init_path=there, is_part_enough=policy.init_partly)
        self.taken[path] = taken.record
        if leaves_out:
            here = path.partition(".")[2]
            names = {f"{here}.{name}": key for name, key in taken.names.items() if not is_of_adapter(name)}
            self._left_out.append(
                LeftOut(file=str(file.absolute()), sha256=taken.record["sha256"], names=names)
            )

    def _take_adapters(self, path: str, module: nn.Module) -> None:
        if not adapted_layers(module):
            raise UserError(
                f"submodules.{path}.lora has no effect, as no wiring function of the family's puts this model"
                " together; use peft in a class of yours"
            )
        self._adapted.append(module)
        treat_apart(module.parameters())
        _logger.info("%s: %s", path, described_adapters(module))

    def _freeze(self, epoch: int) -> None:
        for module, unfrozen_at in self._frozen:
            learns = unfrozen_at is not None and epoch >= unfrozen_at
            if module.training != learns or unfrozen_at is not None:
                module.train(learns)
                module.requires_grad_(learns)
        for module in self._adapted:
            freeze_base(module)
            keep_statistics(module)


def _configure(configure: Callable[[], Any]) -> Any:
    """Return what ``configure_optimizers`` gives, with groups of their own for parameters with options."""
    try:
        with grouped_by_options():
            return configure()
    except ValueError as error:
        raise UserError(f"submodules: the optimiser can't have several rates or decays: {error}") from error


def _decay(module: nn.Module, path: str, lr: float | None, decay: float) -> None:
    layers = list_layers(module, path=path)
    for layer, parameters in enumerate(layers):
        factor = decay ** (len(layers) - 1 - layer)
        treat_apart(parameters, **({"lr_factor": factor} if lr is None else {"lr": lr * factor}))
    _logger.info("%s: a learning rate for each of %d layers, %g apart", path, len(layers), decay)
