"""How a `MultiFeatureClassifier` is wired of its parts and the data's spec."""

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor

from nested_lightning.app.assembly import protocols
from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.assembly.widths import Width
from nested_lightning.app.assembly.wiring.parts import Part, Parts, part, parts
from nested_lightning.app.assembly.wiring.published import published, report
from nested_lightning.app.errors import UserError, did_you_mean
from nested_lightning.app.multi_feature.model import MultiFeatureClassifier
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec

ClassWeights = Literal["balanced"] | Mapping[str, float] | None


def multi_feature(
    data: MultiFeatureDataSpec,
    model: Part[MultiFeatureClassifier],
    feature_extractors: Parts[protocols.FeatureExtractor] = parts(),
    combiner: Part[protocols.Combiner] = part(),
    head: Part[protocols.Head] = part(),
    normalizations: Parts[protocols.Normalization] = parts(),
    optimizer: Part[protocols.Optimizer] = part(),
    schedule: Part[protocols.Schedule | None] = part(),
    class_weights: ClassWeights = None,
) -> MultiFeatureClassifier:
    """Wire one extractor for each group of the data, the combiner of their widths, and the head.

    Args:
        data: Groups and classes.
        model: The composite.
        feature_extractors: Each takes ``in_features``, of pictures the number of channels, and then
            ``picture_size`` as well; those that are named must be groups of the data.
        combiner: Takes ``in_features``, a mapping from group to width.
        head: Takes ``in_features`` and ``out_features``, the number of classes.
        normalizations: For groups of pictures; each takes ``mean`` and ``scale`` of the channels.
        optimizer: Handed on.
        schedule: Handed on.
        class_weights: ``"balanced"`` (inverse of the count in the training part, mean over rows 1), weights
            by class name (others 1), or None.

    Raises:
        CompositionError: Parts don't fit together, or a named group isn't in the data.
        UserError: A weight names an unknown class.
    """
    widths = data.widths
    for group in feature_extractors:
        if group not in widths:
            path = f"multi_feature.feature_extractors.{group}"
            groups = f"{did_you_mean(group, widths)} (groups: {', '.join(widths)})"
            report(CompositionError(f"{path}: the data has no such group{groups}", path=path))
    sizes = {one.name: {"picture_size": one.size} for one in data.pictures}
    extractors = {
        group: feature_extractors[group](
            in_features=Width(width, f"the data's group '{group}'"), **sizes.get(group, {})
        )
        for group, width in widths.items()
    }
    combined = combiner(in_features={group: published(one) for group, one in extractors.items()})
    num_classes = len(data.class_names)
    return model(
        feature_extractors=extractors,
        combiner=combined,
        head=head(in_features=published(combined), out_features=Width(num_classes, "the data's classes")),
        num_classes=num_classes,
        normalizations={
            one.name: normalizations[one.name](mean=one.mean, scale=one.scale) for one in data.pictures
        },
        optimizer=optimizer,
        schedule=schedule,
        class_weights=weigh_classes(data, class_weights),
    )


def weigh_classes(data: MultiFeatureDataSpec, weights: ClassWeights) -> Tensor | None:
    """Return the weights of the classes in the loss, [C] float32, or None for all alike.

    Raises:
        UserError: A weight names an unknown class.
    """
    if weights is None:
        return None
    names = data.class_names
    if weights == "balanced":
        counts = torch.tensor(data.class_counts, dtype=torch.float32)
        return counts.sum() / (len(names) * counts)
    for name in weights:
        if name not in names:
            raise UserError(
                f"multi_feature.class_weights.{name}: no such class{did_you_mean(name, names)} "
                f"(allowed: {', '.join(names)})"
            )
    return torch.tensor([weights.get(name, 1.0) for name in names], dtype=torch.float32)
