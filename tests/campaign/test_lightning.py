"""A share of the matrix of what Lightning has: each thing once, in one family after the other."""

from importlib.util import find_spec
from pathlib import Path

import pytest
import pytorch_lightning.callbacks as lightning

from nested_lightning.settings.lightning_arguments import LightningArguments
from tests.campaign.documented import documented
from tests.campaign.lightning import expected, outcome
from tests.campaign.lightning_things import OVERRIDES, VALUES, Thing, all_things
from tests.containers.five_families import FIVE

PACKAGES = {"tensorboard": "tensorboard", "wandb": "wandb", "mlflow": "mlflow", "comet": "comet_ml"}
ON_OTHER_PAGES = {"max_epochs", "max_steps", "accelerator", "devices", "num_nodes", "strategy"}
CELLS = [(thing, FIVE[number % len(FIVE)]) for number, thing in enumerate(all_things())]


@pytest.mark.slow
@pytest.mark.parametrize(("thing", "family"), CELLS, ids=lambda one: getattr(one, "name", one))
def test_what_comes_of_lightnings_things_is_what_the_page_says(
    thing: Thing, family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if thing.group == "logger" and not find_spec(PACKAGES.get(thing.name, "csv")):
        pytest.skip(f"the extra {thing.name} is not installed")
    fresh, rest = outcome(thing, family, tmp_path / "runs")
    wanted, possible = expected(thing, family)

    assert fresh == wanted
    assert rest in possible


def test_the_page_lists_all_of_lightnings_callbacks_and_arguments() -> None:
    kinds = {kind.replace("_", "") for kind in documented("kind")}
    others = {name for name in lightning.__all__ if name.lower() not in kinds}

    assert (
        others - {"Callback", "Checkpoint", "ProgressBar"}
        <= documented("callback").keys()
        == OVERRIDES.keys()
    )
    assert (
        LightningArguments.model_fields.keys() - ON_OTHER_PAGES
        <= documented("argument").keys()
        == VALUES.keys()
    )
