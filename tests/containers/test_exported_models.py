"""Exported models say what their checkpoints say, by the same readers and decoders, at both doors."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import csv, parquet

import nested_lightning as nl
from nested_lightning.app.exported.runtime import open_exported
from nested_lightning.app.exporting.exportable import ExportError
from nested_lightning.app.multi_feature.exported import ExportedMultiFeature
from nested_lightning.containers.exported import answers_of, exported_model
from nested_lightning.containers.serving.services import service_of
from nested_lightning.containers.starting.bootstrapping import provider_of
from nested_lightning.containers.starting.exporting import export_graphs
from nested_lightning.containers.starting.lossy_exporting import export_lossy
from nested_lightning.settings.serving import LimitSettings
from tests.app.exported.tiny import write_tiny
from tests.conftest import make_picture_folder, make_picture_settings, make_small_settings, write_small_csv
from tests.containers.tables.everything import KINDS, features_of, settings_for, table_for
from tests.quick_first import quick_first
from tests.tiny_variants import variant_settings, write_lines
from tests.untrained import as_if_trained

Case = tuple[Any, Mapping[str, Any]]
"""An untrained application, and what its predictor is asked."""


def untrained(settings: Mapping[str, Any], *, data: Any = None) -> Any:
    application = nl.bootstrap(settings, data=data)
    as_if_trained(nl.family_container(application))
    return application


def rows(folder: Path) -> Case:
    file = write_small_csv(folder / "shapes.csv")
    return untrained(make_small_settings(file, folder / "run")), {"files": [file], "keep": "shape"}


def sequences(folder: Path) -> Case:
    application = untrained(variant_settings(folder / "data", folder / "run"))
    texts = [{"text": text} for text in ("a", "abcXYZ12" * 40, "??", "Z1" * 9)]
    return application, {"files": [write_lines(folder / "new.jsonl", texts)], "variant": "letters"}


def captions(folder: Path) -> Case:
    names = [f"{number}.png" for number in range(12)]
    for number, name in enumerate(names):
        Image.new("RGB", (20 + number, 20), (20 * number, 0, 99)).save(folder / name)
    lines = [f"{name},a picture of {i % 3}\n" for i, name in enumerate(names)]
    (folder / "captions.csv").write_text("picture,caption\n" + "".join(lines))
    data = {"image_to_text.data.path": str(folder), "image_to_text.data.picture_size": 16}
    application = untrained({"model": "image-to-text", "run_dir": str(folder / "run"), **data})
    return application, {"files": [folder / name for name in names]}


def pictures(folder: Path) -> Case:
    drawn = make_picture_folder(folder)
    settings = make_picture_settings(drawn, folder / "run")
    settings["vae_gan"]["data"]["grouping"] = {"kind": "together"}
    application = untrained(settings)
    return application, {"files": [], "reconstruct": drawn}


def records_of(answers: Any) -> list[Any]:
    content = answers.encode("npz" if "npz" in answers.writers and "png" in answers.writers else "json")
    if content[:1] == b"[":
        return list(json.loads(content))
    with np.load(pa.BufferReader(content)) as arrays:
        return [{name: arrays[name].tolist() for name in arrays}]


def approximately(found: Any, expected: Any) -> bool:
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(approximately(found[k], expected[k]) for k in expected)
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(approximately, found, expected))
    is_number = isinstance(expected, float)
    return bool(found == (pytest.approx(expected, abs=1e-4, rel=1e-4) if is_number else expected))


WITHOUT_TORCH = """
import sys
from pathlib import Path, PosixPath, WindowsPath
from nested_lightning.containers.exported import answers_of
family, answer = answers_of(Path(sys.argv[1]))
assert answer(**eval(sys.argv[2])).count
assert not {"torch", "pytorch_lightning", "dependency_injector"} & {*sys.modules}
"""


@pytest.mark.parametrize("make", quick_first([rows, sequences, captions, pictures]))
def test_an_exported_model_predicts_what_its_checkpoint_does(
    make: Callable[[Path], Case], tmp_path: Path
) -> None:
    application, asked = make(tmp_path)
    target = tmp_path / ("m.onnx" if make is rows else "m")
    export_graphs(application, target)

    family, answer = answers_of(target)

    assert family.name == application.settings().model
    expected = records_of(provider_of(application, "answers")(**asked))
    assert approximately(records_of(answer(**asked)), expected)
    service = service_of("m", exported_model(target), LimitSettings())  # it has answered an example
    assert service.is_ready
    service.stop()
    subprocess.run([sys.executable, "-c", WITHOUT_TORCH, str(target), repr(dict(asked))], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_objective_answers_as_its_checkpoint_does(kind: str, tmp_path: Path) -> None:
    features = features_of()
    if kind != "several":  # with which groups of all sorts are shown
        features = {name: features[name] for name in ("size", "colour", "split")}
    settings = settings_for(kind, tmp_path / "run", allow_missing_groups=kind == "several")
    application = untrained(settings, data=table_for(kind, features))
    export_graphs(application, tmp_path / "m.onnx")
    asked = {"files": [tmp_path / "new.parquet"]}
    parquet.write_table(pa.table(features).slice(0, 40), *asked["files"])

    expected = records_of(provider_of(application, "answers")(**asked))
    assert approximately(records_of(answers_of(tmp_path / "m.onnx")[1](**asked)), expected)


@pytest.mark.slow
def test_names_that_onnx_has_otherwise_and_rows_that_lack_something_are_answered_alike(
    tmp_path: Path,
) -> None:
    draw = np.random.default_rng(0)
    columns: dict[str, Any] = {name: draw.normal(size=60) for name in ("o0", "o1", "a0", "g0", "g1")}
    columns |= {"kind": [*"xy", None] * 20, "label": draw.choice(["u", "v", "w"], 60)}
    columns["day"] = [f"20{year:02d}-01-31" for year in range(60)]
    csv.write_csv(pa.table(columns), tmp_path / "data.csv")
    groups = {"output": ["o0", "o1"], "a b": ["a0", "kind"], "größe": ["g0", "g1"], "tag": ["day"]}
    settings = make_small_settings(tmp_path / "data.csv", tmp_path / "run")
    settings["multi_feature"]["data"] |= {
        "label": "label",
        "grouping": {"kind": "explicit", "groups": groups},
        "missing": "mean",
        "allow_missing_groups": True,
    }
    application = untrained(settings)
    export_graphs(application, tmp_path / "m.onnx")
    lacking = dict.fromkeys(columns)
    new = [
        {"g1": 1e9, "g0": -1e9, "o0": None, "o1": 3.0, "kind": "never seen", "a0": 0.0, "day": "1969-07-20"},
        {**lacking, "o0": 1.0},
        {**lacking, "kind": "y", "day": "2099-12-31"},
    ]

    found = ExportedMultiFeature(model=open_exported(tmp_path / "m.onnx")).predict(new)

    expected = nl.family_container(application).predictor().predict(new)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-4)


@pytest.mark.slow
def test_what_is_lossy_is_judged_by_the_score_and_refused_beyond_the_limit(tmp_path: Path) -> None:
    application, asked = rows(tmp_path)

    report = export_lossy(application, tmp_path / "new/m.onnx", "int8", max_score_loss=0.5)

    assert report.after.num_bytes < report.before.num_bytes
    whole = nl.family_container(application).evaluator()("test").scores
    assert report.before.scores == pytest.approx(whole, abs=0.01)  # ranks of nearly equal ones may change
    assert records_of(answers_of(tmp_path / "new/m.onnx")[1](**asked))
    with pytest.raises(ExportError, match=r"of the test part .* and --max-score-loss is -1"):
        export_lossy(application, tmp_path / "other.onnx", "int8", max_score_loss=-1.0)
    assert [path.name for path in tmp_path.iterdir() if "other" in path.name] == []


def test_a_family_in_one_file_is_told_to_answer_by_its_checkpoint(tmp_path: Path) -> None:
    model = write_tiny(tmp_path / "m.onnx", family="rows")

    for read in (answers_of, exported_model):
        with pytest.raises(nl.UserError, match=r"m\.onnx: rows isn't registered here: use its checkpoint"):
            read(model)
