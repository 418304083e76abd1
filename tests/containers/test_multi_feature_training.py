"""Trainings of multi-feature: their losses, number formats, and what they refuse and warn of."""

from typing import Any

import pytest
import torch

from nested_lightning import bootstrap
from nested_lightning.app.errors import UserError
from nested_lightning.settings.reading.merging import merge


def test_all_parameters_are_registered_and_move_in_training(small_settings: dict[str, Any]) -> None:
    container = bootstrap(small_settings)
    initial = {name: p.clone() for name, p in container.multi_feature.model().named_parameters()}

    run = container.multi_feature.training_run()
    run()

    trained = dict(run.model.named_parameters())
    prefixes = ("feature_extractors.kar.", "feature_extractors.fou.", "head.")
    assert all(any(name.startswith(prefix) for name in trained) for prefix in prefixes)
    assert all(not torch.equal(initial[name], trained[name]) for name in initial)


@pytest.mark.parametrize(("choice", "epoch"), [("monitored", 0), ("newest", 2)])
def test_the_checkpoint_for_use_is_that_of_the_best_value_or_the_newest(
    choice: str, epoch: int, small_settings: dict[str, Any]
) -> None:
    worst_is_best = {"monitor": "val_loss", "monitor_mode": "max", "best_checkpoint": choice}

    result = bootstrap(merge(small_settings, {"trainer": worst_is_best})).multi_feature.training_run()()

    assert torch.load(result.best_checkpoint, weights_only=True)["epoch"] == epoch
    assert result.best_checkpoint.name == "best.ckpt"
    assert [file.name for file in result.best_checkpoint.parent.iterdir() if "best" in file.name] == [
        "best.ckpt"
    ]


@pytest.mark.slow
def test_a_group_may_be_missing_in_training_where_settings_allow_it(
    small_settings: dict[str, Any], tmp_path: Any
) -> None:
    lines = (tmp_path / "shapes.csv").read_text().splitlines()
    gaps = [",".join([*line.split(",")[:3], "", "", line.split(",")[5]]) for line in lines[1::4]]
    lines[1::4] = gaps
    (tmp_path / "shapes.csv").write_text("\n".join(lines) + "\n")
    allowed = {
        "trainer": {"max_epochs": 15},
        "multi_feature": {"data": {"allow_missing_groups": True}, "modality_dropout": 0.2},
    }

    result = bootstrap(merge(small_settings, allowed)).multi_feature.training_run()()

    assert result.test_metrics["test_accuracy"] > 0.7


def test_balanced_class_weights_come_from_the_training_part(small_settings: dict[str, Any]) -> None:
    container = bootstrap(merge(small_settings, {"multi_feature": {"class_weights": "balanced"}}))
    model = container.multi_feature.model()
    counts = torch.tensor(container.multi_feature.data_spec().target.counts, dtype=torch.float32)

    torch.testing.assert_close(model.objective.class_weights, counts.sum() / (3 * counts))


def test_a_weight_of_an_unknown_class_is_refused(small_settings: dict[str, Any]) -> None:
    weights = {"multi_feature": {"class_weights": {"cirle": 2.0}}}

    with pytest.raises(ValueError, match=r"class_weights\.cirle.*did you mean 'circle'"):
        bootstrap(merge(small_settings, weights)).multi_feature.model()


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_gradients_are_clipped_with_the_fused_optimiser_in_every_precision(
    small_settings: dict[str, Any], precision: str
) -> None:
    clipped = {"trainer": {"precision": precision, "gradient_clip_norm": 1e-6, "max_epochs": 1}}
    family = bootstrap(merge(small_settings, clipped)).multi_feature
    run = family.training_run()
    norms: list[float] = []
    run.model.on_before_zero_grad = lambda optimizer: norms.append(
        max((float(p.grad.norm()) for p in run.model.parameters() if p.grad is not None), default=0.0)
    )

    run()

    assert len(norms) > 2
    assert max(norms[1:]) <= 2e-6


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["64-true", "bf16-true"])
def test_every_number_format_trains(small_settings: dict[str, Any], precision: str) -> None:
    formats = {"trainer": {"precision": precision, "max_epochs": 1}}

    result = bootstrap(merge(small_settings, formats)).multi_feature.training_run()()

    assert result.num_steps == 3


def test_a_batch_of_one_row_is_refused_where_parts_normalise(small_settings: dict[str, Any]) -> None:
    single = {"multi_feature": {"data": {"batch_size": 1}}}

    with pytest.raises(UserError, match=r"raise multi_feature\.data\.batch_size"):
        bootstrap(merge(small_settings, single)).multi_feature.training_run()()


def test_a_loss_that_is_not_finite_is_warned_of(small_settings: dict[str, Any]) -> None:
    wild = {"multi_feature": {"optimizer": {"lr": 1e30}}}

    with pytest.warns(UserWarning, match="is not finite after epoch 1: lower the learning rate"):
        bootstrap(merge(small_settings, wild)).multi_feature.training_run()()


def test_a_metric_to_monitor_that_is_never_logged_is_refused(small_settings: dict[str, Any]) -> None:
    unknown = {"trainer": {"monitor": "val_acc"}}

    with pytest.raises(UserError, match=r"val_acc.*val_accuracy"):
        bootstrap(merge(small_settings, unknown)).multi_feature.training_run()()


def test_the_weighted_validation_loss_does_not_depend_on_the_batch_size(
    small_settings: dict[str, Any],
) -> None:
    losses = []
    for eval_batch_size in (2, 64):
        weighted = {
            "multi_feature": {
                "data": {"eval_batch_size": eval_batch_size},
                "class_weights": {"circle": 5.0, "star": 0.2},
            }
        }
        family = bootstrap(merge(small_settings, weighted)).multi_feature
        model = family.model().eval()
        for batch in family.datamodule().val_dataloader():
            model.validation_step(batch, 0)
        losses.append(model.val_loss.finish())

    torch.testing.assert_close(losses[0], losses[1])
