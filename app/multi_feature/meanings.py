"""What rows and columns of a model's weights stand for."""

from collections.abc import Iterator
from typing import cast

from torch import nn

from nested_lightning.app.assembly.names import escape_name
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec
from nested_lightning.app.submodules.periodic import PeriodicEmbedding
from nested_lightning.app.training.meanings import Binding, Meaning


def meanings_of(
    spec: MultiFeatureDataSpec, *, extractors: nn.ModuleDict, combiner: nn.Module
) -> Iterator[Meaning]:
    """Yield what names of the data stand for in the head, the combiner and each extractor."""
    yield Meaning(part="head", what="classes", names=spec.target.outputs)
    yield Meaning(part="combiner", what="groups", names=tuple(spec.widths), binds="part")
    for group in spec.groups:
        name = escape_name(group.name)
        embeds = any(isinstance(one, PeriodicEmbedding) for one in extractors[name].modules())
        binds: Binding = "part" if embeds else "entries"  # its tensors have columns at different places
        yield Meaning(
            part=f"feature_extractors.{name}", what="columns", names=group.feature_names, binds=binds
        )
    widths = {name: cast(int, getattr(each, "out_features", 0)) for name, each in extractors.items()}
    if getattr(combiner, "out_features", None) == sum(widths.values()):  # side by side, in order
        groups = [(group, widths.get(escape_name(group), 0)) for group in spec.widths]
        combined = tuple(f"{group}.{i}" for group, width in groups for i in range(width))
        yield Meaning(part="head", what="groups", names=combined)
