"""From a run folder, and its container, to a report."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from nested_lightning.app.checkpoints.checkpoint_io import write_atomically
from nested_lightning.app.errors import UserError
from nested_lightning.app.extras import require_report
from nested_lightning.app.report.contents import Block, Section, SectionMaker, Text, make_sections
from nested_lightning.app.report.curves import curves
from nested_lightning.app.report.facts import data_blocks, missing_blocks, result_blocks, settings_blocks
from nested_lightning.app.report.family_sections import SampleErrors
from nested_lightning.app.report.page import write_page
from nested_lightning.app.report.privacy import without_places
from nested_lightning.app.report.scores import logged_table
from nested_lightning.app.training.runs.result import TrainingResult
from nested_lightning.app.training.runs.run_folder import RunFolder
from nested_lightning.containers.application import ApplicationContainer
from nested_lightning.containers.reporting.model_sections import ReportedModel
from nested_lightning.settings.application import ApplicationSettings, parse_settings
from nested_lightning.settings.describing.walking import dotted
from nested_lightning.settings.families import knowing
from nested_lightning.settings.reading.errors import SettingsError
from nested_lightning.settings.reading.merging import flatten
from nested_lightning.settings.reading.yaml_file import read_settings_file

_SHARE = 0.05
"""The share of a training's time that its report may take."""
_LONGEST_S = 3.0
"""Seconds that one of the sections that take long needs at least, for all that is known."""
_ADDED = "The command report adds intervals, and what belongs to the family."
_LEFT_OUT = "Left out at the end of the training, which it would have made longer: the command report has it."

Opener = Callable[[], ApplicationContainer]


@dataclass(kw_only=True)
class ReportedRun:
    """One training, of which a report says what there is.

    ``open`` returns a container with its model; it is called once, when a section needs it.
    """

    folder: RunFolder
    open: Opener

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.folder.path.absolute().name

    @cached_property
    def application(self) -> ApplicationContainer:
        """The container with its model."""
        return self.open()

    @cached_property
    def model(self) -> ReportedModel:
        """The model; its checkpoint is that of the results."""
        checkpoint = self.folder.checkpoint_of_results.name
        return ReportedModel(application=self.application, checkpoint=checkpoint)

    @property
    def settings(self) -> ApplicationSettings:
        """The settings that the model was trained with; without a model, those that the folder has."""
        try:
            settings: ApplicationSettings = self.application.settings()
        except UserError:
            try:
                *_, written = read_settings_file(self.folder.settings_file)
                return parse_settings(written.values)
            except SettingsError as error:
                raise UserError(str(error)) from error
        return settings

    @cached_property
    def provenance(self) -> Mapping[str, str]:
        """Where settings were found, by dotted name, as the folder says it; empty where it doesn't."""
        try:
            *_, written = read_settings_file(self.folder.settings_file)
        except SettingsError:
            return {}
        return written.provenance

    @cached_property
    def scores(self) -> tuple[Mapping[str, float], str]:
        """The scores that ``evaluate`` gives, and what they are of; without a model, the training's."""
        try:
            report = self.model.evaluation
        except UserError as error:
            return self._logged_scores(without_places(str(error)))
        part, checkpoint = self.model.part, self.model.checkpoint
        return report.scores, f"{part} part, {report.num_samples:,} samples, {checkpoint}"

    def _logged_scores(self, why: str) -> tuple[Mapping[str, float], str]:
        try:
            logged = TrainingResult.read(self.folder).scores
        except UserError:
            return {}, f"none are known: {why}"
        test = {name: one["test"] for name, one in logged.items() if "test" in one}
        return test, f"as the training logged them, since {why}"

    @cached_property
    def sample_errors(self) -> SampleErrors | None:
        """The errors of single samples; None: they aren't known."""
        try:
            return self.model.sample_errors
        except UserError:
            return None

    def sections(self, budget: Callable[[], bool] = lambda: True) -> list[Section]:
        """Return all sections; those that take long only as long as there is time left."""
        cheap: dict[str, SectionMaker] = {"Result": self._result, "Curves": partial(curves, self.folder)}
        rest: dict[str, SectionMaker] = {"Data": self._data, "Settings": self._settings}
        made = make_sections({**cheap, **rest})  # first, as they are there whatever the time
        costly = make_sections(self._costly(budget))
        return [*made[: len(cheap)], *costly, *made[len(cheap) :]]

    def _costly(self, budget: Callable[[], bool]) -> dict[str, SectionMaker]:
        try:
            makers = self.model.sections()
        except Exception as error:
            return {"Scores": partial(self._logged, f"The model could not be opened: {error}")}
        has_time = budget()
        scores = self._scores if has_time else partial(self._logged, _ADDED, is_problem=False)
        makers = {**self._own(), **makers} if has_time else makers
        return {"Scores": scores, **{title: partial(_in_time, budget, one) for title, one in makers.items()}}

    def _own(self) -> Mapping[str, SectionMaker]:
        """Return what makes the sections of the family; where it can't say, one that fails as it did."""
        try:
            return self.model.family_sections()
        except Exception as error:
            return {"Sections of the family": partial(_raise, error)}

    def _scores(self) -> Sequence[Block]:
        try:
            return self.model.scores()
        except UserError as error:  # of data that are gone
            return self._logged(f"It can't be scored: {error}")

    def _logged(self, said: str, *, is_problem: bool = True) -> Sequence[Block]:
        """Return why nothing was scored, and what the training logged, if it did."""
        why = Text(text=without_places(" ".join(said.split())), is_problem=is_problem)
        try:
            return [why, logged_table(TrainingResult.read(self.folder))]
        except UserError:
            return [why]

    def _result(self) -> Sequence[Block]:
        if not self.folder.results_file.is_file():
            return missing_blocks(self.folder)
        return result_blocks(TrainingResult.read(self.folder))

    def _data(self) -> Sequence[Block]:
        return data_blocks(TrainingResult.read(self.folder).data)

    def _settings(self) -> Sequence[Block]:
        return settings_blocks(explain_settings(self.settings, self.provenance))


