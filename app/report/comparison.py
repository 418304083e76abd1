"""Trainings beside one another: their scores, what their settings differ in, and whether it is chance."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nested_lightning.app.report.contents import Block, Table, Text, table_of
from nested_lightning.app.report.family_sections import SampleErrors
from nested_lightning.app.report.privacy import without_places
from nested_lightning.app.training.runs.fold_scores import paired_fold_test
from nested_lightning.app.training.runs.result import apart_from_baseline

_SPREAD = ("mean", "std", "low", "high")


@dataclass(frozen=True, kw_only=True)
class PairedTest:
    """Whether two models differ in the errors of the same samples.

    Attributes:
        mean_difference: Mean error of the second less that of the first: below 0, the second is better.
        p_value: Chance of such a difference, or a larger one, if both were equally good.
        errors: What the errors are.
    """

    test: str
    mean_difference: float
    p_value: float
    num_samples: int
    errors: str


def paired_test(first: SampleErrors | None, second: SampleErrors | None) -> PairedTest | None:
    """Return the exact test of McNemar for errors of 0 and 1, else the signed-rank test of Wilcoxon.

    See https://doi.org/10.1007/BF02295996 and https://doi.org/10.2307/3001968. None: the errors of
    samples aren't known, or the samples, or what is true of them, aren't the same.
    """
    if first is None or second is None:
        return None
    if first.of != second.of or list(first.samples) != list(second.samples) or not len(first.errors):
        return None
    from scipy import stats  # half a second, not before it is needed

    ones, others = np.asarray(first.errors, dtype=float), np.asarray(second.errors, dtype=float)
    difference = others - ones
    differing = difference[difference != 0]
    is_binary = set(np.unique(np.concatenate([ones, others])).tolist()) <= {0.0, 1.0}
    if len(differing) == 0:
        p_value = 1.0
    elif is_binary:
        p_value = float(stats.binomtest(int((differing > 0).sum()), len(differing)).pvalue)
    else:
        p_value = float(stats.wilcoxon(differing).pvalue)
    return PairedTest(
        test="McNemar, exact" if is_binary else "Wilcoxon, signed ranks",
        mean_difference=float(difference.mean()),
        p_value=p_value,
        num_samples=len(difference),
        errors=first.of,
    )


def tests_table(first: str, tests: Mapping[str, PairedTest | None]) -> Block:
    """Return the tests of several runs against the first one."""
    rows = [
        [name, one.errors, one.mean_difference, one.p_value, one.num_samples, one.test]
        for name, one in tests.items()
        if one is not None
    ]
    lacking = ", ".join(name for name, one in tests.items() if one is None)
    said = f"No test with {first}: {lacking} (not scored on the same samples, one by one)."
    if not rows:
        return Text(text=said)
    return Table(
        title=f"Each against {first}, on the same samples",
        columns=["run", "error of a sample", "difference of the mean", "p", "samples", "test"],
        rows=rows,
        note=f"A difference below 0: better than {first}. {said if lacking else ''}".strip(),
    )


def settings_table(
    settings: Mapping[str, Mapping[str, Any]], provenance: Mapping[str, Mapping[str, str]]
) -> Block:
    """Return the settings that aren't the same in all runs, and where each was found, by the runs' names."""
    names = dict.fromkeys(name for one in settings.values() for name in one if name != "run_dir")
    rows = [
        [name, *(_value(one, name) for one in settings.values()), _places(provenance, name)]
        for name in names
        if len({json.dumps(one.get(name, "-"), sort_keys=True, default=str) for one in settings.values()}) > 1
    ]
    if not rows:
        return Text(text="The settings of all runs are the same.")
    return Table(title="Settings that differ", columns=["setting", *settings, "from"], rows=rows)


def _places(provenance: Mapping[str, Mapping[str, str]], name: str) -> str:
    found = {run: without_places(places[name]) for run, places in provenance.items() if name in places}
    return "; ".join(f"{run}: {place}" for run, place in found.items())


def _value(settings: Mapping[str, Any], name: str) -> str:
    value = without_places(settings.get(name, "-"), name=name.rpartition(".")[2])
    return value if isinstance(value, str) else json.dumps(value, default=str)


def folds_tables(folds: Mapping[str, Mapping[str, Any]]) -> Sequence[Block]:
    """Return what cross-validations came to: spread of each score, and each fold by itself.

    Args:
        folds: What results.json of each holds, by its name: ``mean``, ``std``, ``low``, ``high`` and
            ``values`` of each score, and of those of a constant answer.
    """
    return [table for name, scores in folds.items() for table in _tables_of(name, scores)]


def _tables_of(name: str, found: Mapping[str, Any]) -> Iterator[Table]:
    scores, baseline = apart_from_baseline(found)
    means = {score: one["mean"] for score, one in baseline.items()}
    num_folds = max((len(one["values"]) for one in scores.values()), default=0)
    spread = {key: {score: one[key] for score, one in scores.items()} for key in _SPREAD}
    note = "low and high: 95 % interval of the mean."
    yield table_of(f"Scores over the folds of {name}", "score", {**spread, "baseline": means}, note)
    yield Table(
        title=f"Scores of each fold of {name}",
        columns=["score", *(f"fold {number}" for number in range(num_folds))],
        rows=[[score, *one["values"]] for score, one in scores.items()],
    )


def folds_test_table(
    first: str, folds: Mapping[str, Mapping[str, Any]], *, same: Sequence[str]
) -> Sequence[Block]:
    """Return tests of cross-validations, as `folds_tables` takes them, against the first of them.

    Those of ``same`` have the same folds, sample by sample.
    """
    rows: list[Sequence[Any]] = []
    for name in same:
        for score, one in apart_from_baseline(folds[first])[0].items():
            values = folds[name].get(score, {}).get("values", ())
            if len(values) == len(one["values"]) > 1:
                rows.append([name, score, *paired_fold_test(one["values"], values), len(values)])
    lacking = ", ".join(name for name in folds if name not in (first, *same))
    said = (
        f"No test with {first}: {lacking}, whose folds aren't known to be of the same rows."
        if lacking
        else ""
    )
    if not rows:
        return [Text(text=said)] if said else []
    return [
        Table(
            title=f"Each cross-validation against {first}, on the same folds",
            columns=["run", "score", "difference of the mean", "p", "folds"],
            rows=rows,
            note="Corrected resampled t-test of Nadeau and Bengio, since folds share rows to train on."
            f" {said}".rstrip(),
        )
    ]
