"""Exports a trained composite, or one of its submodules, if the file answers as the model does."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from nested_lightning.app.checkpoints.submodule_names import find_submodules, places_of
from nested_lightning.app.exported.manifest import Manifest
from nested_lightning.app.exporting.exportable import Exportable, ExportError
from nested_lightning.app.exporting.recorded_calls import NoGraphError, by_itself
from nested_lightning.app.exporting.verification import Difference
from nested_lightning.app.exporting.writing import DiffersError, Format, refuse_name, verify, write


@dataclass(frozen=True, kw_only=True)
class ExportReport:
    """What was written: what the graphs are, and the largest difference of each from the model, by name."""

    manifest: Manifest
    differences: Mapping[str, Difference]

    @property
    def largest_difference(self) -> str:
        """The largest of all, with the graph's name."""
        name, largest = max(self.differences.items(), key=lambda item: item[1])
        return f"{name}, {largest}"


@dataclass(frozen=True, kw_only=True)
class Exporter:
    """Writes the graphs of a composite.

    Attributes:
        model: The composite, in evaluation mode, on the CPU; it isn't changed.
        path: Its path, e.g. ``multi_feature``.
        wholes: Its graphs.
        facts: What the manifest says besides, see `Manifest`.
        fault: Why the whole can't be exported, see `Exports`.
        tolerance: How far a graph's answer may be from the model's, see `Difference`.
    """

    model: nn.Module
    path: str
    wholes: Sequence[Exportable]
    facts: Mapping[str, Any]
    tolerance: float
    fault: str = ""

    def __call__(self, target: Path, format_: Format, *, submodule: str | None = None) -> ExportReport:
        """Write a file, or a folder where there are several graphs; whole or not at all.

        Args:
            target: Where nothing may be.
            format_: What is written.
            submodule: Path or pattern of what to export alone; None: the whole model.

        Raises:
            ExportError: Something can't be exported, or answers differently from the model.
            UserError: There is no such submodule, or a file can't have the target's name.

        Warns:
            UserWarning: Some of several submodules have no graph.
        """
        if self.fault and submodule is None:
            raise ExportError(f"{self.fault}; --submodule exports the other parts")
        wanted = self.wholes if submodule is None else self._submodules(submodule)
        refuse_name(target, format_, num_graphs=len(wanted))
        try:
            made = [verify(one, format_, tolerance=self.tolerance) for one in wanted]
        except DiffersError as error:
            raise ExportError(f"{error}{self._first_differing(format_, but_for=submodule)}") from error
        facts = {**self.facts, "submodule": submodule, "notes": (*_fixed_sizes(wanted),)}
        if submodule is not None:
            facts["loop"] = None
        manifest = write(made, target, format_, facts)
        return ExportReport(manifest=manifest, differences={one.graph.name: one.difference for one in made})

    def _submodules(self, path: str) -> list[Exportable]:
        """Return what a path or pattern names; of several, those that have no graph are left out.

        Warns:
            UserWarning: Some are left out.
        """
        found, lacking = [], dict[str, NoGraphError]()
        named = find_submodules(self.model, self.path, path, door="--submodule ")
        for place, module in named.items():
            name = f"{self.path}.{place}"
            try:
                found.append(by_itself(self.wholes, module, name=name))
            except NoGraphError as error:
                lacking[name] = error
        if not found:
            name, first = next(iter(lacking.items()))
            has_parts = any(any(module.children()) for module in named.values())
            hint = f"; those within it may have one: --submodule '{name}.*'" if has_parts else ""
            raise ExportError(f"{first}{hint}") from first
        if lacking:
            left_out = ", ".join(lacking)
            warnings.warn(f"nothing calls these when the model answers: {left_out}", stacklevel=3)
        return found

    def _first_differing(self, format_: Format, *, but_for: str | None) -> str:
        """Name the first submodule whose own export differs."""
        parts = {*places_of(self.model).values()} or {name for name, _ in self.model.named_children()}
        for place, module in self.model.named_modules():
            path = f"{self.path}.{place}"
            if place not in parts or path == but_for:
                continue
            try:
                verify(by_itself(self.wholes, module, name=path), format_, tolerance=self.tolerance)
            except DiffersError as error:
                return f"; so does the first submodule by itself: {error.difference} of {path}"
            except ExportError:
                continue
        return "; no submodule by itself does"


def _fixed_sizes(exportables: Sequence[Exportable]) -> Iterator[str]:
    """Yield a sentence for each input whose rows are more than a list, and of a fixed size."""
    for one in exportables:
        for name, tensor, dynamic in zip(one.inputs, one.example, one.dynamic_dims, strict=True):
            if tensor.dim() > 2:
                sizes = ["any" if i in dynamic else str(n) for i, n in enumerate(tensor.shape)][1:]
                yield f"{one.name}: a row of {name} is of {' x '.join(sizes)}"