def _in_time(budget: Callable[[], bool], maker: SectionMaker) -> Sequence[Block]:
    return maker() if budget() else [Text(text=_LEFT_OUT)]


def _raise(error: Exception) -> Sequence[Block]:
    raise error


def explain_settings(
    settings: ApplicationSettings, provenance: Mapping[str, str]
) -> dict[str, tuple[Any, Any, str]]:
    """Return value, default and origin of each setting by its dotted name.

    ``provenance`` is where values were found, as far as it is known.
    """
    with knowing(*settings.given):
        defaults = flatten(parse_settings({"model": settings.model}).to_plain())
    own = flatten(dict(settings.family.defaults))
    found = {}
    for names, value in flatten(settings.to_plain()).items():
        default = defaults.get(names)
        place = "set" if value != default else f"default of {settings.model}" if names in own else "default"
        found[dotted(names)] = (value, default, provenance.get(dotted(names), place))
    return found


def write_after_training(
    application: ApplicationContainer, result: TrainingResult, *, scoring_s: float
) -> None:
    """Write the report of a training that has just ended into its run folder.

    What takes long is left out where the report would take more than about 5 % of the training's time;
    whatever computes with the model takes as long as it took to score the parts, ``scoring_s`` seconds.

    Raises:
        UserError: The extra isn't installed.
    """
    require_report()
    latest_s = time.monotonic() + _SHARE * result.duration_s - max(scoring_s, _LONGEST_S)
    run = ReportedRun(folder=result.run_folder, open=lambda: application)
    sections = run.sections(lambda: time.monotonic() <= latest_s)
    write_report(
        result.run_folder.report_file, {run.name: sections}, title=f"{run.settings.model}: {run.name}"
    )


def write_report(
    file: Path, runs: Mapping[str, Sequence[Section]], *, title: str, first: Sequence[Section] = ()
) -> None:
    """Write a report of one run or several, by their names, after the sections on all of them."""
    sections = [
        section if len(runs) == 1 else replace(section, title=f"{name}: {section.title}", run=name)
        for name, own in runs.items()
        for section in own
    ]
    content = write_page(title, [*first, *sections])
    write_atomically(file, content)
