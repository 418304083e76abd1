"""The container of variant: what is injected, overridden, seeded, trained and resumed."""

from pathlib import Path
from typing import Any

import pytest
import torch
from dependency_injector import providers
from torch import Tensor, nn

from nested_lightning import bootstrap, from_checkpoint
from nested_lightning.app.assembly.errors import CompositionError, WidthError
from nested_lightning.app.checkpoints.checkpoint_io import read_checkpoint
from nested_lightning.app.errors import UserError
from nested_lightning.app.submodules.loss_balances import CountBalance, UncertaintyBalance
from nested_lightning.app.submodules.sequence_adapters import LinearProjection, TokenEmbedding
from nested_lightning.app.submodules.sequence_decoders import LinearDecoder, RecurrentDecoder
from nested_lightning.app.submodules.sequence_losses import FocalLoss
from nested_lightning.settings.reading.merging import merge
from tests.tiny_variants import variant_settings, write_lines


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    return variant_settings(tmp_path / "data", tmp_path / "run")


def _changed(settings: dict[str, Any], **section: Any) -> dict[str, Any]:
    return merge(settings, {"variant": section})


class MockDecoder(nn.Module):
    """Learns one set of logits, whatever it reads, and counts its calls."""

    def __init__(self, *, in_features: int, out_features: int) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(out_features))
        self.num_calls = 0

    def forward(self, x: Tensor, mask: Tensor | None = None, hidden: Any = None) -> tuple[Tensor, None]:
        self.num_calls += 1
        return self.logits.expand(*x.shape[:2], -1), None


@pytest.mark.slow
def test_a_mock_decoder_by_its_name_while_the_others_train_on(settings: dict[str, Any]) -> None:
    container = bootstrap(settings)
    with container.variant.decoders["points"].override(providers.Factory(MockDecoder)):
        run = container.variant.training_run()
    assert isinstance(container.variant.model().decoders["points"], RecurrentDecoder)
    before = {name: p.clone() for name, p in run.model.named_parameters()}

    run()

    mock = run.model.decoders["points"]
    assert isinstance(mock, MockDecoder)
    assert mock.num_calls > 0
    moved = {name for name, p in run.model.named_parameters() if not torch.equal(p, before[name])}
    assert {name for name in before if name.startswith("decoders.")} <= moved


@pytest.mark.parametrize("replaced", ["adapters.letters", "decoders.points", "losses.moods"])
def test_replacing_a_submodule_leaves_its_siblings_initial_weights(
    settings: dict[str, Any], replaced: str
) -> None:
    container = bootstrap(settings)
    before = container.variant.model().state_dict()
    part, name = replaced.split(".")
    mock: Any = {
        "adapters": lambda in_features: TokenEmbedding(in_features=in_features, out_features=6),
        "decoders": MockDecoder,
        "losses": FocalLoss,
    }[part]

    with getattr(container.variant, part)[name].override(providers.Factory(mock)):
        after = container.variant.model().state_dict()

    siblings = [name for name in before if not name.startswith(replaced)]
    assert all(torch.equal(before[name], after[name]) for name in siblings)


def test_every_part_is_the_one_that_settings_choose(settings: dict[str, Any]) -> None:
    chosen = _changed(
        settings,
        variants={
            "points": {"decoder": {"kind": "linear"}, "adapter": {"kind": "projection", "out_features": 9}},
            "moods": {"loss": {"kind": "focal"}},
        },
        trunk=None,
        balance={"kind": "count"},
    )
    model = bootstrap(chosen).variant.model()

    assert isinstance(model.decoders["points"], LinearDecoder)
    assert isinstance(model.adapters["points"], LinearProjection)
    assert model.decoders["points"].in_features == 9
    assert isinstance(model.decoders["letters"], RecurrentDecoder)
    assert isinstance(model.losses["moods"], FocalLoss)
    assert isinstance(model.balance, CountBalance)


def test_a_trunk_is_shared_and_followed_by_every_decoder(settings: dict[str, Any]) -> None:
    model = bootstrap(_changed(settings, trunk={"kind": "lstm", "hidden_features": 5})).variant.model()

    assert model.trunk.in_features == 6
    assert {decoder.in_features for decoder in model.decoders.values()} == {10}


def test_adapters_of_different_widths_do_not_fit_one_trunk(settings: dict[str, Any]) -> None:
    unequal = _changed(
        settings,
        trunk={"kind": "perceptron"},
        variants={"points": {"adapter": {"kind": "projection", "out_features": 9}}},
    )

    with pytest.raises(WidthError, match=r"adapters\.points gives 9 features, but variant\.trunk takes 6"):
        bootstrap(unequal).variant.model()


def test_an_adapter_of_another_kind_of_input_is_refused(settings: dict[str, Any]) -> None:
    wrong = _changed(settings, variants={"points": {"adapter": {"kind": "embedding"}}})

    with pytest.raises(CompositionError, match=r"adapters\.points \(TokenEmbedding\) takes tokens, but"):
        bootstrap(wrong).variant.model()


