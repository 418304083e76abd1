"""Columns go by name: another order, further ones and an absent target change nothing."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from nested_lightning import bootstrap, from_checkpoint
from nested_lightning.app.errors import UserError
from tests.containers.tables.everything import KINDS, Columns, settings_for, table_for, trained
from tests.quick_first import quick_first
from tests.untrained import as_if_trained

pytestmark = pytest.mark.filterwarnings(
    "ignore:not used, as the model knows", "ignore:taken for categories", "ignore:in the test part, no row"
)
WORDS_IN_PLACES = {
    "mass": "text in 120 rows",
    "load": "something else than finite numbers in row 1",
    "bought": "what is no date .* 'heavy', first in row 1",
}


def _reversed_with_more(columns: Columns) -> Columns:
    more: Columns = {"number": list(range(len(columns["size"]))), "remark": ["none"] * len(columns["size"])}
    return dict(reversed({**columns, **more}.items()))


def _predictor(kind: str, columns: Columns) -> Any:
    return as_if_trained(bootstrap(settings_for(kind), data=columns).multi_feature).predictor()


@pytest.mark.parametrize("kind", quick_first(KINDS))
def test_answers_for_a_file_go_by_the_names_of_columns_and_need_no_target(kind: str, tmp_path: Path) -> None:
    columns = table_for(kind)
    predictor = _predictor(kind, columns)
    targets = predictor.data_spec.target_columns
    forms = {
        "whole": columns,
        "without the target": {name: each for name, each in columns.items() if name not in targets},
        "reversed": dict(reversed(columns.items())),
        "with two more": _reversed_with_more(columns),
    }

    answers = []
    for name, form in forms.items():
        parquet.write_table(pa.table(form), tmp_path / f"{name}.parquet")
        answers.append(predictor.predict_file(tmp_path / f"{name}.parquet").to_records())

    assert len({str(answer) for answer in answers[0]}) > 1
    assert all(answer == answers[0] for answer in answers[1:])


@pytest.mark.parametrize("kind", quick_first(["number", "several"]))
def test_a_column_that_a_file_lacks_or_that_holds_words_is_named(kind: str, tmp_path: Path) -> None:
    columns = table_for(kind)
    predictor = _predictor(kind, columns)
    file = tmp_path / "rows.parquet"

    for name in ("size", "load", "note", "bought"):
        parquet.write_table(pa.table(columns).drop_columns([name]), file)
        with pytest.raises(UserError, match=rf"needs 1 column that the file lacks: '{name}'"):
            predictor.predict_file(file)
    for name, message in WORDS_IN_PLACES.items():
        parquet.write_table(pa.table({**columns, name: ["heavy"] * 120}), file)
        with pytest.raises(UserError, match=rf"column '{name}' holds .*{message}"):
            predictor.predict_file(file)


@pytest.mark.parametrize("kind", quick_first(KINDS))
def test_an_evaluation_goes_by_the_names_of_columns(kind: str, tmp_path: Path) -> None:
    columns = table_for(kind)
    result = trained(settings_for(kind, tmp_path / "run"), data=columns)

    reports = [
        from_checkpoint(result.best_checkpoint, data=data).multi_feature.evaluator()("test")
        for data in (columns, dict(reversed(columns.items())), _reversed_with_more(columns))
    ]

    assert reports[0].scores
    assert all(report.scores == pytest.approx(reports[0].scores, abs=0) for report in reports[1:])
