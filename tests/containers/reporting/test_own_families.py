"""Reports of one-file families: curves, graph, what they log, and sections of their own."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from nested_lightning import family
from nested_lightning.app.report.contents import Table
from nested_lightning.app.report.family_sections import OwnSections
from nested_lightning.containers.reporting.comparing import report_runs
from tests.containers.owning.small_training import Rows, Small, train
from tests.containers.reporting.report_page import ReportPage


class Logging(Small):
    """Validates, and logs its loss."""

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Any:
        loss = self.loss(batch)
        self.log("train_loss", loss, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        self.log("val_loss", self.loss(batch))


class BiasSections(OwnSections):
    """A section on the last bias, and one that fails."""

    def sections(self, part: str) -> Mapping[str, Callable[[], Sequence[Any]]]:
        return {"Bias": self.bias, "Broken": lambda: 1 // 0}  # type: ignore[dict-item, return-value]

    def bias(self) -> Sequence[Table]:
        value = float(self.model.last.bias)
        return [Table(title="Bias", columns=["which", "value"], rows=[["last", value]])]


def report_of(folder: Path, **options: Any) -> ReportPage:
    train(Logging, folder)
    own = family("small", model=Logging, data=Rows)
    report_runs([folder / "run"], folder / "report.html", family=own, **options)
    return ReportPage(folder / "report.html")


def test_curves_scores_and_graph_need_nothing_of_the_module(tmp_path: Path) -> None:
    page = report_of(tmp_path)

    assert page.headings == ["Result", "Curves", "Scores", "Submodules", "Graph", "Data", "Settings"]
    assert page.problems == []
    assert len(page.column("loss", "val_loss")) == 2
    assert page.column("Scores on the val part, 24 samples", "value").keys() == {"val_loss"}
    assert page.column("Submodules of Logging", "parameters")["first"] == "16"


def test_sections_of_ones_own_are_injected_and_a_broken_one_stays_alone(tmp_path: Path) -> None:
    page = report_of(tmp_path, overrides={"small.report_sections": BiasSections})

    assert page.headings[3:5] == ["Bias", "Broken"]
    assert len(page.table("Bias")) == 1
    assert page.problems == [
        "This section could not be made: ZeroDivisionError: integer division or modulo by zero"
    ]
