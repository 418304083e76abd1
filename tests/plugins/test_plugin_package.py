"""A plug-in package as its user meets it: built as a wheel, installed into a fresh environment, and used."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.environments import Environments

pytestmark = pytest.mark.slow

COMMANDS = """
import contextlib, io, json, sys
from nested_lightning.commands.program import run
for line in sys.stdin:
    sys.argv = ["nested-lightning", *json.loads(line)]
    status, out, err = 0, io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            run()
        except SystemExit as end:
            status = end.code or 0
    print(json.dumps({"status": status, "out": out.getvalue(), "err": err.getvalue()}))
"""
"""Several command lines in one process, since each process imports torch anew."""

EXTRACTOR = "multi_feature.feature_extractor"
WAVES_KIND = f"{EXTRACTOR}.kind=waves"
QUIET = ("--set", "trainer.use_progress_bar=false", "--device", "cpu", "--epochs", "2")


@dataclass(frozen=True)
class Answer:
    """What a command answered."""

    status: int
    out: str
    err: str


def run_commands(python: Path, folder: Path, *commands: Sequence[str]) -> list[Answer]:
    done = subprocess.run(
        [python, "-c", COMMANDS],
        cwd=folder,
        input="\n".join(map(json.dumps, commands)),
        env={"COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [Answer(**json.loads(line)) for line in done.stdout.splitlines()]


@pytest.fixture
def trained(environments: Environments, small_csv: Path, tmp_path: Path) -> dict[str, Answer]:
    """What commands answer where the plug-in is installed; two trainings lie in the temporary folder."""
    table = ("--data", str(small_csv), "--label", "shape")
    (tmp_path / "points.csv").write_text("x\n0.5\n1.0\n")
    commands = {
        "models": ["models"],
        "schema": ["config", "--schema"],
        "extractor": [
            *("train", "-m", "multi-feature", "--set", WAVES_KIND, *table, "--run-dir", "extractor", *QUIET)
        ],
        "family": ["train", "-m", "curve-fit", "--run-dir", "family", *QUIET],
        "check": ["check", "-m", "curve-fit"],
        "graph": ["graph", "-m", "curve-fit"],
        "doctor": ["doctor", "--json"],
        "evaluate": ["evaluate", "extractor/checkpoints/best.ckpt"],
        "predict": ["predict", "family/checkpoints/best.ckpt", "points.csv"],
        "resume": ["resume", "family"],
        "inspect": ["inspect", "family/checkpoints/best.ckpt"],
    }
    answers = run_commands(environments.with_plugin, tmp_path, *commands.values())
    return dict(zip(commands, answers, strict=True))


def test_a_plugin_is_listed_trained_reloaded_and_named_where_it_is_missing(
    environments: Environments, trained: dict[str, Answer], tmp_path: Path
) -> None:
    assert [answer.err for answer in trained.values() if answer.status] == []
    listed = trained["models"].out
    assert (
        "plain, normalized, residual, periodic (default), linear, waves (from nested-lightning-waves)"
        in listed
    )
    assert "curve-fit  A curve through the rows" in listed
    assert "as a weighted sum of features. (from nested-lightning-waves)" in listed
    assert listed.count("from nested-lightning-waves") == 4  # the family, and three slots of extractors
    assert "CurveFitSettings" in json.loads(trained["schema"].out)["$defs"]
    assert "no fault was found" in trained["check"].out
    assert "feature_extractor  Waves" in trained["graph"].out
    found = {part["subject"]: part for part in json.loads(trained["doctor"].out)["Plug-ins"]}
    assert found["waves"]["value"] == "waves.settings:WavesSettings of nested-lightning-waves==0.3.0"
    assert found["waves"]["problem"] is None
    assert "accuracy" in trained["evaluate"].out
    assert len(trained["predict"].out.split()) == 2
    assert "nested-lightning-waves==0.3.0" in trained["inspect"].out

    missing, family, again = run_commands(
        environments.without_plugin,
        tmp_path,
        ["evaluate", "extractor/checkpoints/best.ckpt"],
        ["predict", "family/checkpoints/best.ckpt", "points.csv"],
        ["resume", "family"],
    )

    install = "isn't installed; if you know and trust it: pip install nested-lightning-waves==0.3.0"
    assert (missing.status, family.status, again.status) == (2, 2, 2)
    assert f"is needed for multi_feature.feature_extractor, and {install}" in missing.err
    assert f"is needed for curve_fit, curve_fit.feature_extractor, and {install}" in family.err
    assert install in again.err
    assert missing.err.count("error") == 1


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("train --model cur", "curve-fit"),
        (f"train -m multi-feature --set {EXTRACTOR}.kind=wa", "waves"),
        (f"train -m multi-feature --set {EXTRACTOR}s.kar.kind=wa", "waves"),
        (
            f"train -m multi-feature --set {WAVES_KIND} --set {EXTRACTOR}.max",
            f"{EXTRACTOR}.max_frequency=2.0",
        ),
        ("train -m curve-fit --set curve_fit.data.lab", "curve_fit.data.label=y"),
        ("config -m curve-fit --set curve_fit.feature_extractor.kind=resi", "residual"),
    ],
)
def test_what_a_plugin_adds_is_completed_in_the_shell(
    environments: Environments, tmp_path: Path, typed: str, offered: str
) -> None:
    words = ["nested-lightning", *typed.replace("=", " = ").split()]
    done = subprocess.run(
        [environments.with_plugin.parent / "nested-lightning"],
        cwd=tmp_path,
        env={
            "_NESTED_LIGHTNING_COMPLETE": "complete_bash",
            "COMP_WORDS": "\n".join(words),
            "COMP_CWORD": str(len(words) - 1),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout.split(), done.stderr) == ([offered], "")
