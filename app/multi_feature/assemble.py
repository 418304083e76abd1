"""Puts a `MultiFeatureClassifier` together from injected factories and the data's spec."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor

from nested_lightning.app.assembly.assembler import Assembler
from nested_lightning.app.assembly.errors import CompositionError, WidthError
from nested_lightning.app.assembly.names import escape_name
from nested_lightning.app.checkpoints.recipe import Recipe
from nested_lightning.app.errors import UserError, did_you_mean
from nested_lightning.app.multi_feature.model import MultiFeatureClassifier
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec
from nested_lightning.app.training.optimization import OptimizerFactory, ScheduleFactory

ClassWeights = Literal["balanced"] | Mapping[str, float] | None


def assemble_multi_feature(
    *,
    data_spec: MultiFeatureDataSpec,
    feature_extractor: Callable[..., Any],
    combiner: Callable[..., Any],
    head: Callable[..., Any],
    assembler: Assembler,
    optimizer: OptimizerFactory,
    schedule: ScheduleFactory,
    class_weights: ClassWeights = None,
    label_smoothing: float = 0.0,
    modality_dropout: float = 0.0,
    min_stacked_extractors: int | None = None,
    recipe: Recipe | None = None,
    configured_groups: Iterable[str] = (),
) -> MultiFeatureClassifier:
    """Build one extractor for each group of the data, the combiner of their widths, and the head.

    Args:
        data_spec: Groups and classes of the data.
        feature_extractor: Called with a group's name and ``in_features``.
        combiner: Called with ``in_features``, a mapping from group to width.
        head: Called with ``in_features`` and ``out_features``, the number of classes.
        assembler: Seeds, names and checks each of them.
        optimizer: See `MultiFeatureClassifier`.
        schedule: See `MultiFeatureClassifier`.
        class_weights: ``"balanced"`` (inverse of the count in the training part, mean over rows 1), weights
            by class name (others 1), or None.
        label_smoothing: See `MultiFeatureClassifier`.
        modality_dropout: See `MultiFeatureClassifier`.
        min_stacked_extractors: See `MultiFeatureClassifier`.
        recipe: See `MultiFeatureClassifier`.
        configured_groups: Groups that have settings of their own; each must be in the data.

    Raises:
        CompositionError: Submodules don't fit together, or a configured group isn't in the data.
        UserError: A weight names an unknown class.
    """
    given_widths = data_spec.widths
    for group in configured_groups:
        if group not in given_widths:
            path = f"{assembler.locate('feature_extractors')}.{group}"
            assembler.report(
                CompositionError(
                    f"{path}: the data has no such group{did_you_mean(group, given_widths)}"
                    f" (groups: {', '.join(given_widths)})",
                    path=path,
                )
            )
    extractors = {}
    widths = {}
    for group, in_features in given_widths.items():
        name = f"feature_extractors.{escape_name(group)}"
        extractor = assembler.build(name, feature_extractor, group, in_features=in_features)
        assembler.check_width(name, extractor, giver=f"the data's group '{group}'", given=in_features)
        extractors[group] = extractor
        widths[group] = assembler.published_width(name, extractor)
    combined = assembler.build("combiner", combiner, in_features=widths)
    assembler.check_widths("combiner", combined, given=widths, givers="feature_extractors")
    combined_width = assembler.published_width("combiner", combined)
    num_classes = len(data_spec.class_names)
    classifier = assembler.build("head", head, in_features=combined_width, out_features=num_classes)
    assembler.check_width("head", classifier, giver=assembler.locate("combiner"), given=combined_width)
    published = assembler.published_width("head", classifier) if hasattr(classifier, "out_features") else None
    if published not in (None, num_classes):
        assembler.report(
            WidthError(
                giver=assembler.locate("head"), given=published, taker="the data's classes", taken=num_classes
            )
        )
    return MultiFeatureClassifier(
        feature_extractors=extractors,
        combiner=combined,
        head=classifier,
        num_classes=num_classes,
        optimizer=optimizer,
        schedule=schedule,
        class_weights=weigh_classes(data_spec, class_weights),
        label_smoothing=label_smoothing,
        modality_dropout=modality_dropout,
        min_stacked_extractors=min_stacked_extractors,
        recipe=recipe,
    )


def weigh_classes(data_spec: MultiFeatureDataSpec, weights: ClassWeights) -> Tensor | None:
    """Return the weights of the classes in the loss, [C] float32, or None for all alike.

    Raises:
        UserError: A weight names an unknown class.
    """
    if weights is None:
        return None
    names = data_spec.class_names
    if weights == "balanced":
        counts = torch.tensor(data_spec.class_counts, dtype=torch.float32)
        return counts.sum() / (len(names) * counts)
    for name in weights:
        if name not in names:
            raise UserError(
                f"multi_feature.class_weights.{name}: no such class{did_you_mean(name, names)} "
                f"(allowed: {', '.join(names)})"
            )
    return torch.tensor([weights.get(name, 1.0) for name in names], dtype=torch.float32)
