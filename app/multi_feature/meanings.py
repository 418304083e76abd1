"""What rows and columns of a model's weights stand for."""

from collections.abc import Iterator
from typing import cast

from torch import nn

from nested_lightning.app.assembly.names import escape_name
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec
from nested_lightning.app.training.meanings import Meaning


def meanings_of(
    spec: MultiFeatureDataSpec, *, extractors: nn.ModuleDict, combiner: nn.Module
) -> Iterator[Meaning]:
    """Yield what names of the data stand for in the head, the combiner and each extractor."""
    yield Meaning(part="head", what="classes", names=spec.target.outputs)
    yield Meaning(part="combiner", what="groups", names=tuple(spec.widths), binds="part")
    for group in spec.groups:
        part = f"feature_extractors.{escape_name(group.name)}"
        yield Meaning(part=part, what="columns", names=group.feature_names)
    widths = {name: cast(int, getattr(each, "out_features", 0)) for name, each in extractors.items()}
    if getattr(combiner, "out_features", None) == sum(widths.values()):  # side by side, in order
        groups = [(group, widths.get(escape_name(group), 0)) for group in spec.widths]
        combined = tuple(f"{group}.{i}" for group, width in groups for i in range(width))
        yield Meaning(part="head", what="groups", names=combined)
