"""Commands of the pages: each is run, or it is said why not; tests.campaign.commands runs them all."""

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from nested_lightning.commands.program import app
from tests.campaign.commands import PAGES, run_commands
from tests.command_line import PROJECT, ForkedPrograms
from tests.docs.shell import NOT_RUN, commands_of, commands_of_page, why_not_run

COMMANDS = [(page, line, command) for page in PAGES for line, command in commands_of_page(PROJECT / page)]
OURS = re.compile(r"(?:python main\.py|torchrun \S+ main\.py|nested-lightning) (\S+) ?([^>#]*)", re.DOTALL)


def test_lines_that_go_on_are_one_command() -> None:
    block = "# first\ntrain \\\n  --epochs 3\n\nevaluate # scores\n"

    assert [*commands_of(block)] == [(1, "train \\\n  --epochs 3"), (4, "evaluate # scores")]


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", *PAGES])
def test_every_command_of_a_page_is_known_as_one(page: str) -> None:
    text = (PROJECT / page).read_text(encoding="utf-8")
    unnamed = re.findall(r"^```\n(.*?)^```\n(?:(?!```).*\n)*", text, re.DOTALL | re.MULTILINE)

    assert [block for block in unnamed if re.match(r"\$ |python |pip |nested-lightning ", block)] == []


@pytest.mark.parametrize("reason", NOT_RUN)
def test_a_reason_is_that_of_a_command(reason: str) -> None:
    known = [*COMMANDS, *(("", *one) for one in commands_of_page(PROJECT / "CONTRIBUTING.md"))]

    assert any(reason in command for _, _, command in known)


def test_commands_have_options_that_there_are() -> None:
    ours = get_command(app).commands  # type: ignore[attr-defined]
    del ours["predict"], ours["tune"]  # options of a checkpoint's family; commands of their own
    unknown = []
    for page, line, command in COMMANDS:
        if (found := OURS.search(command)) and found[1] in ours:
            words = shlex.split(found[2].replace("\\\n", ""))
            options = {name for one in ours[found[1]].params for name in one.opts}
            unknown += [f"{page}:{line}: {word}" for word in words if word[:1] == "-" and word not in options]

    assert unknown == []
    assert len(COMMANDS) > 80


@pytest.mark.slow
def test_commands_of_a_page_are_run_and_a_failure_is_reported_with_its_line(
    tmp_path: Path, forked_programs: ForkedPrograms
) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# Page\n\n```sh\npython main.py models > models.txt\nwc -l < modls.txt\npip install x\n```\n"
    )

    (failure,) = run_commands(page, tmp_path / "reader", forked_programs)

    assert failure.startswith("line 5: wc -l < modls.txt\n")
    assert "multi-feature" in (tmp_path / "reader" / "models.txt").read_text()
    assert why_not_run("pip install x") == NOT_RUN["pip install"]
