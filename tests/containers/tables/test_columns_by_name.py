"""Columns go by name: another order, further ones and an absent target change nothing."""

from pathlib import Path

import pytest

from nested_lightning import from_checkpoint
from tests.containers.tables.everything import KINDS, Columns, settings_for, table_for, trained
from tests.quick_first import quick_first

pytestmark = pytest.mark.filterwarnings(
    "ignore:not used, as the model knows", "ignore:taken for categories", "ignore:in the test part, no row"
)


def _reversed_with_more(columns: Columns) -> Columns:
    more: Columns = {"number": list(range(len(columns["size"]))), "remark": ["none"] * len(columns["size"])}
    return dict(reversed({**columns, **more}.items()))


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
