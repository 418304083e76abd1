"""Answers over HTTP of every family are those of its predictor, whatever they were computed with."""

import base64
import io
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image
from pyarrow import csv, parquet

import nested_lightning as nl
from tests.conftest import make_picture_folder, make_picture_settings, make_small_settings, write_small_csv
from tests.serving import Client, running
from tests.tiny_variants import variant_settings
from tests.untrained import as_if_trained

FORM_PATH = "/models/m/predict"
CSV, PARQUET = "text/csv", "application/vnd.apache.parquet"


def served(application: Any, **limits: Any) -> Any:
    """Serve a container's model as ``m``."""
    return running(nl.serving_app({"m": application}, **limits))


def untrained(settings: Mapping[str, Any], **options: Any) -> Any:
    """Return an application whose model is as it begins, and its family's container."""
    application = nl.bootstrap(settings, **options)
    return application, as_if_trained(nl.family_container(application))


def png(colour: str, size: int = 20) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(content, format="png")
    return content.getvalue()


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A small table, an untrained model of it, and a server of that."""
    folder = tmp_path_factory.mktemp("table")
    file = write_small_csv(folder / "shapes.csv")
    application, family = untrained(make_small_settings(file, folder / "run"))
    return file, application, family.predictor()


@pytest.fixture(scope="module")
def shapes(table: Any) -> Iterator[Client]:
    with served(table[1], max_body_size=200_000, max_rows=500) as client:
        yield client


def rows_of(file: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = csv.read_csv(file).drop(["shape"]).to_pylist()
    return rows


def assert_same(answers: Any, expected: Any) -> None:
    assert len(answers) == len(expected)
    for answer, name, row in zip(answers, expected.classes, expected.probabilities.tolist(), strict=True):
        assert answer["prediction"] == name
        assert [*answer["probabilities"].values()] == pytest.approx(row, abs=1e-5)


def test_rows_get_the_same_answers_as_json_csv_parquet_and_a_form(table: Any, shapes: Client) -> None:
    file, _, predictor = table
    expected, stored = predictor.predict_file(file), pa.BufferOutputStream()
    parquet.write_table(csv.read_csv(file), stored)

    for reply in (
        shapes.predict("m", {"rows": rows_of(file)}),
        shapes.predict("m", file.read_bytes(), CSV),
        shapes.predict("m", stored.getvalue().to_pybytes(), PARQUET),
        shapes.send_form(FORM_PATH, ("file", "shapes.csv", file.read_bytes())),
    ):
        assert_same(reply.answers, expected)


def test_clients_at_once_get_the_answers_of_their_own_rows(table: Any, shapes: Client) -> None:
    file, _, predictor = table
    rows = rows_of(file)
    expected = predictor.predict(rows)

    with ThreadPoolExecutor(30) as pool:
        replies = [*pool.map(lambda row: shapes.predict("m", {"rows": [row]}), rows)]

    assert_same([reply.answers[0] for reply in replies], expected)


@pytest.mark.parametrize(
    ("value", "is_right"),
    [
        (1.5, True),
        (2, True),
        (" 1.5 ", True),
        ("1e3", True),
        (True, False),
        ("x", False),
        (None, False),
        ("", False),
        ("NA", False),
        ([1.5], False),
        ({"a": 1}, False),
        (1e31, False),
        (10**400, False),
        ("inf", False),
    ],
    ids=str,
)
def test_a_value_means_what_it_means_to_predict(
    table: Any, shapes: Client, value: Any, is_right: bool
) -> None:
    file, _, predictor = table
    row = {**rows_of(file)[0], "fou1": value}
    reply = shapes.predict("m", {"rows": [rows_of(file)[1], row]})

    if is_right:
        assert_same(reply.answers[1:], predictor.predict([row]))
        return
    assert reply.status == 422
    assert (reply.json["errors"][0]["row"], reply.json["errors"][0]["field"]) == (1, "fou1")
    with pytest.raises(nl.UserError):
        predictor.predict([row])


def test_true_is_no_number_in_any_format(table: Any, shapes: Client) -> None:
    file, _, _ = table
    rows = csv.read_csv(file)
    flags = rows.set_column(rows.column_names.index("fou1"), "fou1", pa.array([True, False] * 45))
    stored, text = pa.BufferOutputStream(), io.BytesIO()
    parquet.write_table(flags, stored)
    csv.write_csv(flags, text)

    for reply in (
        shapes.predict("m", stored.getvalue().to_pybytes(), PARQUET),
        shapes.predict("m", text.getvalue(), CSV),
    ):
        assert reply.status == 422
        assert "'fou1'" in reply.json["detail"]


def test_columns_may_stand_in_any_order_and_with_others(table: Any, shapes: Client) -> None:
    file, _, predictor = table
    row = rows_of(file)[0]
    turned = {"unknown": [], **dict(reversed(row.items()))}

    assert_same(shapes.predict("m", {"rows": [turned]}).answers, predictor.predict([row]))


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"rows": [{"kar0": 1.0}]}, 422, "kar1"),
        ({"rows": []}, 422, "rows"),
        ({"rows": [1]}, 422, None),
        ({"rows": {}}, 422, "rows"),
        ({"row": []}, 422, "rows"),
        ([], 422, None),
        (None, 422, None),
        ({"rows": [{}] * 501}, 413, "rows"),
    ],
    ids=["column", "no rows", "number", "mapping", "other", "list", "null", "too many"],
)
def test_wrong_rows_are_refused_with_their_place(shapes: Client, body: Any, status: int, field: str) -> None:
    reply = shapes.predict("m", body)

    assert reply.status == status
    assert field is None or field in {one["field"] for one in reply.json["errors"]}


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"", CSV),
        (b"kar0,kar1\n1,2\n", CSV),
        (b"kar0,kar0\n1,2\n", CSV),
        (b"\x00\x01\x02", CSV),
        (b"\x1f\x8b\x08\x00", CSV),
        (b"PAR1", PARQUET),
        (b"PAR1" + b"\x00" * 50 + b"PAR1", PARQUET),
    ],
)
def test_files_that_are_no_such_table_are_refused(shapes: Client, content: bytes, content_type: str) -> None:
    reply = shapes.predict("m", content, content_type)

    assert reply.status == 422
    assert "/tmp" not in reply.json["detail"]


def test_a_table_that_becomes_too_large_is_refused_before_it_is_read(shapes: Client) -> None:
    stored = pa.BufferOutputStream()
    long_text = pa.DictionaryArray.from_arrays(pa.array([0] * 400, pa.int32()), ["x" * 20_000])
    parquet.write_table(pa.table({"kar0": [1.0] * 400, "text": long_text.cast(pa.string())}), stored)
    content = stored.getvalue().to_pybytes()
    columns = ",".join(f"c{i}" for i in range(21_000)).encode()

    assert len(content) < 30_000
    assert shapes.predict("m", content, PARQUET).status == 413
    assert shapes.predict("m", columns + b"\n1\n", CSV).status == 413


def test_what_is_told_of_a_model_is_answered_as_it_is(shapes: Client) -> None:
    [told] = shapes.get("/models").json["models"]

    assert [column["name"] for column in told["inputs"]["columns"]] == [
        "kar0",
        "kar1",
        "kar2",
        "fou0",
        "fou1",
    ]
    assert told["answers"]["classes"] == ["circle", "square", "star"]
    assert told["limits"]["max_rows"] == 500
    assert shapes.post(f"/{told['predict']}", told["example"]).status == 200


def test_openapi_shows_the_columns_classes_and_limits_of_each_model(shapes: Client) -> None:
    told = shapes.get("/openapi.json").json["paths"]["/models/m/predict"]["post"]
    rows = told["requestBody"]["content"]["application/json"]["schema"]["properties"]["rows"]
    answer = told["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["answers"]

    assert [*rows["items"]["properties"]] == ["kar0", "kar1", "kar2", "fou0", "fou1"]
    assert rows["maxItems"] == 500
    assert answer["items"]["properties"]["prediction"]["enum"] == ["circle", "square", "star"]
    assert {"413", "422", "503", "504"} <= told["responses"].keys()


def test_long_tables_are_answered_in_batches_in_order(table: Any) -> None:
    file, application, predictor = table
    with served(application, max_batch_size=7) as client:
        whole = client.predict("m", file.read_bytes(), CSV)
        lines = client.predict("m", file.read_bytes(), CSV, accept="application/x-ndjson").body.splitlines()

    assert_same(whole.answers, predictor.predict_file(file))
    assert [json.loads(line) for line in lines] == whole.answers


MIXED: dict[str, list[Any]] = {
    "size": [1.0, 2.5, 0.5, 2.0] * 8,
    "is_new": [True, False, True, True] * 8,
    "colour": ["red", "blue", "red", None] * 8,
    "day": ["2024-01-31", "2024-02-29T18:30:00", "2023-12-01", "2024-05-05"] * 8,
    "words": ["a red one", "this is a blue thing", "red it is", "two more words"] * 8,
    "steps": [[1.0, 2.0], [0.5], [3.0, 2.0, 1.0], [1.5]] * 8,
    "price": [3.5, 4.0, 1.25, 2.0] * 8,
    "kind": ["square", "bar", "ring", "bar"] * 8,
}


WRONG = {"day": "soon", "steps": ["x"], "words": [], "size": True, "colour": {}}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    data = {
        "missing": "mean",
        "dates": ["day"],
        "texts": ["words"],
        "sequences": ["steps"],
        "categorical": ["colour"],
    }
    objectives = {"price": {"kind": "number"}, "kind": {"kind": "classes"}}
    folder = tmp_path_factory.mktemp("mixed")
    return untrained(
        {
            "model": "multi-feature",
            "run_dir": str(folder),
            "multi_feature": {"data": data, "objectives": objectives},
        },
        data=MIXED,
    )


def test_columns_of_all_sorts_mean_the_same_alone_together_and_in_a_file(mixed: Any) -> None:
    application, family = mixed
    rows = [{name: MIXED[name][i] for name in MIXED if name not in ("price", "kind")} for i in range(4)]
    rows.append({**rows[0], "size": None, "colour": "never seen", "day": None, "is_new": 1})
    stored = pa.BufferOutputStream()
    parquet.write_table(pa.table({name: [row[name] for row in rows[:4]] for name in rows[0]}), stored)
    expected = [family.predictor().predict([row]).to_table().to_pylist()[0] for row in rows]
    with served(application) as client:
        together = client.predict("m", {"rows": rows}).answers
        alone = [client.predict("m", {"rows": [row]}).answers[0] for row in rows]
        of_file = client.predict("m", stored.getvalue().to_pybytes(), PARQUET).answers
        kinds = {one["name"]: one["kind"] for one in client.get("/models/m").json["inputs"]["columns"]}
        refused = [
            client.predict("m", {"rows": [{**rows[0], name: value}]}).json["errors"][0]["field"]
            for name, value in [
                ("day", "soon"),
                ("steps", ["x"]),
                ("words", []),
                ("size", True),
                ("colour", {}),
            ]
        ]

    assert kinds == {
        "size": "number",
        "is_new": "boolean",
        "colour": "category",
        "day": "date",
        "words": "text",
        "steps": "sequence",
    }
    for answers in (together, alone, of_file):
        for answer, wanted in zip(answers, expected, strict=False):
            assert answer["price"]["prediction"] == pytest.approx(wanted["price_prediction"], abs=1e-5)
            assert answer["kind"]["probabilities"]["bar"] == pytest.approx(
                wanted["kind_probability_bar"], abs=1e-5
            )
    assert refused == [*WRONG]


def test_pictures_are_classified_as_predict_does(tmp_path: Path) -> None:
    folder = make_picture_folder(tmp_path)
    data = {"path": str(folder), "picture_size": 16}
    application, family = untrained(
        {"model": "multi-feature", "run_dir": str(tmp_path / "run"), "multi_feature": {"data": data}}
    )
    files = sorted(folder.rglob("*.png"))[::10]
    expected = [family.predictor().predict_file(file).probabilities[0].tolist() for file in files]
    with served(application, max_pixels=1000) as client:
        sent = [("pictures", file.name, file.read_bytes()) for file in files]
        answers = client.send_form(FORM_PATH, *sent).answers
        rows = json.dumps({"rows": [{"picture": "b"}, {"picture": "a"}]}).encode()
        named = [("pictures", "a", sent[0][2]), ("pictures", "b", sent[1][2]), ("rows", "", rows)]
        by_name = client.send_form(FORM_PATH, *named).answers
        outside = json.dumps({"rows": [{"picture": str(files[0])}]}).encode()
        refused = client.send_form(FORM_PATH, ("pictures", "a", sent[0][2]), ("rows", "", outside))
        damaged = client.send_form(FORM_PATH, sent[0], ("pictures", "x.png", b"no picture"))
        large = client.send_form(FORM_PATH, sent[0], ("pictures", "x.png", png("red", 40)))

    for answer, row in zip(answers, expected, strict=True):
        assert [*answer["probabilities"].values()] == pytest.approx(row, abs=1e-5)
    assert [one["prediction"] for one in by_name] == [one["prediction"] for one in answers[1::-1]]
    assert (refused.status, damaged.status, large.status) == (422, 422, 413)
    assert damaged.json["errors"][0]["row"] == large.json["errors"][0]["row"] == 1


@pytest.fixture(scope="module")
def captions(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("captions")
    for name in ("red", "blue", "green"):
        (folder / f"{name}.png").write_bytes(png(name))
    lines = [f"{name}.png,a {name} picture" for name in ("red", "blue", "green")] * 4
    (folder / "captions.csv").write_text("\n".join(["picture,caption", *lines]) + "\n")
    return folder, untrained(
        {
            "model": "image-to-text",
            "run_dir": str(folder / "run"),
            "image_to_text.data.path": str(folder),
            "image_to_text.data.picture_size": 16,
        }
    )


@pytest.mark.parametrize("options", ["", "?beam=3", "?top_p=0.9&seed=5"], ids=["greedy", "beams", "drawn"])
def test_captions_are_those_of_predict(captions: Any, options: str) -> None:
    folder, (application, family) = captions
    files = [folder / f"{name}.png" for name in ("red", "blue", "green")]
    given = dict(pair.split("=") for pair in options[1:].split("&")) if options else {}
    numbers = {name: float(value) if name == "top_p" else int(value) for name, value in given.items()}
    expected = [json.loads(family.answers(files=[file], **numbers).encode("jsonl")) for file in files]
    with served(application) as client:
        alone = [
            client.send_form(f"{FORM_PATH}{options}", ("pictures", file.name, file.read_bytes())).answers[0]
            for file in files
        ]
        body = client.post(f"{FORM_PATH}{options}", files[0].read_bytes(), "image/png").answers[0]

    assert [one["picture"] for one in alone] == ["red.png", "blue.png", "green.png"]
    assert body["picture"] is None
    for answer, wanted in zip([*alone, body], [*expected, expected[0]], strict=True):
        assert answer["caption"] == wanted["caption"]
        assert answer["log_probability"] == pytest.approx(wanted["log_probability"], abs=1e-4)
        assert len(answer.get("beams", [])) == len(wanted.get("beams", []))


def test_wrong_options_of_captions_are_named(captions: Any) -> None:
    _, (application, _) = captions
    with served(application) as client:
        replies = [
            client.post(f"{FORM_PATH}{query}", png("red"), "image/png")
            for query in ("?beam=x", "?beam=2&top_p=0.5", "?skip_bad=true", "?unknown=1")
        ]

    assert [reply.status for reply in replies] == [422] * 4
    assert [reply.json["errors"][0]["field"] for reply in replies] == ["beam", None, "skip_bad", "unknown"]


def test_sequences_are_labelled_as_predict_does(tmp_path: Path) -> None:
    application, family = untrained(variant_settings(tmp_path / "data", tmp_path / "run"))
    predictor = family.predictor()
    with served(application) as client:
        variants = client.get("/models/m").json["inputs"]["variants"]
        texts = ["abcXYZ12" * 9, "aB1", "zz"]
        name = next(one["name"] for one in variants if one["kind"] == "characters")
        found = client.predict("m", {"variant": name, "inputs": texts, "probabilities": True}).answers
        plain = client.post(f"{FORM_PATH}?variant={name}", texts[1].encode(), "text/plain").answers
        wrong = [
            client.predict("m", {"variant": name, "inputs": ["a", value]}) for value in ("", 3, ["a"], None)
        ]
        unknown = client.predict("m", {"variant": "no", "inputs": ["a"]})
        examples = [client.predict("m", client.get("/models/m").json["example"]).status]

    for answer, expected in zip(found, predictor.predict(name, texts), strict=True):
        assert [[s["start"], s["stop"], s["label"]] for s in answer["spans"]] == [
            *map(list, expected.spans())
        ]
        assert torch.tensor(answer["probabilities"]).allclose(expected.probabilities, atol=1e-5)
    assert plain[0]["spans"] == found[1]["spans"]
    assert [reply.status for reply in wrong] == [422] * 4
    assert {reply.json["errors"][0]["row"] for reply in wrong} == {1}
    assert (unknown.json["errors"][0]["field"], examples) == ("variant", [200])


def test_new_pictures_and_rebuilt_ones_are_those_of_predict(tmp_path: Path) -> None:
    folder = make_picture_folder(tmp_path)
    application, family = untrained(make_picture_settings(folder, tmp_path / "run"))
    predictor, files = family.predictor(), sorted(folder.rglob("*.png"))[::12]
    wish = {"sample": 5, "domain": "line", "seed": 3}
    with served(application, max_pictures=8, max_batch_size=3) as client:
        made = client.predict("m", wish).answers
        grid = client.predict("m", wish, accept="image/png")
        sent = [("pictures", file.name, file.read_bytes()) for file in files]
        rebuilt = client.send_form(FORM_PATH, *sent, ("domain", "", b"dot")).answers
        wrong = [
            client.predict("m", body).status
            for body in [{"sample": 9}, {"sample": 0}, {"sample": 1, "domain": "x"}, {"sample": True}, {}]
        ]

    assert_pictures(made, predictor.sample(5, domain="line", seed=3))
    assert grid.body == family.answers(files=[], sample=5, domain="line", seed=3).encode("png")
    assert_pictures(rebuilt, predictor.reconstruct_bytes([file.read_bytes() for file in files], domain="dot"))
    assert wrong == [413, 422, 422, 422, 422]


def assert_pictures(answers: Any, expected: Any) -> None:
    assert [one["domain"] for one in answers] == [*expected.domains]
    for answer, picture in zip(answers, expected.pictures, strict=True):
        with Image.open(io.BytesIO(base64.b64decode(answer["png"]))) as image:
            values = np.atleast_3d(np.asarray(image, dtype=float)).transpose(2, 0, 1) / 255
        assert np.abs(values - picture.numpy()).max() < 1 / 255
