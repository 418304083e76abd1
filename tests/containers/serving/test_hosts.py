"""Routes that a host mounts in its own application, and families of one file."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from fastapi import FastAPI

import nested_lightning as nl
from nested_lightning.app import extras
from tests.containers.owning.auto_encoder import Reconstruction, waves
from tests.serving import Client, running
from tests.untrained import as_if_trained

WAVE = [0.5, -1.0, 0.25, 0.0, 1.0, 2.0, -0.5, 0.75]


@pytest.fixture
def own(tmp_path: Path) -> Any:
    """A container of a family of one file, which knows what a batch is."""
    application = nl.bootstrap(
        {"trainer.max_epochs": 1, "trainer.use_progress_bar": False, "run_dir": str(tmp_path / "run")},
        family=waves,
    )
    application.waves.training_run()()
    return application


def test_a_host_mounts_a_model_beside_its_own_routes(small_settings: dict[str, Any]) -> None:
    container = as_if_trained(nl.bootstrap(small_settings).multi_feature)
    app = FastAPI()
    app.get("/own")(lambda: {"is": "mine"})
    app.include_router(container.http_router(name="shapes", prefix="/shapes", max_rows=2))
    row = {"kar0": 0.5, "kar1": 1.0, "kar2": -1.0, "fou0": 0.25, "fou1": 2.0}
    with running(app) as client:
        told = client.get("/shapes").json
        answered = client.post("/shapes/predict", {"rows": [row]})
        refused = client.post("/shapes/predict", {"rows": [row] * 3})
        of_host = client.get("/openapi.json").json["paths"]

        assert client.get("/own").json == {"is": "mine"}
    expected = container.predictor().predict(row).probabilities[0].tolist()
    assert (told["name"], told["predict"], told["family"]) == ("shapes", "shapes/predict", "multi-feature")
    assert [*answered.answers[0]["probabilities"].values()] == pytest.approx(expected, abs=1e-5)
    assert (refused.status, refused.headers["content-type"]) == (413, "application/problem+json")
    assert "kar0" in json.dumps(of_host["/shapes/predict"]["post"]["requestBody"])


def test_without_the_extra_it_is_named(
    small_settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    container = as_if_trained(nl.bootstrap(small_settings).multi_feature)
    monkeypatch.setattr(extras, "find_spec", lambda _: None)

    with pytest.raises(nl.UserError, match=r"nested-lightning\[serve\]"):
        container.http_router()


def test_a_limit_that_is_none_is_refused(small_settings: dict[str, Any]) -> None:
    container = as_if_trained(nl.bootstrap(small_settings).multi_feature)

    with pytest.raises(nl.SettingsError, match="max_row"):
        container.http_router(max_row=3)


def test_a_model_that_is_not_trained_is_refused(small_settings: dict[str, Any]) -> None:
    with pytest.raises(nl.UserError, match="nothing has been trained"):
        nl.bootstrap(small_settings).multi_feature.http_router()


def test_a_model_whose_answers_are_not_finite_is_refused(small_settings: dict[str, Any]) -> None:
    container = as_if_trained(nl.bootstrap(small_settings).multi_feature)
    with torch.no_grad():
        next(container.model().parameters()).fill_(float("nan"))

    with pytest.raises(nl.UserError, match="finite"):
        container.http_router()


@pytest.mark.slow
def test_a_family_of_one_file_answers_batches_as_its_training_had_them(own: Any) -> None:
    [expected] = own.waves.predictor().predict([torch.tensor([WAVE])])
    with running(nl.serving_app({"m": own}, max_batch_size=2)) as client:
        told = client.get("/models/m").json
        answers = client.predict("m", {"batch": [[WAVE] * 5]}).answers
        example = client.predict("m", told["example"]).status
        wrong = [_refused(client, batch) for batch in WRONG.values()]

    assert len(answers) == 5
    for answer in answers:
        assert answer["latent"] == pytest.approx(expected["latent"].tolist(), abs=1e-5)
        assert answer["error"] == pytest.approx(float(expected["error"]), abs=1e-5)
    assert (example, told["content_types"]) == (200, ["application/json"])
    assert wrong == [422] * len(WRONG)


WRONG: dict[str, Any] = {
    "no list": 1,
    "too long": [[WAVE], [WAVE]],
    "short rows": [[WAVE[:3]]],
    "ragged": [[WAVE, WAVE[:3]]],
    "texts": [[["x"] * 8]],
    "flags": [[[True] * 8]],
    "no rows": [[]],
    "nothing": [None],
    "mapping": {"a": [WAVE]},
}


def _refused(client: Client, batch: Any) -> int:
    return client.predict("m", {"batch": batch}).status


@pytest.mark.slow
def test_a_step_that_answers_no_batch_can_not_be_served(own: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reconstruction, "predict_step", lambda *_: 1)

    with pytest.raises(nl.UserError, match="there is nothing to answer"):
        own.waves.http_router()
