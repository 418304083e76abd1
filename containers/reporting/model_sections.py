"""The sections that only a trained model can give: its scores, its parts, its graph, what its family adds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nested_lightning.app.checking.drawing.svg import draw_svg
from nested_lightning.app.checking.submodule_table import CheckReport
from nested_lightning.app.data.splits import PartName
from nested_lightning.app.evaluation_report import EvaluationReport
from nested_lightning.app.report.contents import Block, Chart, SectionMaker, Text
from nested_lightning.app.report.family_sections import FamilySections, SampleErrors
from nested_lightning.app.report.scores import score_blocks
from nested_lightning.app.report.submodules import submodule_blocks, submodule_times
from nested_lightning.containers.application import ApplicationContainer
from nested_lightning.containers.checking.model_check import check_application
from nested_lightning.containers.checking.model_graph import build_graph
from nested_lightning.containers.checking.resolved_providers import resolve_model
from nested_lightning.containers.starting.bootstrapping import family_container, provider_of

_MOST_NODES = 150


@dataclass(kw_only=True)
class ReportedModel:
    """A trained model in its container, scored once for all sections; ``checkpoint`` is its file's name."""

    application: ApplicationContainer
    checkpoint: str

    @cached_property
    def evaluation(self) -> EvaluationReport:
        """What ``evaluate`` gives; meanwhile `times` are taken."""
        paths = [row.path for row in self._check.rows]
        model = family_container(self.application).model()
        with submodule_times(model, paths) as self.times:
            report: EvaluationReport = self._evaluator(self.part)
        return report

    @cached_property
    def part(self) -> PartName:
        """The part that ``evaluate`` scores where none is named."""
        part: PartName = getattr(self._evaluator, "default_part", "test")
        return part

    @cached_property
    def family(self) -> FamilySections | None:
        """What its family adds; None: it has nothing of the kind."""
        container = family_container(self.application)
        if "report_sections" not in container.providers:
            return None
        made: FamilySections = container.report_sections(**container.report_arguments())
        return made

    @cached_property
    def sample_errors(self) -> SampleErrors | None:
        """The errors of the samples that are scored."""
        return self.family.sample_errors(self.part) if self.family else None

    def sections(self) -> Mapping[str, SectionMaker]:
        """Return what makes each section besides the scores, by its title."""
        return {"Submodules": self._submodules, "Graph": self._graph}

    def family_sections(self) -> Mapping[str, SectionMaker]:
        """Return what makes each section that its family adds."""
        return self.family.sections(self.part) if self.family else {}

    def scores(self) -> Sequence[Block]:
        """Return what ``evaluate`` gives, with intervals."""
        report = self.evaluation
        resampling = self.family.resampling(self.part) if self.family else None
        return score_blocks(report, part=self.part, checkpoint=self.checkpoint, resampling=resampling)

    def _submodules(self) -> Sequence[Block]:
        try:
            num_samples = self.evaluation.num_samples
        except Exception:  # of data that are gone, as the section of scores says
            num_samples = 0
        times = self.times if num_samples else {}
        rows, model_class = self._check.rows, self._check.model_class
        return submodule_blocks(rows, times, num_samples=num_samples, model_class=model_class)

    def _graph(self) -> Sequence[Block]:
        if not self._check.rows:
            return [Text(text="The model could not be put together; check says why.", is_problem=True)]
        name = self.application.settings().model
        tree = resolve_model(family_container(self.application), makers=self._check.makers)
        graph = build_graph(self._check, tree, title=name)
        if len(graph.nodes) > _MOST_NODES:
            said = f"{len(graph.nodes):,} parts are too many to draw here; the command graph draws them."
            return [Text(text=said)]
        described = "; ".join(f"{edge.source} to {edge.target} {edge.label}" for edge in graph.edges)
        title = f"Graph of {name}"
        return [Chart(title=title, description=described, svg=draw_svg(graph), is_scrolled=True)]

    @cached_property
    def _check(self) -> CheckReport:
        return check_application(self.application)

    @cached_property
    def _evaluator(self) -> Any:
        return provider_of(self.application, "evaluator")()
