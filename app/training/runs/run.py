"""One training from its first step to the metrics of its best checkpoint."""

import logging
import math
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from operator import or_
from pathlib import Path
from typing import Any, TypeVar

from pytorch_lightning import Callback, LightningDataModule, LightningModule, Trainer
from torchmetrics import Metric

from nested_lightning.app.checkpoints.checkpoint_io import (
    disk_full_as_user_error,
    read_checkpoint,
)
from nested_lightning.app.checkpoints.recipe import Recipe, RecordedOverride
from nested_lightning.app.data.data_summary import DataSummary
from nested_lightning.app.devices import find_device
from nested_lightning.app.errors import UserError, unwritten_report
from nested_lightning.app.random_numbers import seeded_generators
from nested_lightning.app.training.lightning_callbacks import refuse_unfit
from nested_lightning.app.training.loops import scores_of
from nested_lightning.app.training.machine.threads import (
    ThreadCount,
    count_threads,
    memory_left_as_it_is,
    torch_threads,
)
from nested_lightning.app.training.reporting.log_file import PROJECT_LOGGER, log_to_file
from nested_lightning.app.training.runs.interruption import Interruption
from nested_lightning.app.training.runs.last_checkpoint import LastCheckpoint
from nested_lightning.app.training.runs.last_training import LastTraining
from nested_lightning.app.training.runs.misfits import misfit_as_user_error
from nested_lightning.app.training.runs.result import TrainingResult
from nested_lightning.app.training.runs.run_folder import RunFolder
from nested_lightning.app.training.submodule_policies import SubmodulePolicies

CallbackT = TypeVar("CallbackT", bound=Callback)
_logger = logging.getLogger(PROJECT_LOGGER)


