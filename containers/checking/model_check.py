"""Checks an application's composite without training it."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from dependency_injector import providers
from dependency_injector.errors import Error as DependencyError

from nested_lightning.app.assembly.assembler import Assembler, is_certain, with_path
from nested_lightning.app.assembly.errors import CompositionError, WidthError
from nested_lightning.app.checking.error_places import needs_values
from nested_lightning.app.checking.findings import Fault, Findings, Unchecked
from nested_lightning.app.checking.separate_copy import SeparateCopies
from nested_lightning.app.checking.steps import StepCheck
from nested_lightning.app.checking.submodule_table import CheckReport, count_stored, noted_rows
from nested_lightning.app.errors import UserError
from nested_lightning.app.seam.meta_device import on_meta
from nested_lightning.app.training.checkpoint_content import refuse_unstorable
from nested_lightning.app.training.pretrained_weights import HOOK
from nested_lightning.containers.application import ApplicationContainer
from nested_lightning.containers.checking.call_record import CallRecord
from nested_lightning.containers.checking.width_settings import WidthSettings
from nested_lightning.containers.overrides.model_provider import OverriddenModel, RestoredModel
from nested_lightning.containers.providing.declared import without_overriding
from nested_lightning.containers.providing.trained import TrainedModel
from nested_lightning.containers.starting.bootstrapping import family_container

_LOADS_WEIGHTS = f"what a constructor loads belongs into a method {HOOK}(self), called when a training begins"
"""What to do where an error `needs_values`."""


def check_application(
    application: ApplicationContainer, *, has_real_batch: bool = False, is_brief: bool = False
) -> CheckReport:
    """Build the composite on ``meta``, send a batch through its steps, and return all that is wrong.

    The data are read for their spec; nothing is written, and what is built here is used for nothing else.

    Args:
        application: A ready container.
        has_real_batch: Build the composite on the CPU instead, and send two real samples through it.
        is_brief: Look for what a training would fail of alone; see `StepCheck`. Leave out rows of submodules.
    """
    return _Check(application, has_real_batch=has_real_batch, is_brief=is_brief)()


class _Check:
    """One check of one container."""

    def __init__(self, application: ApplicationContainer, *, has_real_batch: bool, is_brief: bool) -> None:
        self.application = application
        self.family = family_container(application)
        self.root: str = application.settings().family.section
        self.findings = Findings()
        self._has_real_batch = has_real_batch
        self._is_brief = is_brief

    def __call__(self) -> CheckReport:
        """Look for undefined inputs, then build, then run."""
        try:
            self.application.check_dependencies()
        except DependencyError as error:
            self.findings.add(Fault(path="", what=str(error), hint="declare providers of these names"))
            return self._findings_alone()
        if not self._has_data():
            return self._findings_alone()
        record = CallRecord(self.family)
        with nullcontext() if self._has_real_batch else on_meta(), record.watching():
            report, model = self._build_and_run(record)
        return replace(report, rows=noted_rows(report.rows, model)) if report.rows else report

    def _has_data(self) -> bool:
        try:
            self.family.data_spec()
        except UserError as error:
            path = error.path if isinstance(error, CompositionError) else ""
            self.findings.add(Fault(path=path, what=_without_path(error, path)))
            return False
        return True

    def _build_and_run(self, record: CallRecord) -> tuple[CheckReport, Any]:
        """Return what was found, and the composite, which is None where it can't be built."""
        errors: list[CompositionError] = []
        copies = SeparateCopies(is_on_meta=not self._has_real_batch)
        assembler = Assembler(
            seed=self.application.settings().seed,
            path=self.root,
            faults=errors,
            prepare=copies,
            adapters=self.application.trainer.adapters(),
        )
        model = self._build(assembler, errors, record)
        makers = {
            path: record.maker(copies.original(module)) or path for path, module in assembler.built.items()
        }
        overridden = [path for path, maker in makers.items() if maker in record.overridden]
        widths = WidthSettings(
            settings=self.family.settings(), root=self.root, makers=makers, overridden=overridden
        )
        for error in errors:
            self.findings.add(_as_fault(error, assembler, widths))
        for path, faulty in assembler.unchecked.items():
            self.findings.add(Unchecked(path=path, why=f"it is built of {' and '.join(faulty)}, see there"))
        if model is None:
            return self._findings_alone(), None
        self._compare_wirings()
        self._look_at_state(model)
        steps = self._run(model, assembler, widths)
        for fault in record.find_idle_overrides(
            asked_for=list(assembler.built), handed_on=assembler.factories, root=self.root
        ):
            self.findings.add(fault)
        report = CheckReport(
            faults=tuple(self.findings.faults),
            unchecked=tuple(self.findings.unchecked),
            model_class=type(model).__name__,
            rows=() if self._is_brief else tuple(steps.rows(makers, overridden)),
            notes=() if self._is_brief else tuple(self._ask("check_notes", model) or ()),
            edges=steps.watch.flow.edges,
            returns=steps.watch.flow.returns,
            num_stored=count_stored(model),
        )
        return report, model

    def _run(self, model: Any, assembler: Assembler, widths: WidthSettings) -> StepCheck:
        steps = StepCheck(
            model=model,
            submodules=assembler.built,
            root=self.root,
            findings=self.findings,
            suggest=widths.suggest,
            widths=assembler.asked_widths,
            seed=self.application.settings().seed,
            unknown=() if self._has_real_batch else self._ask("unknown_in_batches") or (),
        )
        steps(self._batches(), self.application.trainer.submodule_policies(), is_brief=self._is_brief)
        return steps

    def _findings_alone(self) -> CheckReport:
        return CheckReport(faults=tuple(self.findings.faults), unchecked=tuple(self.findings.unchecked))

    def _ask(self, name: str, *args: Any) -> Any:
        """Return what a provider of the family gives; None where it has none of this name."""
        return getattr(self.family, name)(*args) if name in self.family.providers else None

    def _compare_wirings(self) -> None:
        """Find what a wiring function builds differently each time."""
        is_asked = not self._is_brief and not self.findings.faults
        differences = (self._ask("wiring_differences") if is_asked else None) or {}
        for path, what in differences.items():
            hint = "let the wiring depend on settings and data alone"
            self.findings.add(Fault(path=path, what=what, hint=hint))

    def _look_at_state(self, model: Any) -> None:
        """Find what no checkpoint can hold, in the composite and in data that have been read."""
        has_read = self._ask("known_data_spec") is None
        try:
            refuse_unstorable(model, self._ask("datamodule") if has_read else None)
        except UserError as error:
            self.findings.add(Fault(path="", what=str(error)))

    def _model_provider(self) -> Any:
        """Return the model's provider without the checks of overrides and without weights from a file.

        A check does the former itself, to the end.
        """
        provider = self.family.providers["model"]
        is_marked = isinstance(provider.last_overriding, OverriddenModel | RestoredModel | TrainedModel)
        return without_overriding(provider) if is_marked else provider

    def _batches(self) -> list[Any]:
        """Return the batches to send through the model; none where the family has none."""
        name = "real_batches" if self._has_real_batch else "example_batches"
        batches = self._ask(name)
        if not batches:
            loader, provider = "a single loader with a batch of known structure", f"a provider '{name}'"
            lacking = f"{provider} in its container" if batches is None else loader
            why = f"nothing was sent through the model, for lack of {lacking}"
            self.findings.add(Unchecked(path=self.root, why=why))
        return batches or []

    def _build(self, assembler: Assembler, errors: list[CompositionError], record: CallRecord) -> Any:
        """Return the composite, or None where it can't be built at all."""
        takes_one = "assembler" in self.family.providers
        with self.family.assembler.override(providers.Object(assembler)) if takes_one else nullcontext():
            try:
                return self._model_provider()()
            except Exception as error:
                if errors and not is_certain(error):
                    why = "it can't be put together while some of its parts have faults, so no batch was sent"
                    self.findings.add(Unchecked(path=self.root, why=why))
                else:
                    errors.append(_as_composition_error(error, assembler.locate(record.failed)))
        return None


