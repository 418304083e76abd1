"""``--override``: a class in the current folder takes a submodule's place, in training and afterwards."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from nested_lightning.app.errors import UserError
from nested_lightning.commands.overrides import OverrideRequest, split_overrides
from nested_lightning.commands.program import app
from tests.command_line import Program

MODULE = """
from torch import nn

from a_neighbour import WIDTH

class MyExtractor(nn.Module):
    def __init__(self, *, in_features: int, my_option: int = 1):
        super().__init__()
        self.out_features = WIDTH
        self.my_option = my_option
        self.linear = nn.Linear(in_features, WIDTH)

    def forward(self, x):
        return self.my_option * self.linear(x)

class NeedsMore(MyExtractor):
    def __init__(self, *, in_features, vocabulary):
        super().__init__(in_features=in_features)
"""
EXTRACTOR = "multi_feature.feature_extractor"
OVERRIDE = f"{EXTRACTOR}=my_module:MyExtractor"
runner = CliRunner()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "my_module.py").write_text(MODULE)
    (tmp_path / "a_neighbour.py").write_text("WIDTH = 5\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_a_class_of_ones_own_is_trained_and_has_to_be_given_again(
    program: Program, folder: Path, small_csv: Path
) -> None:
    data = ["-m", "multi-feature", "--data", str(small_csv), "--label", "shape", "--epochs", "1"]
    options = ["--set", f"{EXTRACTOR}.my_option=3", "--device", "cpu", "--run-dir", "run"]

    trained = program("train", *data, "--override", OVERRIDE, *options)
    refused = program("evaluate", "run/checkpoints/last.ckpt")
    given = program("predict", "run/checkpoints/last.ckpt", "shapes.csv", "--override", OVERRIDE)

    assert trained.returncode == 0, trained.stderr
    assert refused.returncode == 2
    assert f"{EXTRACTOR} was overridden with my_module:MyExtractor (my_option=3)" in refused.stderr
    assert f"--override {OVERRIDE}" in refused.stderr
    assert given.returncode == 0, given.stderr
    assert len(given.stdout.splitlines()) == 91


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--override", "multi_feature.head"], "write it as PATH=MODULE:NAME"),
        (["--override", "multi_feature.head=nowhere:It"], "nowhere can't be imported: ModuleNotFoundError"),
        (["--override", "multi_feature.head=my_module:It"], "there is no 'It' in "),
        (["--override", "multi_feature.haed=my_module:MyExtractor"], "there is no 'haed' in multi_feature"),
        (["--override", "multi_feature.head=lienar"], "did you mean 'linear'"),
        (["--override", f"{EXTRACTOR}=my_module:NeedsMore"], "missing a required argument: 'vocabulary'"),
        (["--override", "multi_feature.combiner=my_module:MyExtractor"], "too many positional arguments"),
        (["--override", OVERRIDE, "--set", f"{EXTRACTOR}.my_opt=3"], "did you mean 'my_option'"),
        (["--override", OVERRIDE, "--set", f"{EXTRACTOR}.my_option=x"], "my_option = 'x': input should be a"),
        (["--override", "multi_feature.head=linear", "--set", "multi_feature.head.depth=3"], "unknown name"),
    ],
)
def test_a_mistake_in_an_override_is_one_message(folder: Path, arguments: list[str], message: str) -> None:
    done = runner.invoke(app, ["check", "-m", "multi-feature", *arguments])

    assert message in str(done.exception)
    assert type(done.exception).__mro__[1] is not Exception, done.output  # a user's mistake, not a failure


@pytest.mark.parametrize("command", ["check", "graph"])
def test_check_and_graph_show_what_is_put_in(folder: Path, command: str) -> None:
    done = runner.invoke(app, [command, "-m", "multi-feature", "--override", OVERRIDE])

    assert done.exit_code == 0, done.output
    assert "MyExtractor" in done.output


def test_assignments_below_an_override_are_its_arguments() -> None:
    requests, rest = split_overrides(
        ["variant.decoders.a%2Eb=linear", OVERRIDE],
        [
            "seed=3",
            f"{EXTRACTOR}.my_option=[1, 2]",
            f"{EXTRACTOR}s.kar.kind=linear",
            "variant.decoders.a%2Eb.x.y=1",
        ],
    )

    assert requests == [
        OverrideRequest(path="variant.decoders.a%2Eb", name="linear", options={"x": {"y": 1}}),
        OverrideRequest(path=EXTRACTOR, name="my_module:MyExtractor", options={"my_option": [1, 2]}),
    ]
    assert rest == ["seed=3", f"{EXTRACTOR}s.kar.kind=linear"]


def test_a_file_below_the_current_folder_names_its_module(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (folder / "parts").mkdir()
    (folder / "parts" / "in_a_folder.py").write_text("class Mine: ...\n")
    outside = tmp_path_factory.mktemp("outside") / "elsewhere.py"
    outside.write_text("class Mine: ...\n")
    loaded = OverrideRequest(path="a", name="parts/in_a_folder.py:Mine").load()

    assert f"{loaded.__module__}:{loaded.__qualname__}" == "parts.in_a_folder:Mine"
    with pytest.raises(UserError, match=r"isn't below the current folder.* write elsewhere:NAME"):
        OverrideRequest(path="a", name=f"{outside}:Mine").load()
    with pytest.raises(UserError, match=r"there is no file missing\.py"):
        OverrideRequest(path="a", name="missing.py:Mine").load()