def test_a_decoder_of_another_number_of_classes_is_refused(settings: dict[str, Any]) -> None:
    container = bootstrap(settings)
    mock = RecurrentDecoder(in_features=6, out_features=7)

    with (
        container.variant.decoders["points"].override(providers.Object(mock)),
        pytest.raises(WidthError, match=r"decoders\.points gives 7 features.*'points'.* takes 2"),
    ):
        container.variant.model()


def test_a_variant_can_be_added_to_others_with_a_source_of_its_own(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    own = write_lines(tmp_path / "own.jsonl", [{"text": f"x{i}", "labels": ["a", "b"]} for i in range(9)])
    sources = {
        name: {"source": {"kind": "file", "path": str(tmp_path / "data" / f"{name}.jsonl")}}
        for name in ("points", "moods")
    }
    added = _changed(
        settings, data={"path": None}, variants={**sources, "own": {"source": {"path": str(own)}}}
    )
    for name in ("image", "text"):
        added["variant"]["variants"][name] = {"is_trained": False, "is_evaluated": False}

    assert bootstrap(added).variant.model().variants == ("points", "moods", "own")


@pytest.mark.slow
def test_a_frozen_variant_keeps_its_weights_and_the_trunk_learns_from_it(settings: dict[str, Any]) -> None:
    frozen = _changed(settings, variants={"letters": {"is_frozen": True}}, trunk={"kind": "perceptron"})
    run = bootstrap(frozen).variant.training_run()
    before = {name: p.clone() for name, p in run.model.named_parameters()}

    result = run()

    moved = {name for name, p in run.model.named_parameters() if not torch.equal(p, before[name])}
    assert not any(".letters." in name for name in moved)
    assert {name for name in before if ".letters." not in name} <= moved
    assert "test_letters_accuracy" in result.test_metrics


def test_all_variants_frozen_is_refused(settings: dict[str, Any]) -> None:
    names = ("letters", "moods", "points")
    frozen = _changed(settings, variants={name: {"is_frozen": True} for name in names})

    with pytest.raises(UserError, match="everything is frozen"):
        bootstrap(frozen).variant.training_run()()


def test_a_frozen_variant_without_a_trunk_has_no_training_batches(settings: dict[str, Any]) -> None:
    frozen = _changed(settings, variants={"letters": {"is_frozen": True}})
    loader = bootstrap(frozen).variant.datamodule().train_dataloader()

    assert {batch.variant for batch in loader} == {"moods", "points"}


def test_training_logs_each_variant_and_keeps_the_best_by_the_mean(settings: dict[str, Any]) -> None:
    uncertain = _changed(settings, balance={"kind": "uncertainty"})
    run = bootstrap(uncertain).variant.training_run()

    result = run()

    lines = (result.run_folder.metrics_file).read_text().splitlines()
    logged = set(lines[0].split(","))
    for name in ("letters", "moods", "points"):
        for score in ("loss", "accuracy", "macro_f1", "num_samples"):
            assert {f"train_{name}_{score}", f"val_{name}_{score}"} <= logged
        assert f"train_{name}_weight" in logged
    assert {"val_loss", "val_accuracy", "val_macro_f1"} <= logged
    values = [dict(zip(lines[0].split(","), line.split(","), strict=True)) for line in lines[1:]]
    best = max(float(row["val_macro_f1"]) for row in values if row["val_macro_f1"])
    assert result.validation_metrics["val_macro_f1"] == pytest.approx(best, abs=1e-6)
    assert isinstance(run.model.balance, UncertaintyBalance)


@pytest.mark.slow
def test_a_checkpoint_gives_the_model_back_without_the_data(settings: dict[str, Any], tmp_path: Path) -> None:
    result = bootstrap(settings).variant.training_run()()
    for file in (tmp_path / "data").iterdir():
        file.unlink()

    family = from_checkpoint(result.best_checkpoint).variant
    predictions = family.predictor().predict("letters", ["aB1", "X"])

    assert [len(one.classes) for one in predictions] == [3, 1]
    saved = read_checkpoint(result.best_checkpoint)["state_dict"]
    torch.testing.assert_close(dict(family.model().state_dict()), dict(saved), rtol=0, atol=0)


@pytest.mark.slow
def test_the_evaluator_scores_each_variant_and_their_mean(settings: dict[str, Any]) -> None:
    result = bootstrap(settings).variant.training_run()()

    report = from_checkpoint(result.best_checkpoint).variant.evaluator()("test")

    assert list(report.breakdown) == ["letters", "moods", "points"]
    assert report.breakdown_by == "variant"
    assert report.scores["accuracy"] == pytest.approx(result.test_metrics["test_accuracy"], abs=1e-6)
    for name, scores in report.breakdown.items():
        assert scores["accuracy"] == pytest.approx(result.test_metrics[f"test_{name}_accuracy"], abs=1e-6)
        assert scores["samples"] == result.test_metrics[f"test_{name}_num_samples"]
    assert set(report.breakdowns["class of letters"]) == {"digit", "lower", "upper"}
