"""What a terminal, a pipe or a file system may do to a command: encodings, readers that leave, odd names."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import nested_lightning as nl
from tests.command_line import MAIN, Program
from tests.quick_first import quick_first

IN_CP1252 = """
import runpy, sys
sys.stdout.reconfigure(encoding="cp1252", errors="strict")
sys.stderr.reconfigure(encoding="cp1252", errors="backslashreplace")
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""The program at a terminal of this encoding, as Python opens its streams there."""
MARKUP = r"\[/b] [bold red] [/] [link=x 圆"


@pytest.fixture
def odd_names(small_settings: dict[str, Any], small_csv: Path, tmp_path: Path) -> Path:
    """A trained model whose groups, classes and folder are called like rich's markup, and are in Chinese."""
    header, *rows = small_csv.read_text().splitlines()
    named = "\n".join([header, *rows]).replace("kar", "圆[/b]").replace("circle", MARKUP)
    small_csv.write_text(named, encoding="utf-8")
    settings = {**small_settings, "run_dir": str(tmp_path / "圆[/b]" / "run")}
    settings["trainer"] = {**settings["trainer"], "max_epochs": 1}
    nl.family_container(nl.bootstrap(settings)).training_run()()
    return tmp_path / "圆[/b]" / "run"


@pytest.mark.slow
def test_foreign_text_is_printed_as_it_stands_by_every_command(
    program: Program, odd_names: Path, small_csv: Path
) -> None:
    best = str(odd_names / "checkpoints" / "best.ckpt")
    settings = ("--config", str(odd_names / "settings.yaml"))

    for arguments, text in [
        (("inspect", best), MARKUP),
        (("evaluate", best), MARKUP),
        (("predict", best, str(small_csv)), MARKUP),
        (("predict", best, str(small_csv), "-o", "[/b].csv"), "[/b].csv"),
        (("predict", best, "--help"), "圆[/b]"),
        (("export", best, "[/b].safetensors"), "[/b].safetensors"),
        (("check", *settings), "feature_extractors.圆[/b]"),
        (("graph", *settings), "feature_extractors.圆[/b]"),
        (("config", *settings, "--explain"), "圆[/b]"),
        (("config", "--diff", best, str(odd_names)), "圆[/b]"),
        (("train", *settings, "--run-dir", "[/b]"), "[/b]/checkpoints/best.ckpt"),
    ]:
        done = program(*arguments, environ={"COLUMNS": "400"})
        assert done.returncode == 0, done.stderr
        assert text in done.stdout + done.stderr, (arguments, done.stdout, done.stderr)


@pytest.mark.parametrize(
    "arguments",
    quick_first(
        [
            ["predict", r"\[/b]", "file.csv"],
            ["predict", r"\[/b]", "--unknown"],
            ["resume", r"\[/b]"],
            ["train", "-m", r"\[/b]"],
            ["train", "-m", "variant", "--set", r"\[/b]=3"],
            ["train", "-m", "variant", "--override", r"\[/b]"],
            ["evaluate", "x", "--part", r"\[/b]"],
            [r"\[/b]"],
        ]
    ),
)
def test_foreign_text_in_a_mistake_is_printed_as_it_stands(program: Program, arguments: list[str]) -> None:
    done = program(*arguments)

    assert done.returncode == 2, done.stderr
    assert r"\[/b]" in done.stdout + done.stderr


@pytest.mark.slow
def test_characters_that_the_terminal_lacks_are_escaped(
    odd_names: Path, small_csv: Path, forked_code: Program
) -> None:
    best = str(odd_names / "checkpoints" / "best.ckpt")
    settings = ("--config", str(odd_names / "settings.yaml"))

    for arguments in [
        ("inspect", best),
        ("predict", best, str(small_csv)),
        ("graph", *settings),
        ("graph", *settings, "--format", "mermaid"),
        ("train", "-m", "圆"),
    ]:
        done = forked_code(IN_CP1252, str(MAIN), *arguments)
        assert done.returncode == (2 if arguments[0] == "train" else 0), done.stderr
        assert r"\u5706" in done.stdout + done.stderr


@pytest.mark.parametrize("arguments", quick_first(["models", "config -m variant", "train --help"]))
def test_a_reader_that_leaves_ends_a_command_quietly(arguments: str, tmp_path: Path) -> None:
    command = f"'{sys.executable}' '{MAIN}' {arguments} | true; echo ${{PIPESTATUS[0]}}"

    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert (done.stdout, done.stderr) == ("141\n", "")
