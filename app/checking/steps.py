"""Sends batches through a composite's training, validation and prediction steps."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn

from nested_lightning.app.checking.findings import Fault, Findings, Unchecked
from nested_lightning.app.checking.gradients import (
    depends_on_all,
    list_owners,
    reached_parameters,
    without_gradient,
    without_optimizer,
)
from nested_lightning.app.checking.lazy_layers import materialise
from nested_lightning.app.checking.refused import refused_modules, refused_optimizers
from nested_lightning.app.checking.step_trainer import StepTrainer, unlogged, without_scores
from nested_lightning.app.checking.submodule_table import SubmoduleRow, list_submodules, repeat_row
from nested_lightning.app.checking.submodule_watch import SubmoduleWatch, Suggest
from nested_lightning.app.training.loops import call_step
from nested_lightning.app.training.submodule_policies import SubmodulePolicies


class StepCheck:
    """Checks one composite by single steps; it is of no use for a training afterwards.

    Args:
        model: The composite, on ``meta`` or on the CPU.
        submodules: What was injected, by path below it; where nothing was, its own children are looked at.
        root: Its own path, e.g. ``multi_feature``.
        findings: Where faults go.
        suggest: What to do about widths that don't fit: takes the paths of those that give them, and of the
            one that takes them.
        widths: Output widths that submodules were asked for, by path; None: not known.
        has_to_learn: Whether each submodule must have a gradient and an optimiser.
        seed: Seed of the initial weights of lazy layers.
        unknown: Types of what batches hold besides tensors, see `SubmoduleWatch`.
    """

    def __init__(
        self,
        *,
        model: LightningModule,
        submodules: Mapping[str, nn.Module],
        root: str,
        findings: Findings,
        suggest: Suggest,
        widths: Mapping[str, int] | None = None,
        has_to_learn: bool = True,
        seed: int = 0,
        unknown: Collection[str] = (),
    ) -> None:
        self.model = model
        self.root = root
        self.findings = findings
        self.has_to_learn = has_to_learn
        self._injected = submodules.keys()
        submodules = submodules or dict(model.named_children())
        self.trainer = StepTrainer(model)
        self.watch = SubmoduleWatch(
            submodules=submodules,
            root=root,
            findings=findings,
            suggest=suggest,
            widths=widths or {},
            unknown=unknown,
        )
        self._seed = seed
        self._unfreezing: dict[nn.Module, int] = {}
        self._owners = list_owners(model, submodules)
        self._is_on_meta = any(parameter.is_meta for parameter in model.parameters())
        model.trainer = self.trainer  # type: ignore[assignment]

    def __call__(
        self, batches: Sequence[Any], policies: SubmodulePolicies, *, is_brief: bool = False
    ) -> None:
        """Apply policies, build the optimisers, and send each batch through all steps.

        Args:
            batches: On the composite's device.
            policies: How single submodules learn.
            is_brief: Leave out prediction, and the backward pass of a loss whose graph has all parameters.
        """
        for fault in (refused := [*refused_modules(self.model, root=self.root)]):
            self.findings.add(fault)
        if refused:
            return
        materialise(self.model, lambda: batches, seed=self._seed, path=self.root)
        with torch.random.fork_rng(devices=[]), unlogged(self.model):
            single = [*policies.single()]
            for policy in single:
                with self.watch.step("policies"):
                    policy.setup(self.trainer, self.model, "fit")  # type: ignore[arg-type]
                self._unfreezing.update(policy.unfreezing)
            if self.has_to_learn or any(p.requires_grad for p in self.model.parameters()):
                self._optimize()
            for policy in single if self.trainer.optimizers else ():
                with self.watch.step("policies"):
                    policy.on_fit_start(self.trainer, self.model)  # type: ignore[arg-type]
            self._train(batches, is_brief=is_brief)
            self._evaluate(batches, has_to_predict=not is_brief)

    def _optimize(self) -> None:
        with self.watch.step("optimisers"):
            self.trainer.use(self.model.configure_optimizers())
            for fault in refused_optimizers(self.model, self.trainer.optimizers, root=self.root):
                self.findings.add(fault)
            if self.has_to_learn:
                self._add_idle(
                    without_optimizer(self.model, self.trainer.optimizers, self._owners, root=self.root)
                )

    def rows(self, makers: Mapping[str, str], overridden: Collection[str]) -> list[SubmoduleRow]:
        """Return what each submodule takes, gives and costs, after the steps.

        Which provider made it is given by path, and which were ``overridden``.
        """
        rows = list_submodules(
            self.model,
            self.watch.submodules,
            owners=self._owners,
            calls=self.watch.calls,
            optimizers=self.trainer.optimizers,
            makers=makers,
            overridden=overridden,
            unfreezing=self._unfreezing,
        )
        first = {row.path: row for row in rows}
        return rows + [repeat_row(first[path], at) for at, path in self.watch.same.items()]

    def _add_idle(self, faults: Iterable[Fault], skipped: Collection[str] = ()) -> None:
        """Add what an optimiser doesn't move; what a module makes itself, something else may move."""
        for fault in faults:
            path = fault.path.removeprefix(self.root).removeprefix(".")
            if path not in skipped:
                why = f"{fault.what}; right where something else moves them, as in a target network"
                self.findings.add(fault if path in self._injected else Unchecked(path=fault.path, why=why))

    def _train(self, batches: Sequence[Any], *, is_brief: bool) -> None:
        self.model.train()
        is_whole = bool(batches)
        with reached_parameters(self.model) as reached:
            for batch in batches:
                is_done = False
                with self._step("training step"):
                    loss = _loss(call_step(self.model.training_step, batch))
                    if self.model.automatic_optimization and loss is not None and loss.requires_grad:
                        if is_brief and depends_on_all(loss, self.model):
                            reached.update(map(id, self.model.parameters()))
                        else:
                            loss.backward()
                    is_done = True
                is_whole = is_whole and is_done
        if is_whole and self.has_to_learn:
            self._check_gradients(reached)

    def _check_gradients(self, reached: set[int]) -> None:
        known = [path for path in self.watch.submodules if self.findings.concerns(f"{self.root}.{path}")]
        untrained = getattr(self.model, "untrained", ())
        skipped = {path for path in self.watch.submodules if path.startswith(tuple(untrained))} | {*known}
        self._add_idle(without_gradient(self.model, reached, self._owners, root=self.root), skipped)

    def _evaluate(self, batches: Sequence[Any], *, has_to_predict: bool) -> None:
        self.model.eval()
        has_to_predict &= type(self.model).predict_step is not LightningModule.predict_step
        with torch.no_grad():
            for batch in batches:
                with self._step("validation step"):
                    call_step(self.model.validation_step, batch)
                if has_to_predict:
                    with self._step("prediction step"):
                        call_step(self.model.predict_step, batch)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        with self.watch.step(name), without_scores(self.model) if self._is_on_meta else nullcontext():
            yield


def _loss(output: Any) -> Tensor | None:
    return output["loss"] if isinstance(output, Mapping) else output