@dataclass(kw_only=True, eq=False, repr=False)
class TrainingRun:
    """Trains a model, evaluates its best checkpoint and writes the results.

    Args:
        trainer: Saves the best checkpoint to the run folder's ``best_checkpoint``, the last one to its
            ``last_checkpoint``.
        model: What is trained; afterwards it has the weights of the checkpoint that was evaluated.
        datamodule: Gives the parts for training, validation and test.
        run_folder: Where everything goes.
        seed: Seeds dropout and whatever else is drawn in training.
        settings: Plain values that are written to the run folder's settings file as YAML; None: no such file.
        num_threads: Threads that torch computes with, see `ThreadCount`.
        batch_size: Samples of a training batch, by which ``auto`` threads go.
        resume_from: Checkpoint from which the training goes on; None: from the beginning.
        result: What the training came to when it ended before: nothing is trained or written any more.
        keep: Called with the model after its training, in evaluation mode; returns what makes the result's
            predictor. None: nothing is kept.
        device: Where the model is put then, e.g. ``auto``, see `find_device`.
        last_training: Keeps how the training ends.
        summarize_data: Returns what was understood of the data, which may read them; None: nothing is known.
        write_report: Called with the result when all else is done, and with the seconds that it took to score
            the parts, infinite where one process can't do it alone; None: there is no report.

    Attributes:
        looks_at_test: Whether the test part is evaluated; a training that ended without goes on with that.
    """

    trainer: Trainer
    model: LightningModule
    datamodule: LightningDataModule
    run_folder: RunFolder
    seed: int = 0
    settings: Mapping[str, Any] | None = None
    num_threads: ThreadCount = None
    batch_size: int = 1
    resume_from: Path | None = None
    result: TrainingResult | None = None
    keep: Callable[[LightningModule], Callable[[], Any]] | None = None
    device: str = "cpu"
    last_training: LastTraining = field(default_factory=LastTraining)
    summarize_data: Callable[[], DataSummary | None] = lambda: None
    write_report: Callable[[TrainingResult, float], None] | None = None
    looks_at_test: bool = field(default=True, init=False)
    _scoring_s: float = field(default=0.0, init=False)

    @cached_property
    def data_summary(self) -> DataSummary | None:
        """What was understood of the data; None: nothing is known, or nothing is left to train."""
        return None if self.result is not None else self.summarize_data()

    def __repr__(self) -> str:
        return f"<training of {type(self.model).__name__} in {self.run_folder.path}>"

    def __call__(self) -> TrainingResult:
        """Train, evaluate, write and return the results.

        Raises:
            UserError: The disk is full, the checkpoint to go on from can't be read, there are results and no
                checkpoint, or another process trains in the run folder.
            TrainingInterruptedError: A signal ended it. Where it was in training, it is saved.
        """
        with self.last_training.watching(self.run_folder):
            result = self._run()
            result = replace(result, make_predictor=self._hand_over())
        if self.result is None and self.run_folder.results_file.exists() and self.trainer.is_global_zero:
            self._report(result)
        return result

    def _run(self) -> TrainingResult:
        if self.result is not None:
            self._load_best()
            return self.result if self.result.test_metrics else self._with_test(self.result)
        if self.resume_from is None and self.trainer.global_step == 0:
            self.run_folder.refuse_to_replace_results()
        # of several processes, which share the folder, the first one locks it
        held = self.run_folder.locked() if self.trainer.is_global_zero else nullcontext()
        refuse_unfit(self.trainer.callbacks, self.model)  # type: ignore[attr-defined]
        with disk_full_as_user_error(self.run_folder.path), held, self._listening():
            return self._train_and_evaluate()

    def _with_test(self, result: TrainingResult) -> TrainingResult:
        """Return a result with scores of the test part, which nobody has looked at so far."""
        with seeded_generators(self.seed):
            (scores,) = self._score("test")
        result = replace(result, test_metrics=scores)
        if scores and self.trainer.is_global_zero:
            result.write()
        return result

    def _report(self, result: TrainingResult) -> None:
        """Write the report, which never costs a training that has ended well."""
        if self.write_report is None:
            return
        try:
            with log_to_file(None):
                self.write_report(result, self._scoring_s if self.trainer.world_size == 1 else math.inf)
        except (Exception, KeyboardInterrupt) as error:
            warnings.warn(unwritten_report(error), stacklevel=3)

    def _train_and_evaluate(self) -> TrainingResult:
        began_at_s, settings = time.monotonic(), self.settings or {}
        if self.trainer.is_global_zero:
            self.run_folder.remove_leftovers()
        if self.settings is not None and self.trainer.is_global_zero:
            self.run_folder.write_settings(self.settings, self.recipe)
        with (
            log_to_file(self.run_folder.log_file if self.trainer.is_global_zero else None),
            torch_threads(count_threads(self.num_threads, self.model, batch_size=self.batch_size)),
            memory_left_as_it_is(),
            seeded_generators(self.seed),
            misfit_as_user_error(
                self.trainer, overfits=bool(settings.get("trainer", {}).get("overfit_batches"))
            ),
        ):
            for line in self.data_summary.log_lines() if self.data_summary else ():
                _logger.info("data: %s", line)
            for override in self._overrides:
                _logger.info("override %s: %s", override.path, override.text_with_digest)
            self.trainer.ckpt_path = self.resume_from  # as an argument of fit, no callback's setup knew it
            self.trainer.fit(self.model, datamodule=self.datamodule, weights_only=True)
            self.trainer.ckpt_path = None
            num_steps = self.trainer.global_step
            is_trial = bool(self.trainer.fast_dev_run)  # type: ignore[attr-defined]
            checkpoint = self.run_folder.checkpoint_of_results if is_trial else self._load_best()
            validation_metrics, test_metrics = self._score("val", "test")
            _logger.info("%s: validation %s, test %s", checkpoint, validation_metrics, test_metrics)
        file = settings.get("init_from")
        earlier_s = sum(each.earlier_s for each in self._callbacks(LastCheckpoint))
        result = TrainingResult(
            run_folder=self.run_folder,
            best_checkpoint=checkpoint,
            num_steps=num_steps,
            duration_s=earlier_s + time.monotonic() - began_at_s,
            validation_metrics=validation_metrics,
            test_metrics=test_metrics,
            data=self.data_summary.to_dict() if self.data_summary else {},
            overrides={each.path: each.text_with_digest for each in self._overrides},
            init_from={"file": str(file), "sha256": str(settings["init_sha256"])} if file else {},
            init_parts=reduce(or_, (each.taken for each in self._callbacks(SubmodulePolicies)), {}),
        )
        if is_trial:
            _logger.warning(
                "trainer.fast_dev_run: each loop was tried, and nothing kept: there is no checkpoint"
            )
        elif self.trainer.is_global_zero:
            result.write()
        return result

    @property
    def _overrides(self) -> tuple[RecordedOverride, ...]:
        return () if self.recipe is None else self.recipe.overrides

    @property
    def recipe(self) -> Recipe | None:
        """What a checkpoint says of the model; None: it has none."""
        return getattr(self.model, "recipe", None)

    @property
    def has_ended(self) -> bool:
        """Whether there is nothing left to do: the training has ended, and its results are known."""
        return self.result is not None

    def _callbacks(self, kind: type[CallbackT]) -> list[CallbackT]:
        return [one for one in self.trainer.callbacks if isinstance(one, kind)]  # type: ignore[attr-defined]

    def _listening(self) -> AbstractContextManager[None]:
        return next((one.listening(self.trainer) for one in self._callbacks(Interruption)), nullcontext())

    def _load_best(self) -> Path:
        """Load the weights of the best checkpoint; of the last one, where no validation chose a best."""
        folder = self.run_folder
        self.trainer.strategy.barrier("the first process has written its checkpoints")
        path = folder.checkpoint_of_results
        if not path.exists() and self.resume_from is None and self.trainer.global_step == 0:
            raise UserError(
                "the training ended before its first step, and saved nothing: look at what stops it, e.g. a"
                " timer whose duration is 0"
            )
        content = read_checkpoint(path)
        self.model.on_load_checkpoint(content)
        self.model.load_state_dict(content["state_dict"])
        for module in self.model.modules():
            if isinstance(module, Metric):  # has seen the whole training, as the best value so far does
                module.reset()
        return path

    def _hand_over(self) -> Callable[[], Any] | None:
        if self.keep is None or self.trainer.fast_dev_run:  # type: ignore[attr-defined]
            return None
        return self.keep(self.model.eval().to(find_device(self.device)))

    def _score(self, *parts: str) -> list[dict[str, float]]:
        began_at_s = time.monotonic()
        wanted = [part for part in parts if part != "test" or self.looks_at_test]
        scores = scores_of(wanted, trainer=self.trainer, model=self.model, datamodule=self.datamodule)
        self._scoring_s = time.monotonic() - began_at_s
        return [scores.get(part, {}) for part in parts]
