"""A group's columns as a module of torch: what is in the graph of an exported model before the extractor.

Shapes: B rows, C columns of a group, F features.
"""

import math
from collections.abc import Sequence
from itertools import groupby

import torch
from torch import Tensor, nn

from nested_lightning.app.multi_feature.group_specs import ColumnSpec, GroupSpec
from nested_lightning.app.multi_feature.own_columns import PERIODS_S


class EncodedColumns(nn.Module):
    """Makes features of the numbers of a group's columns, as `encoding.encode_groups` does of a table's."""

    def __init__(self, group: GroupSpec) -> None:
        super().__init__()
        runs = [(make, [*run]) for make, run in groupby(group.columns, key=lambda one: _RUNS[one.kind])]
        self.widths = [len(run) for _, run in runs]
        self.runs = nn.ModuleList(make(run) for make, run in runs)

    def forward(self, numbers: Tensor) -> Tensor:
        """Map columns to features, float32 of [B, F].

        Args:
            numbers: [B, C], float64: a number as it is, the place of a category among the known ones, a date
                as seconds since 1970; NaN where one is missing.
        """
        parts = zip(self.runs, numbers.split(self.widths, dim=1), strict=True)
        features = torch.cat([run(part) for run, part in parts], dim=1)
        return features.masked_fill(features.isnan(), 0.0).float()


class _Numbers(nn.Module):
    """Scales columns, see `ColumnSpec.scaled`."""

    mean: Tensor
    scale: Tensor
    limit: Tensor

    def __init__(self, columns: Sequence[ColumnSpec]) -> None:
        super().__init__()
        for name in ("mean", "scale", "limit"):
            values = torch.tensor([getattr(one, name) for one in columns], dtype=torch.float64)
            self.register_buffer(name, values)

    def forward(self, numbers: Tensor) -> Tensor:
        x = (numbers - self.mean) / self.scale
        return x / torch.sqrt(1 + (x / self.limit) ** 2)


class _Categories(nn.Module):
    """Makes a feature of each category."""

    def __init__(self, columns: Sequence[ColumnSpec]) -> None:
        super().__init__()
        self._counts = [len(one.categories or ()) for one in columns]

    def forward(self, places: Tensor) -> Tensor:
        columns = zip(places.unbind(1), self._counts, strict=True)
        each = [(place.unsqueeze(1) == torch.arange(num, dtype=place.dtype)) for place, num in columns]
        return torch.cat(each, dim=1).to(places.dtype)


class _Dates(nn.Module):
    """Makes `DATE_FEATURES` of each date."""

    def __init__(self, columns: Sequence[ColumnSpec]) -> None:
        super().__init__()
        self.elapsed = _Numbers(columns)

    def forward(self, seconds: Tensor) -> Tensor:
        angles = [(seconds / period).frac() * math.tau for period in PERIODS_S]
        cycles = [wave for angle in angles for wave in (angle.sin(), (angle + math.pi / 2).sin())]
        return torch.stack([self.elapsed(seconds), *cycles], dim=2).flatten(1)


_RUNS = {"number": _Numbers, "boolean": _Numbers, "category": _Categories, "date": _Dates}
