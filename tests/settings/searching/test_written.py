"""How it is written what a setting may be, and what trials are judged by."""

from typing import Any

import pytest

pytest.importorskip("optuna")

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from nested_lightning import SettingsError
from nested_lightning.settings.reading.errors import checked
from nested_lightning.settings.reading.layers import Layer
from nested_lightning.settings.searching.written import read_search
from nested_lightning.settings.sweep import SWEEP, SweepSettings, take_sweep_sections


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a, b,c", CategoricalDistribution(("a", "b", "c"))),
        ("16,32", CategoricalDistribution((16, 32))),
        ("0.1,null,true", CategoricalDistribution((0.1, None, True))),
        ([8, 16], CategoricalDistribution((8, 16))),
        ("8", CategoricalDistribution((8,))),
        ("bool", CategoricalDistribution((False, True))),
        ("*", None),
        ("int:16..256:log", IntDistribution(16, 256, log=True)),
        ("int:16..256:8", IntDistribution(16, 256, step=8)),
        ("float:1e-4..1e-2:log", FloatDistribution(1e-4, 1e-2, log=True)),
        ("float:0..0.5:0.1", FloatDistribution(0.0, 0.5, step=0.1)),
        ("float:-1..1", FloatDistribution(-1, 1)),
        ({"low": 1, "high": 9}, IntDistribution(1, 9)),
        ({"low": 0.1, "high": 1, "log": True}, FloatDistribution(0.1, 1, log=True)),
        ({"low": 1, "high": 9, "type": "float"}, FloatDistribution(1, 9)),
    ],
)
def test_words_and_yaml_say_what_a_setting_may_be(written: Any, meant: object) -> None:
    assert read_search("x", written) == meant


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("", "nothing: values are needed"),
        ("a,a", "twice"),
        ("16,16.0", "twice"),
        ("16,,32", "is not YAML"),
        ("int:[..3", "is not YAML"),
        ("int:5..2", "empty"),
        ("int:1..2.5", "whole numbers"),
        ("float:0..1:log", "above 0"),
        ("float:a..b", "can't be searched"),
        ("int:1", "can't be searched"),
        ({"low": 1}, "can't be searched"),
        ({"low": 1, "high": 2, "base": 3}, "can't be searched"),
        ([[1], [2]], "can't be searched"),
        (None, "can't be searched"),
    ],
)
def test_what_can_not_be_read_is_refused_in_a_line(written: Any, word: str) -> None:
    with pytest.raises(SettingsError, match=word) as caught:
        read_search("trainer.max_epochs", written)
    (line,) = caught.value.problems
    assert line.startswith("--search trainer.max_epochs: ")


def test_objectives_say_what_is_better_or_have_a_name_that_does() -> None:
    sweep = checked(SweepSettings, {"objectives": ["val_macro_f1", "parameters:min", "val/odd:max"]})

    assert [str(one) for one in sweep.objectives] == ["val_macro_f1:max", "parameters:min", "val/odd:max"]
    for wrong in (["val/odd"], ["val_loss", "val_loss:max"]):
        with pytest.raises(SettingsError, match="--objective"):
            checked(SweepSettings, {"objectives": wrong})
    with pytest.raises(SettingsError, match="--storage: write a PostgreSQL address"):
        checked(SweepSettings, {"storage": "sqlite:///study.db"})
    with pytest.raises(SettingsError, match=r"mine\.yaml: sweep\.search has a line for each setting"):
        take_sweep_sections([Layer({"sweep": {"search": ["lr=1,2"]}}, origin="mine.yaml")])
    with pytest.raises(SettingsError, match="--sampler cma-es takes a single objective"):
        checked(SweepSettings, {"objectives": ["val_loss", "parameters"], "sampler": "cma-es"})
    with pytest.raises(SettingsError, match=r"sweep\.trials = 0"):
        checked(SweepSettings, {"trials": 0}, below=(SWEEP,))
