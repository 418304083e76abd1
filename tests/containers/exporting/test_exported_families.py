"""Trained checkpoints of each family go to files that say what they say."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nested_lightning import bootstrap, family_container, from_checkpoint
from nested_lightning.app.errors import UserError
from nested_lightning.app.exported.runtime import open_exported
from nested_lightning.app.exporting.exportable import ExportError
from nested_lightning.app.exporting.program_file import open_pt2
from nested_lightning.app.multi_feature.exported import ExportedMultiFeature
from nested_lightning.containers.starting.exporting import export_graphs, make_exporter
from tests.app.multi_feature.test_pictures import write_class_folders
from tests.frozen.set_ups import FAMILIES, TRAINED, SetUp
from tests.quick_first import quick_first

GRAPHS = {
    "multi-feature": ["model"],
    "image-to-text": ["encoder", "step"],
    "variant": ["letters", "moods", "points"],
    "vae-gan": [
        "classifier",
        *(f"{vae}.{part}" for vae in ("dot", "outline") for part in ("encoder", "decoder", "prior")),
    ],
}

OF_THE_OLDEST_RUNTIME = (20, 10)
"""Opset and IR version that onnxruntime 1.23, the oldest of the extra ``export``, was seen to run."""

LIMITS = {
    "multi-feature": ["missing values", "extremes"],
    "image-to-text": ["black and white"],
    "variant": ["of 1 steps", "of 64 steps", "unequal lengths"],
    "vae-gan": ["black and white"],
}
"""What rows at the limits are called."""


def trained(family: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(TRAINED / family)
    return from_checkpoint(TRAINED / family / "run", device="cpu")


@pytest.mark.parametrize("family", quick_first(FAMILIES))
def test_a_checkpoint_becomes_files_that_can_be_moved(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = export_graphs(trained(family, monkeypatch), tmp_path / "m.onnx")

    moved = (tmp_path / "m.onnx").rename(tmp_path / "elsewhere.onnx")
    assert sorted(open_exported(moved).graphs) == sorted(GRAPHS[family])
    assert (report.manifest.opset, report.manifest.ir_version) <= OF_THE_OLDEST_RUNTIME
    assert {"torch", "onnx", "onnxscript", "onnxruntime", "nested-lightning"} <= {*report.manifest.versions}
    assert report.manifest.recipe["family"] == family
    assert [*tmp_path.iterdir()] == [moved]


@pytest.mark.parametrize("family", quick_first(FAMILIES))
def test_graphs_are_proven_with_few_rows_and_at_the_limits(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for graph in make_exporter(trained(family, monkeypatch)).wholes:
        assert {len(inputs[0]) for inputs in graph.cases.values()} >= {1, 2, 3, 17}
        assert all(any(limit in name for name in graph.cases) for limit in LIMITS[family])


@pytest.mark.slow
@pytest.mark.parametrize("family", ["multi-feature", "variant"])  # of one graph, and of several
def test_a_checkpoint_becomes_programs_of_torch(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = export_graphs(trained(family, monkeypatch), tmp_path / "m.pt2", format_="torch-export")

    for graph in report.manifest.graphs:
        open_pt2(tmp_path / "m.pt2" / graph.file if graph.file else tmp_path / "m.pt2")


@pytest.mark.slow
def test_any_number_of_rows_is_answered_as_predict_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = trained("multi-feature", monkeypatch)
    export_graphs(application, tmp_path / "m.onnx")
    exported = ExportedMultiFeature(model=open_exported(tmp_path / "m.onnx"))
    predictor = family_container(application).predictor()

    for rows in (1, 2, 17):
        lines = Path("data/shapes.csv").read_text().splitlines()[: rows + 1]
        (tmp_path / "rows.csv").write_text("\n".join(lines))
        expected = predictor.predict_file(tmp_path / "rows.csv").probabilities
        said = exported.predict_file(tmp_path / "rows.csv").probabilities
        np.testing.assert_allclose(said, np.asarray(expected), atol=1e-5)


@pytest.mark.slow
def test_a_model_in_training_is_exported_as_it_predicts_and_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = trained("multi-feature", monkeypatch)
    container = family_container(application)
    model = container.model().train()
    model.training_step(container.real_batches()[0], 0).backward()
    weights = {name: one.clone() for name, one in model.state_dict().items()}
    gradients = [one.grad for one in model.parameters()]
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()  # type: ignore[index]

    export_graphs(application, tmp_path / "m.onnx")

    assert model.training
    assert all(one.grad is grad for one, grad in zip(model.parameters(), gradients, strict=True))
    assert all(torch.equal(one, weights[name]) for name, one in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1]
    assert (np.random.get_state()[1] == states[2]).all()  # type: ignore[index]


def test_what_is_not_the_same_leaves_no_file_and_names_the_first_submodule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = r"differs from the model by more than 1e-12: output 'shape', row \d+ of .*of multi_feature\.\w+"
    with pytest.raises(ExportError, match=said):
        make_exporter(trained("multi-feature", monkeypatch), tolerance=1e-12)(tmp_path / "m.onnx", "onnx")
    assert not [*tmp_path.iterdir()]


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["bf16-mixed", "bf16-true"])
def test_what_was_trained_in_16_bits_is_exported_within_a_hundredth(
    precision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(TRAINED / "multi-feature")
    run = SetUp(family="multi-feature").application(f"trainer.precision={precision}", f"run_dir={tmp_path}")
    application = from_checkpoint(run.train().best_checkpoint, device="cpu")
    exporter = make_exporter(application)

    report = exporter(tmp_path / "m.onnx", "onnx")

    assert exporter.tolerance == 1e-2
    assert report.differences["model"].size <= 1e-2
    said, expected = (
        one.predict_file("data/shapes.csv").probabilities
        for one in (
            ExportedMultiFeature(model=open_exported(tmp_path / "m.onnx")),
            family_container(application).predictor(),
        )
    )
    np.testing.assert_allclose(said, np.asarray(expected), atol=1e-2)


@pytest.mark.slow
def test_a_submodule_is_exported_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = export_graphs(
        trained("image-to-text", monkeypatch), tmp_path / "e.onnx", submodule="image_to_text.image_encoder"
    )

    (graph,) = report.manifest.graphs
    assert report.manifest.submodule == "image_to_text.image_encoder"
    assert [port.dims for port in graph.inputs] == [(None, 3, 16, 16)]
    assert "a row of x is of 3 x 16 x 16" in report.manifest.notes[0]


@pytest.mark.slow
def test_a_submodule_that_is_not_there_or_is_not_called_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = trained("multi-feature", monkeypatch)
    with pytest.raises(UserError, match=r"^--submodule multi_feature\.hed: there is no such submodule; near"):
        export_graphs(application, tmp_path / "m.onnx", submodule="multi_feature.hed")
    with pytest.raises(ExportError, match=r"multi_feature\.objective: nothing .* so it has no graph$"):
        export_graphs(application, tmp_path / "m.onnx", submodule="multi_feature.objective")


@pytest.mark.slow
def test_of_several_submodules_those_that_nothing_calls_are_left_out_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = trained("multi-feature", monkeypatch)
    with pytest.warns(UserWarning, match=r"nothing calls these .*: multi_feature\.feature_extractors, .*"):
        report = export_graphs(application, tmp_path / "m.onnx", submodule="multi_feature.*")
    assert [one.name for one in report.manifest.graphs] == ["multi_feature.combiner", "multi_feature.head"]
    with pytest.raises(ExportError, match=r"may have one: --submodule 'multi_feature\.feature_extr.*\.\*'"):
        export_graphs(application, tmp_path / "n.onnx", submodule="multi_feature.feature_extractors")


class Branching(nn.Module):
    """A head that goes its way by numbers."""

    def __init__(self, *, in_features: int, out_features: int) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.linear = nn.Linear(in_features, out_features)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x) if x.sum() > 0 else -self.linear(x)


@pytest.mark.slow
def test_where_a_submodule_can_not_be_exported_the_others_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(TRAINED / "multi-feature")
    application = bootstrap("small.yaml", overrides={"multi_feature.head": Branching})

    with pytest.raises(ExportError, match=r"\(multi_feature\.head, test_exported_families\.py:\d+\)$"):
        export_graphs(application, tmp_path / "m.onnx")
    assert not [*tmp_path.iterdir()]
    export_graphs(application, tmp_path / "m.onnx", submodule="multi_feature.combiner")


@pytest.mark.slow
def test_groups_have_their_names_in_the_file_whatever_they_are(tmp_path: Path) -> None:
    groups = {"output": ["x"], "a b": ["y"], "größe": ["z"], "label": ["w"]}
    rng = np.random.default_rng(0)
    data = {name: rng.normal(size=60).tolist() for name in "wzyx"} | {"label": ["no", "yes"] * 30}
    grouping = {"kind": "explicit", "groups": groups}
    named = {"multi_feature.data.label": "label", "multi_feature.data.grouping": grouping}
    application = bootstrap({"model": "multi-feature", **named}, data=data)

    graph = export_graphs(application, tmp_path / "m.onnx").manifest.graphs[0]

    assert {port.name for port in graph.inputs} == {*groups}
    assert [(port.name, port.of) for port in graph.outputs] == [("label_", "label")]


def test_a_single_group_that_may_be_missing_has_rows_at_the_limits() -> None:
    data = {"x": [0.0, 1.0, 2.0] * 20, "label": ["no", "yes"] * 30}
    named = {"multi_feature.data.label": "label", "multi_feature.data.allow_missing_groups": True}
    (graph,) = make_exporter(bootstrap({"model": "multi-feature", **named}, data=data)).wholes

    assert graph.cases["missing groups"][-1].tolist() == [[False], [False], [True]]
    assert len(graph.says("missing groups")[0]) == 3


@pytest.mark.slow
def test_pictures_are_exported_as_they_are_in_files(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "shapes")
    application = bootstrap({"model": "multi-feature", "multi_feature.data.path": str(folder)})

    (graph,) = export_graphs(application, tmp_path / "m.onnx").manifest.graphs

    assert [(port.dtype, port.dims) for port in graph.inputs] == [("uint8", (None, 1, 8, 8))]


@pytest.mark.slow
def test_without_data_rows_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    application = from_checkpoint(TRAINED / "multi-feature" / "run", device="cpu")
    with pytest.warns(UserWarning, match="there are no data, so the export is verified with drawn rows"):
        export_graphs(application, tmp_path / "m.onnx")
