"""Files and folders that somebody else may use alone: one line that names them, from every command."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nested_lightning as nl
from tests.app.image_to_text.captioned_folder import draw

PROGRAM = """
import os, sys
from nested_lightning.commands.program import run

def call(*arguments):
    sys.argv = ["nested-lightning", *arguments]
    try:
        run()
    except SystemExit as end:
        return end.code or 0

commands = [line.split("|") for line in sys.stdin.read().splitlines()]
for arguments in commands:  # imports what a stranger may not read
    call(*(argument.replace("closed", "open") for argument in arguments))
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for arguments in commands:
    print("::", *arguments, file=sys.stderr)
    print("=", call(*arguments), file=sys.stderr)
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that anyone may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for inside in [folder, *folder.rglob("*")]:
        inside.chmod(0o755)
    shutil.rmtree(folder)


def _close(path: Path) -> None:
    """Take all rights; what a folder holds could else be read by its path."""
    for inside in [*path.rglob("*"), path]:
        inside.chmod(0o000)


@pytest.mark.slow
@pytest.mark.skipif(
    any(not folder.stat().st_mode & 0o001 for folder in Path(sys.prefix).parents),
    reason="the environment can't be entered by another user",
)
def test_what_may_not_be_read_or_written_is_named_in_one_line_by_every_command(
    place: Path, small_settings: dict[str, Any], small_csv: Path
) -> None:
    quick = {
        **small_settings,
        "run_dir": str(place / "open"),
        "trainer": {**small_settings["trainer"], "max_epochs": 1},
    }
    nl.family_container(nl.bootstrap(quick)).training_run()()
    shutil.copy(small_csv, place / "open" / "data.csv")
    for number, domain in enumerate("aabb"):
        picture = place / "open" / "pictures" / domain / f"{number}.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        draw("red", "box").save(picture)
    shutil.copytree(place / "open", place / "closed")
    shutil.copytree(place / "open", place / "mine")
    for closed in ("closed/settings.yaml", "closed/data.csv", "closed/checkpoints", "closed/pictures/a"):
        _close(place / closed)
    best, data = str(place / "mine/checkpoints/best.ckpt"), str(place / "mine/data.csv")
    (place / "closed").chmod(0o555)
    tiny = "--set|vae_gan.data.image_size=8|--set|trainer.max_epochs=1"
    commands = [
        f"train|--config|{place}/closed/settings.yaml",
        f"train|--config|{place}/mine/settings.yaml|--data|{place}/closed/data.csv|--run-dir|{place}/open/1",
        f"train|--config|{place}/mine/settings.yaml|--data|{data}|--run-dir|{place}/closed/new",
        f"check|-m|vae-gan|--set|vae_gan.data.path={place}/closed/pictures|{tiny}",
        f"resume|{place}/closed",
        f"inspect|{place}/closed/checkpoints/best.ckpt",
        f"evaluate|{best}|--data|{place}/closed/data.csv",
        f"predict|{best}|{place}/closed/data.csv",
        f"predict|{best}|{data}|-o|{place}/closed/out.csv",
        f"export|{best}|{place}/closed/new.safetensors",
        f"swap|{best}|--submodule|multi_feature.head|--with|linear|-o|{place}/closed/new.ckpt",
        f"graph|-m|multi-feature|--format|mermaid|-o|{place}/closed/graph.mmd",
    ]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input="\n".join(commands),
        cwd=place,
        env={**os.environ, "HOME": str(place), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )

    said = done.stderr.split("::")[1:]
    assert len(said) == len(commands), done.stderr
    for command, lines in zip(commands, said, strict=True):
        _, *errors, status = lines.strip().splitlines()
        assert status == "= 2", (command, lines)
        words = " ".join(errors)
        is_usage = words.startswith("Usage")  # what typer finds out itself
        assert is_usage or len([line for line in errors if line.startswith("error")]) == 1, (command, lines)
        assert f"{place}/closed" in words, (command, lines)
        assert "Permission denied" in words or (is_usage and "not readable" in words), (command, lines)
