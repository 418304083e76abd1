"""From run folders to what they have in common and where they differ."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from nested_lightning.app.errors import UserError
from nested_lightning.app.foreign_files import foreign_file, regular_file
from nested_lightning.app.report.comparison import (
    folds_tables,
    folds_test_table,
    paired_test,
    settings_table,
    tests_table,
)
from nested_lightning.app.report.contents import Block, SectionMaker, Text, make_sections, table_of
from nested_lightning.app.report.curves import compare_curves
from nested_lightning.app.report.privacy import without_places
from nested_lightning.app.report.sweeps import is_sweep, open_study, sweep_sections, trials_table
from nested_lightning.app.training.runs.fold_folders import folds_in
from nested_lightning.app.training.runs.result import without_part
from nested_lightning.app.training.runs.run_folder import RunFolder
from nested_lightning.containers.reporting.run_report import ReportedRun, write_report
from nested_lightning.containers.starting.bootstrapping import from_checkpoint
from nested_lightning.settings.describing.walking import dotted
from nested_lightning.settings.reading.merging import flatten


@dataclass(kw_only=True)
class Compared:
    """What folders hold: trainings, cross-validations, sweeps.

    Attributes:
        runs: Trainings by name; of a cross-validation, its folds.
        folds: What cross-validations came to, by name.
        studies: Folders of sweeps, and Optuna's studies there, by name.
    """

    runs: dict[str, ReportedRun] = field(default_factory=dict)
    folds: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    studies: dict[str, tuple[Path, Any]] = field(default_factory=dict)

    def sections(self) -> dict[str, SectionMaker]:
        """Return what makes each section on several of them."""
        several: dict[str, SectionMaker] = {}
        if len(self.runs) > 1:
            folders = {name: run.folder for name, run in self.runs.items()}
            several = {
                "Scores side by side": self.scores,
                "Settings side by side": self.settings,
                "Curves side by side": partial(compare_curves, folders),
            }
        folds: dict[str, SectionMaker] = {"Folds": self.of_folds} if self.folds else {}
        sweeps = {
            title if len(self.studies) == 1 else f"{name}: {title}": maker
            for name, (folder, study) in self.studies.items()
            for title, maker in sweep_sections(study, folder).items()
        }
        return {**folds, **sweeps, **several}

    def tables(self) -> list[Block]:
        """Return what can be read without charts.

        Raises:
            UserError: It is one training alone.
        """
        if len(self.runs) == 1 and not (self.folds or self.studies):
            (name,) = self.runs
            raise UserError(f"{name} is one training: name another one beside it; evaluate scores it alone")
        makers = [self.scores, self.settings] if len(self.runs) > 1 else []
        trials = [trials_table(study) for _, study in self.studies.values()]
        return [*self.of_folds(), *trials, *(block for maker in makers for block in maker())]

    def of_folds(self) -> Sequence[Block]:
        """Return what cross-validations came to, and tests of each against the first."""
        if len(self.folds) < 2:
            return folds_tables(self.folds)
        first, *others = self.folds
        samples = self._samples(first)
        same = [name for name in others if self._samples(name) == samples]
        return [*folds_tables(self.folds), *folds_test_table(first, self.folds, same=same)]

    def _samples(self, name: str) -> list[list[Any]]:
        """Return what each fold is scored on; of a fold of which that isn't known, what equals nothing."""
        errors = [run.sample_errors for one, run in self.runs.items() if one.startswith(f"{name}/")]
        return [[object()] if one is None else list(one.samples) for one in errors]

    def scores(self) -> Sequence[Block]:
        """Return the scores of all runs, and tests of each against the first but of folds of its own."""
        scores = {name: run.scores for name, run in self.runs.items()}
        note = "; ".join(f"{name}: {said}" for name, (_, said) in scores.items())
        first = next(iter(self.runs))
        tests = {
            name: paired_test(self.runs[first].sample_errors, run.sample_errors)
            for name, run in self.runs.items()
            if _whole(name) != _whole(first)
        }
        table = table_of("Scores", "score", {name: one for name, (one, _) in scores.items()}, note)
        return [table, *([tests_table(first, tests)] if tests else [])]

    def settings(self) -> Sequence[Block]:
        """Return the settings that differ, and of which runs they aren't known."""
        known: dict[str, dict[str, Any]] = {}
        lacking = []
        for name, run in self.runs.items():
            try:
                known[name] = {dotted(one): value for one, value in flatten(run.settings.to_plain()).items()}
            except UserError as error:
                said = f"The settings of {name} aren't known: {without_places(str(error))}"
                lacking.append(Text(text=said, is_problem=True))
        provenance = {name: self.runs[name].provenance for name in known}
        return [*lacking, *([settings_table(known, provenance)] if len(known) > 1 else [])]


def open_folders(paths: Sequence[Path], **options: Any) -> Compared:
    """Return what folders hold; models are opened when they are needed.

    Args:
        paths: Run folders, folders of cross-validations and of sweeps.
        **options: Of `from_checkpoint`.

    Raises:
        UserError: There is no such folder, no training began in it, or a study can't be read.
    """
    found = Compared()
    for name, path in zip(distinct_names([path.absolute().name for path in paths]), paths, strict=True):
        if is_sweep(path):
            found.studies[name] = path, open_study(path)
        elif folds := folds_in(path):
            results = RunFolder(path).results_file
            if results.is_file():
                with foreign_file(regular_file(results)):
                    found.folds[name] = without_part(json.loads(results.read_text(encoding="utf-8")))
            found.runs |= {f"{name}/{fold.name}": _open_run(fold, **options) for fold in folds}
        else:
            found.runs[name] = _open_run(path, **options)
    return found


def _open_run(path: Path, **options: Any) -> ReportedRun:
    folder = RunFolder(path)
    if not path.is_dir() or not folder.saved_files:
        raise UserError(f"{path}: no training began there; name a run folder, which train made")
    return ReportedRun(folder=folder, open=partial(from_checkpoint, path, **options))


def report_runs(paths: Sequence[Path], output: Path, **options: Any) -> None:
    """Write a report of one folder or several.

    Args:
        paths: Folders of trainings, cross-validations and sweeps; what is damaged in one is said in the
            report.
        output: The file.
        **options: Of `from_checkpoint`.

    Raises:
        UserError: There is no such folder, or no training began in it.
    """
    found = open_folders(paths, **options)
    first = make_sections(found.sections())
    sections = {name: run.sections() for name, run in found.runs.items()}
    title = ", ".join(dict.fromkeys([*found.studies, *map(_whole, found.runs)]))
    write_report(output, sections, title=f"Report: {title}", first=first)


def _whole(run: str) -> str:
    """Return the name of the cross-validation that a run is a fold of, or its own."""
    return run.partition("/fold-")[0]


def distinct_names(names: Sequence[str]) -> list[str]:
    """Return names of which none is the same as another: later ones get a number."""
    counts: dict[str, int] = {}
    found = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        found.append(name if counts[name] == 1 else f"{name} ({counts[name]})")
    return found
