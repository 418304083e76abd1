"""Predictors, evaluators and the package's own functions, called by a program: right, or a `UserError`."""

import contextlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pyarrow import csv

import nested_lightning as nl
from nested_lightning.app.pictures.decoding import square_picture
from nested_lightning.containers.starting.swapping import swap_submodule
from tests.app.image_to_text.captioned_folder import write_folder
from tests.conftest import PICTURE_SIZE, make_picture_folder, make_picture_settings
from tests.tiny_variants import variant_settings
from tests.untrained import as_if_trained

ODD = [
    None,
    0,
    -1,
    2**70,
    1.5,
    float("nan"),
    "",
    "x",
    b"",
    b"x",
    [],
    [[]],
    {},
    [{}],
    object(),
    Path(),
]
ODD += [[1, [2]], [["a"], "b"], [[1.0, float("nan"), 2.0]], [[[1.0, 2.0, 3.0]]], [b"x"], [None], ["x"], [5]]
ODD += [np.zeros(0), np.zeros((2, 2)), np.zeros((1, 0, 3)), np.array(["a"]), np.full((2, 3), np.inf)]
ODD += [torch.zeros(0), torch.zeros(2, 3, 4, 4), pa.table({}), pa.table({"kar0": [1.0]}), {"kar0": object()}]
ODD += [[{"kar0": 2**80, "fou0": "x"}], [{"kar0": [1]}, {"kar0": object()}], ["letters"], "letters", "points"]


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The containers of four families with tiny data, whose models have initial weights."""
    folder = tmp_path_factory.mktemp("families")
    columns = {
        f"{group}{i}": np.random.default_rng(i).normal(size=30) for group in ("kar", "fou") for i in (0, 1)
    }
    table = pa.table({**columns, "shape": ["circle", "square", "star"] * 10})
    csv.write_csv(table, folder / "shapes.csv")
    small = {"image_encoder": {"stem_channels": 8, "channels": [8, 8]}, "bridge": {"out_features": 8}}
    captions = {
        "path": str(write_folder(folder / "captions")),
        "picture_size": 16,
        "split": {"kind": "random"},
    }
    wanted = [
        {
            "model": "multi-feature",
            "multi_feature": {"data": {"path": str(folder / "shapes.csv"), "label": "shape"}},
        },
        {"model": "image-to-text", "image_to_text": {"data": captions, **small}},
        make_picture_settings(make_picture_folder(folder), folder / "run"),
        variant_settings(folder / "variants", folder / "run"),
    ]
    return {one["model"]: as_if_trained(nl.family_container(nl.bootstrap(one))) for one in wanted}


def _accepts(function: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
    try:
        function(*args, **kwargs)
    except (nl.UserError, nl.SettingsError):
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("family", ["multi-feature", "image-to-text", "vae-gan", "variant"])
def test_every_public_method_of_predictors_and_evaluators_answers_or_raises_a_user_error(
    families: dict[str, Any], family: str
) -> None:
    container = families[family]
    predictor = container.predictor()
    methods = [
        getattr(predictor, name)
        for name, _ in inspect.getmembers(type(predictor), inspect.isfunction)
        if not name.startswith("_") and name != "probabilities"
    ]
    methods.append(container.evaluator())

    @settings(max_examples=60, deadline=None, database=None, derandomize=True)
    @given(data=st.data())
    def call(data: st.DataObject) -> None:
        method = data.draw(st.sampled_from(methods))
        signature = inspect.signature(method)
        required = [one for one in signature.parameters.values() if one.default is one.empty]
        optional = [one.name for one in signature.parameters.values() if one.default is not one.empty]
        args = [data.draw(st.sampled_from(ODD)) for _ in required]
        named = (
            data.draw(st.dictionaries(st.sampled_from(optional), st.sampled_from(ODD))) if optional else {}
        )
        named.pop("generation", None)  # code of one's own
        _accepts(method, *args, **named)

    call()


@pytest.mark.parametrize(
    "function",
    [
        nl.bootstrap,
        nl.parse_settings,
        nl.from_checkpoint,
        nl.resume_training,
        nl.find_family,
        nl.family_container,
        nl.compose_application,
        nl.train_in_workers,
        lambda config: nl.load_settings(config=config),
        lambda path: swap_submodule(path, "x", "y", "z"),
        lambda because: nl.unchecked(torch.nn.Linear, because=because),
        lambda container: contextlib.ExitStack().enter_context(nl.overriding(container, "a.b", object)),
    ],
)
def test_every_function_of_the_package_refuses_what_it_can_not_use(function: Callable[..., Any]) -> None:
    for value in ODD:
        usable = (
            isinstance(value, str) and value.strip() and "because" in inspect.signature(function).parameters
        )
        assert _accepts(function, value) == bool(usable), value


@pytest.mark.parametrize("name", ["model", "presets", "config", "environ", "assignments"])
def test_settings_are_loaded_or_refused(name: str) -> None:
    for value in ODD:
        for argument in (value, [value]):
            _accepts(nl.load_settings, **{"model": "multi-feature", name: argument})


def test_a_path_of_settings_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(nl.SettingsError, match="'a\\\\x00b': can't be read: embedded null byte"):
        nl.load_settings(config="a\0b")


@pytest.mark.parametrize(
    ("family", "call", "message"),
    [
        ("vae-gan", lambda one: one.sample(0), "num_pictures = 0"),
        ("vae-gan", lambda one: one.sample(1, seed="x"), "seed = 'x'"),
        ("vae-gan", lambda one: one.interpolate("a", "b", num_pictures=1), "num_pictures = 1"),
        ("multi-feature", lambda one: one.predict_table(pa.table({"kar0": pa.array([])})), "no rows"),
        ("multi-feature", lambda one: one.predict("x"), "rows are given as"),
        (
            "variant",
            lambda one: one.predict("points", [[[1.0, 2.0, 3.0], [1.0]]]),
            "sequence 1 must be a list",
        ),
        ("variant", lambda one: one.predict("points", [[[1.0, 2.0, np.nan]]]), "aren't finite"),
        ("variant", lambda one: one.predict("letters", [5]), "sequence 1 must be a text"),
        ("variant", lambda one: one.predict("moods", ["so"]), "sequence 1 must be a list of tokens"),
        (
            "image-to-text",
            lambda one: one.predict(torch.zeros(1, 3, 4, 4)),
            r"pictures must be \[N, 3, 16, 16\]",
        ),
    ],
)
def test_what_is_wrong_is_said(
    families: dict[str, Any], family: str, call: Callable[[Any], Any], message: str
) -> None:
    with pytest.raises(nl.UserError, match=message):
        call(families[family].predictor())


def test_pictures_of_pillow_and_numpy_are_described_as_their_files(
    families: dict[str, Any], tmp_path: Path
) -> None:
    predictor = families["image-to-text"].predictor()
    file = next(make_picture_folder(tmp_path).rglob("*.png"))
    wanted = predictor.predict_paths(file)[0].text

    with Image.open(file) as picture:
        array = square_picture(picture, predictor.data_spec.squaring)[None]
        given = [picture, [picture], array, torch.from_numpy(array)]
        assert [predictor.predict(one)[0].text for one in given] == [wanted] * 4


def test_a_path_may_be_a_text(families: dict[str, Any], tmp_path: Path) -> None:
    shapes = make_picture_folder(tmp_path)
    picture = str(next(shapes.rglob("*.png")))

    assert len(families["vae-gan"].predictor().reconstruct(picture, domain="dot")) == 1
    assert len(families["image-to-text"].predictor().predict_paths(picture)) == 1
    assert PICTURE_SIZE == 6


@pytest.mark.parametrize(
    ("family", "call"),
    [
        ("multi-feature", lambda one: one.predict([{"kar0": 1, "kar1": 1, "fou0": 1, "fou1": 1}])),
        ("vae-gan", lambda one: one.sample(1)),
        ("variant", lambda one: one.predict("letters", ["abc"])),
        ("image-to-text", lambda one: one.predict(torch.zeros(1, 3, 16, 16, dtype=torch.uint8))),
    ],
)
def test_a_model_whose_weights_are_not_finite_gives_no_answers(
    families: dict[str, Any], family: str, call: Callable[[Any], Any]
) -> None:
    predictor = families[family].predictor()
    with torch.no_grad():
        for parameter in predictor.model.parameters():
            parameter.fill_(float("nan"))
    evaluator = families[family].evaluator()
    evaluator.predictor = predictor

    for ask in (lambda: call(predictor), evaluator):
        with pytest.raises(nl.UserError, match="the model answers with numbers that aren't finite"):
            ask()
