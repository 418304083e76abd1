"""The ways build what they say; those of others only where their packages are installed."""

import os
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks.ways import questions, starting
from benchmarks.ways.checkpoints import Difference
from benchmarks.ways.double import Double
from benchmarks.ways.lines import added_lines
from benchmarks.ways.starting import Done
from benchmarks.ways.table import Answers, as_markdown, as_table
from benchmarks.ways.way import ALL, FAMILY, WAYS, Way
from tests.command_line import ForkedPrograms

NEEDED = {"lightning_cli": "jsonargparse", "hydra_zen": "hydra_zen", "fiddle": "fiddle"}


@pytest.mark.parametrize("way", ALL, ids=lambda way: way.folder)
def test_a_double_takes_the_place_of_one_encoder(way: Way) -> None:
    if way.folder in NEEDED:
        pytest.importorskip(NEEDED[way.folder])
    using = import_module(f"benchmarks.ways.{way.folder}.using")

    doubled = using.build_with_double(16).encoders

    assert [name for name, encoder in doubled.items() if isinstance(encoder, Double)] == ["kar"]
    assert not any(isinstance(encoder, Double) for encoder in using.build().encoders.values())
    assert len(added_lines(using.build, using.build_with_double)) == 1


def test_widths_of_ours_follow_a_double() -> None:
    using = import_module("benchmarks.ways.family.using")

    assert using.build_with_double(24).head.in_features == 24 + 2 * 16


@pytest.mark.parametrize("way", ALL, ids=lambda way: way.folder)
def test_the_files_that_are_counted_are_all_that_is_needed_to_train(way: Way) -> None:
    folder = WAYS / way.folder
    others = {"using.py"}

    assert {path.name for path in folder.iterdir() if path.is_file()} - others == {*way.files}


@pytest.fixture
def forked(forked_programs: ForkedPrograms, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have processes of ways begin with everything imported: what they do is asked here, not how fast."""

    def run(*words: str, folder: Path) -> Done:
        done = forked_programs.run_python(words, cwd=folder, env=os.environ, is_one_stream=True)
        return Done(status=done.returncode, output=done.stdout, duration_s=0.0)

    for module in (questions, starting):
        monkeypatch.setattr(module, "run", run)


@pytest.mark.slow
def test_ours_goes_on_exactly(forked: None) -> None:
    ours = questions.resume(FAMILY)

    assert ours.control.is_none
    assert ours.resumed.is_none


@pytest.mark.slow
def test_the_questions_about_ours_are_answered_and_stand_in_a_table(forked: None) -> None:
    misspelt, opened = questions.misspell(FAMILY), questions.open_later(FAMILY)
    resumed = questions.Resumed(control=_no_difference(), resumed=_no_difference())
    answers = Answers(
        way=FAMILY,
        seconds=[questions.time_first_step(FAMILY)],
        ratios=[1.5],
        misspelt=[misspelt],
        double=questions.put_in_double(FAMILY),
        opened=opened,
        resumed=resumed,
    )
    markdown = as_markdown([answers])

    assert (misspelt.status, misspelt.num_lines, misspelt.names_right_one) == (2, 1, True)
    assert (opened.alone, opened.runs_pickle, opened.imports_foreign) == (True, False, None)
    assert all(answers.double[fact] for fact in ("is_called", "are_siblings_equal", "takes_other_width"))
    assert "| times plain Lightning's | 1.50 (1.50 to 1.50) |" in markdown
    assert "did you mean 'hidden_features'?" in markdown
    assert as_table([answers]).row_count == markdown.count("\n| ") - 1


def _no_difference() -> Difference:
    return Difference(steps=(1, 1), num_tensors=1, num_different=0, largest=0.0)