def _as_composition_error(error: Exception, path: str) -> CompositionError:
    """Return what is wrong with a composite; an unforeseen error is a fault of the provider at its path."""
    named = with_path(error, path, {})
    return named if isinstance(named, CompositionError) else CompositionError(str(named))


def _as_fault(error: CompositionError, assembler: Assembler, widths: WidthSettings) -> Fault:
    path = _place_of(error) or assembler.path
    what = _without_path(error, path)
    if error.__cause__ is not None and needs_values(error.__cause__):
        return Fault(path=path, what=what.partition("\n")[0], hint=_LOADS_WEIGHTS)
    if isinstance(error, WidthError):
        what, givers = str(error).partition(": ")[0], [_below(error.giver, assembler)]
    else:
        givers = _givers(error.given, assembler)
    return Fault(path=path, what=what, hint=widths.suggest(givers, _below(path, assembler)) if givers else "")


def _without_path(error: Exception, path: str) -> str:
    return str(error).removeprefix(f"{path}: ").replace(f"{path} ", "it ", 1) if path else str(error)


def _place_of(error: CompositionError) -> str:
    """Return where to fix it: for a width that the data set, at the submodule that gives another one."""
    takes_data = isinstance(error, WidthError) and " " in error.taker
    return error.giver if takes_data else error.path  # type: ignore[attr-defined]


def _below(path: str, assembler: Assembler) -> str:
    return path.removeprefix(f"{assembler.path}.")


def _givers(given: Any, assembler: Assembler) -> list[str]:
    """Return the paths of the submodules that gave named widths which differ."""
    if not isinstance(given, Mapping) or len(set(given.values())) < 2:
        return []
    return [
        path
        for path, module in assembler.built.items()
        if given.get(path.rpartition(".")[2]) == getattr(module, "out_features", None)
    ]
