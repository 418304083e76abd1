"""Run folders that an earlier version trained: they load, predict and resume."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from nested_lightning import resume_training
from nested_lightning.app.submodules.feature_extractors import ResidualFeatureExtractor
from tests.frozen.answers import RUN, asked_for, record_predictions, record_resumed
from tests.frozen.comparing import assert_same
from tests.frozen.set_ups import FAMILIES, TRAINED
from tests.quick_first import quick_first

EXTRACTOR, CALLBACK = "overridden-extractor", "overridden-callback"


@pytest.fixture
def answers(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What was answered then by a run folder, a copy of which lies in the current folder."""
    folder = shutil.copytree(TRAINED / request.param, tmp_path / request.param)
    monkeypatch.chdir(folder)
    return json.loads((folder / "answers.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("answers", FAMILIES, indirect=True)
def test_run_folder_predicts_as_it_did(answers: Any) -> None:
    assert_same(answers["predictions"], record_predictions(), tolerance=1e-5)


@pytest.mark.parametrize("answers", quick_first(FAMILIES), indirect=True)
def test_run_folder_resumes_to_the_metrics_that_it_came_to(answers: Any) -> None:
    assert_same(answers["resumed"], record_resumed(), tolerance=1e-4)


@pytest.mark.parametrize("answers", [EXTRACTOR], indirect=True)
def test_overridden_submodule_predicts_as_it_did_when_it_is_given_again(answers: Any) -> None:
    given = {"multi_feature.feature_extractor": ResidualFeatureExtractor}

    assert_same(answers["predictions"], record_predictions(given), tolerance=1e-5)


@pytest.mark.parametrize("answers", [EXTRACTOR], indirect=True)
def test_overridden_submodule_is_asked_for_by_where_it_is_now(answers: Any) -> None:
    with pytest.raises(ValueError, match="give it again") as caught:
        record_predictions()

    given = asked_for(str(caught.value))

    assert given == {"multi_feature.feature_extractor": ResidualFeatureExtractor}
    assert_same(answers["resumed"], record_resumed(given), tolerance=1e-4)


@pytest.mark.parametrize("answers", [CALLBACK], indirect=True)
def test_overridden_callback_is_not_needed_to_predict(answers: Any) -> None:
    assert_same(answers["predictions"], record_predictions(), tolerance=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("answers", [CALLBACK], indirect=True)
def test_overridden_callback_is_asked_for_by_where_it_is_now(answers: Any) -> None:
    with pytest.raises(ValueError, match="give it again") as caught:
        record_resumed()

    given = asked_for(str(caught.value))

    assert [made.__name__ for made in given.values()] == ["EpochLog"]
    assert_same(answers["resumed"], record_resumed(given), tolerance=1e-4)


@pytest.mark.parametrize("answers", [CALLBACK], indirect=True)
def test_overridden_callback_is_asked_for_where_no_checkpoint_was_written_yet(answers: Any) -> None:
    shutil.rmtree(RUN / "checkpoints")
    with pytest.raises(ValueError, match="give it again") as caught:
        resume_training(RUN)

    given = asked_for(str(caught.value))

    assert [made.__name__ for made in given.values()] == ["EpochLog"]
    assert resume_training(RUN, overrides=given).model
