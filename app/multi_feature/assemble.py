"""How a `MultiFeatureClassifier` is wired from its parts and the data spec."""

from nested_lightning.app.assembly import protocols
from nested_lightning.app.assembly.widths import Width
from nested_lightning.app.assembly.wiring.parts import Part, Parts, part, parts
from nested_lightning.app.assembly.wiring.published import published, refuse_unknown
from nested_lightning.app.multi_feature.model import MultiFeatureClassifier
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec
from nested_lightning.app.multi_feature.targets.several import SeveralTargets
from nested_lightning.app.multi_feature.targets.specs import ClassTarget


def multi_feature(
    data: MultiFeatureDataSpec,
    model: Part[MultiFeatureClassifier],
    feature_extractors: Parts[protocols.FeatureExtractor] = parts(),
    combiner: Part[protocols.Combiner] = part(),
    head: Part[protocols.Head] = part(),
    objective: Part[protocols.Objective] = part(),
    objectives: Parts[protocols.Objective] = parts(),
    normalizations: Parts[protocols.Normalization] = parts(),
    optimizer: Part[protocols.Optimizer] = part(),
    schedule: Part[protocols.Schedule | None] = part(),
) -> MultiFeatureClassifier:
    """Wire one extractor for each group of the data, the combiner of their widths, and the head.

    Args:
        data: Groups, and what is to be predicted.
        model: The composite.
        feature_extractors: Each takes ``in_features`` and what its group has ``wired`` besides; those that
            are named must be groups of the data.
        combiner: Takes ``in_features``, a mapping from group to width.
        head: Takes ``in_features`` and ``out_features``, as many as the objective needs.
        objective: Takes the ``target``; of several columns also their ``objectives``.
        objectives: Each takes its column's ``target``; needed for several columns alone.
        normalizations: For groups of pictures; each takes ``mean`` and ``scale`` of the channels.
        optimizer: Handed on.
        schedule: Handed on.

    Raises:
        CompositionError: Parts don't fit together, or a named group isn't in the data.
    """
    refuse_unknown(
        feature_extractors,
        data.widths,
        at="multi_feature.feature_extractors",
        what="the data has no such group",
        are="groups: {}",
    )
    extractors = {
        one.name: feature_extractors[one.name](
            in_features=Width(one.width, f"the data's group '{one.name}'"), **one.wired
        )
        for one in data.groups
    }
    combined = combiner(in_features={group: published(one) for group, one in extractors.items()})
    if isinstance(data.target, SeveralTargets):
        several = {name: objectives[name](target=one) for name, one in data.target.targets.items()}
        learnt = objective(target=data.target, objectives=several)
    else:
        learnt = objective(target=data.target)
    return model(
        feature_extractors=extractors,
        combiner=combined,
        head=head(in_features=published(combined), out_features=_outputs(data, learnt)),
        objective=learnt,
        target_columns=data.target_columns if isinstance(data.target, SeveralTargets) else (),
        normalizations={
            one.name: normalizations[one.name](mean=one.mean, scale=one.scale) for one in data.pictures
        },
        optimizer=optimizer,
        schedule=schedule,
    )


def _outputs(data: MultiFeatureDataSpec, objective: protocols.Objective) -> Width:
    """Return the head's width; for classes, a mismatch is reported as one with the data."""
    width = published(objective)
    giver = "the data's classes" if isinstance(data.target, ClassTarget) else width.giver
    return Width(width, giver, is_guessed=width.is_guessed)
