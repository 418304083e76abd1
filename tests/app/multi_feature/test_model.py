"""The composite multi-feature, put together by hand from tiny modules."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.model import MultiFeatureClassifier
from nested_lightning.app.multi_feature.objectives.classes import ClassesObjective, ClassWeights
from nested_lightning.app.multi_feature.targets.specs import ClassTarget
from nested_lightning.app.submodules.combiners import Concatenation
from nested_lightning.app.submodules.feature_extractors import FeatureExtractor
from nested_lightning.app.submodules.heads import LinearHead

TWO = ClassTarget(column="y", names=("a", "b"), counts=(1, 1))


def _build(
    groups: dict[str, int] | list[int],
    class_weights: ClassWeights = None,
    label_smoothing: float = 0.0,
    **options: Any,
) -> MultiFeatureClassifier:
    torch.manual_seed(0)
    named = groups if isinstance(groups, dict) else {str(i): width for i, width in enumerate(groups)}
    extractors = {
        group: FeatureExtractor(in_features=width, hidden_features=4, out_features=3)
        for group, width in named.items()
    }
    return MultiFeatureClassifier(
        feature_extractors=extractors if isinstance(groups, dict) else list(extractors.values()),
        combiner=Concatenation(in_features=dict.fromkeys(named, 3)),
        head=LinearHead(in_features=3 * len(named), out_features=2),
        objective=ClassesObjective(target=TWO, class_weights=class_weights, label_smoothing=label_smoothing),
        optimizer=torch.optim.Adam,
        schedule=lambda optimizer, num_steps: None,
        **options,
    )


def _batch(presence: Tensor | None = None) -> FeatureBatch:
    torch.manual_seed(1)
    features: dict[str, Tensor | None] = {"kar": torch.randn(6, 5), "fou": torch.randn(6, 2)}
    return FeatureBatch(features=features, presence=presence, target=torch.tensor([0, 1, 0, 1, 0, 1]))


def _target(batch: FeatureBatch) -> Tensor:
    assert isinstance(batch.target, Tensor)
    return batch.target


def test_forward_takes_groups_by_name_or_in_order() -> None:
    model = _build({"kar": 5, "fou": 2})
    kar, fou = torch.randn(6, 5), torch.randn(6, 2)

    by_name = model({"fou": fou, "kar": kar})

    assert by_name.shape == (6, 2)
    assert torch.equal(by_name, model([kar, fou]))


def test_unnamed_groups_name_their_parameters_as_a_module_list_does() -> None:
    model = _build([5, 2])
    expected = nn.ModuleList([FeatureExtractor(in_features=5), FeatureExtractor(in_features=2)]).state_dict()
    names = {name for name in model.state_dict() if name.startswith("feature_extractors.")}

    assert names == {f"feature_extractors.{name}" for name in expected}


def test_groups_with_names_that_a_module_dict_refuses_work() -> None:
    model = _build({"values": 2, "type": 2, "a.b": 2})

    assert model.group_names == ("values", "type", "a.b")
    assert model({name: torch.randn(3, 2) for name in model.group_names}).shape == (3, 2)


def test_every_submodule_is_registered_and_gets_gradients() -> None:
    model = _build({"kar": 5, "fou": 2})

    model.training_step(_batch(), 0).backward()

    for name in ("feature_extractors.kar", "feature_extractors.fou", "head"):
        parameters = list(model.get_submodule(name).parameters())
        assert parameters
        assert all(p.grad is not None and p.grad.any() for p in parameters), name


def test_a_group_of_another_width_is_refused_by_name() -> None:
    model = _build({"kar": 5, "fou": 2})

    with pytest.raises(UserError, match=r"group 'fou' has 3 features, but its extractor .* takes 2"):
        model([torch.randn(6, 5), torch.randn(6, 3)])


def test_groups_that_are_unknown_too_few_or_too_many_are_refused() -> None:
    model = _build({"kar": 5, "fou": 2})

    with pytest.raises(UserError, match="unknown: zer; not given: fou"):
        model({"kar": torch.randn(6, 5), "zer": torch.randn(6, 2)})
    with pytest.raises(UserError, match="1 groups were given, but there are 2"):
        model([torch.randn(6, 5)])
    with pytest.raises(UserError, match="every group is missing"):
        model([None, None])


def test_a_group_left_out_is_the_same_as_one_that_no_row_has() -> None:
    model = _build({"kar": 5, "fou": 2})
    kar, fou = torch.randn(6, 5), torch.randn(6, 2)
    without_fou = torch.tensor([True, False]).expand(6, 2)

    torch.testing.assert_close(model([kar, None]), model([kar, fou], without_fou))


def test_class_weights_change_the_loss_of_their_class_alone() -> None:
    plain, weighted = (
        _build({"kar": 5, "fou": 2}),
        _build({"kar": 5, "fou": 2}, class_weights={"a": 1.0, "b": 3.0}),
    )
    batch = _batch()
    logits = plain(batch.features)
    per_row = nn.functional.cross_entropy(logits, _target(batch), reduction="none")
    weights = torch.tensor([1.0, 3.0])[_target(batch)]

    torch.testing.assert_close(weighted.training_step(batch, 0), (per_row * weights).sum() / weights.sum())


def test_label_smoothing_reaches_the_loss() -> None:
    smoothed = _build({"kar": 5, "fou": 2}, label_smoothing=0.2)
    batch = _batch()
    expected = nn.functional.cross_entropy(smoothed(batch.features), _target(batch), label_smoothing=0.2)

    torch.testing.assert_close(smoothed.training_step(batch, 0), expected)


def test_modality_dropout_hides_groups_in_training_and_always_leaves_one() -> None:
    model = _build({"kar": 5, "fou": 2}, modality_dropout=0.9)
    seen: list[Tensor] = []
    model.combiner.register_forward_pre_hook(lambda module, args: seen.append(args[1]))

    for _ in range(20):
        model.training_step(_batch(), 0)

    masks = torch.cat(seen)
    assert masks.any(dim=1).all()
    assert 0.4 < masks.float().mean() < 0.7


def test_modality_dropout_never_shows_a_group_that_is_missing() -> None:
    model = _build({"kar": 5, "fou": 2}, modality_dropout=0.5)
    presence = torch.tensor([True, False]).expand(6, 2)
    seen: list[Tensor] = []
    model.combiner.register_forward_pre_hook(lambda module, args: seen.append(args[1]))

    model.training_step(_batch(presence), 0)

    assert torch.equal(seen[0], presence)


def test_validation_hides_no_group() -> None:
    model = _build({"kar": 5, "fou": 2}, modality_dropout=0.9).eval()
    seen: list[Tensor | None] = []
    model.combiner.register_forward_pre_hook(lambda module, args: seen.append(args[1]))

    model.validation_step(_batch(), 0)

    assert seen == [None]


def test_a_row_is_weighed_by_its_own_class_also_where_targets_are_smoothed() -> None:
    weights = torch.tensor([0.5, 20.0])
    model = _build({"kar": 5, "fou": 2}, class_weights={"a": 0.5, "b": 20.0}, label_smoothing=0.1).eval()
    batch = _batch()
    logits = model(batch.features).detach()
    losses = torch.stack(
        [
            functional.cross_entropy(one[None], target[None], label_smoothing=0.1)
            for one, target in zip(logits, _target(batch), strict=True)
        ]
    )
    of_row = weights[_target(batch)]

    loss = model.training_step(batch, 0)

    torch.testing.assert_close(loss.detach(), (of_row * losses).sum() / of_row.sum())
