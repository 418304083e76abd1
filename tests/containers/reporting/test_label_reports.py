"""The report of sets of labels: their curves, and the rows with most wrong ones."""

import random
from collections.abc import Callable
from pathlib import Path

from tests.containers.reporting.conftest import odd_settings, train
from tests.containers.reporting.report_page import ReportPage


def test_labels_have_curves_and_worst_mistakes(tmp_path: Path, report: Callable[..., ReportPage]) -> None:
    draw = random.Random(0)
    lines = ["x,y,tags"]
    for _ in range(120):
        x, y = draw.gauss(0, 1), draw.gauss(0, 1)
        tags = "|".join(["warm"] * (x + draw.gauss(0, 0.7) > 0) + ["wet"] * (y > 0))
        lines.append(f"{x:.3f},{y:.3f},{tags}")
    table = tmp_path / "tags.csv"
    table.write_text("\n".join(lines) + "\n")
    settings = odd_settings(tmp_path)
    settings["multi_feature"]["data"] |= {"path": str(table), "label": "tags", "label_separator": "|"}
    train(settings)

    page = report(tmp_path / "run")

    assert page.problems == []
    assert "ROC of each label, tags, test part" in page.text
    rows = page.table("Wrong labels of tags")
    counts = [int(row[4]) for row in rows]
    assert counts == sorted(counts, reverse=True)
    for number, true, missed, given, count, _ in rows:
        assert lines[int(number)].endswith(f",{true}")
        assert len([*filter(None, (missed + "|" + given).split("|"))]) == int(count)
