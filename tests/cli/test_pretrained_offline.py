"""Parts by path: no command opens a socket, nor needs the part's files once a checkpoint is there."""

import json
from pathlib import Path

import pytest

from tests.app.image_to_text.captioned_folder import write_folder
from tests.app.submodules.pretrained.part_folders import write_text_encoder, write_vision_transformer
from tests.command_line import Program

pytest.importorskip("transformers", reason="the extra pretrained is not installed")
pytestmark = pytest.mark.slow

CODE = """
import os, sys

def refuse(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg") or (
        event == "socket.connect" and isinstance(arguments[1], tuple)
    ):
        print(event, arguments[1:], file=sys.stderr, flush=True)
        os._exit(77)

sys.addaudithook(refuse)
from nested_lightning.commands.program import run
run()
"""
"""The program, which ends with status 77 where a socket is opened."""
BRIEF = ("trainer.max_epochs=1", "trainer.use_progress_bar=false", "trainer.num_threads=1", "run_dir=run")


def _said_by(program: Program, *arguments: str) -> str:
    done = program(CODE, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _options(*assignments: str) -> list[str]:
    return [part for assignment in assignments for part in ("--set", assignment)]


def test_the_guard_sees_a_socket(forked_code: Program) -> None:
    guarded = CODE.replace("run()", "import socket; socket.create_connection(('127.0.0.1', 9))")

    assert forked_code(guarded).returncode == 77


def test_commands_on_pictures_open_no_socket_and_need_no_part(forked_code: Program, tmp_path: Path) -> None:
    part = write_vision_transformer(tmp_path / "part")
    picture = next(write_folder(tmp_path / "data").rglob("*.png"))
    encoder = ("image_to_text.image_encoder.kind=transformers", "image_to_text.image_encoder.weights=part")
    chosen = ["--model", "image-to-text", "--data", "data", *_options(*encoder, *BRIEF)]
    best, last = "run/checkpoints/best.ckpt", "run/checkpoints/last.ckpt"

    assert "no fault was found" in _said_by(forked_code, "check", *chosen)
    _said_by(forked_code, "train", *chosen)
    before = _said_by(forked_code, "predict", last, str(picture))
    part.rename(tmp_path / "gone")

    assert _said_by(forked_code, "predict", last, str(picture)) == before
    assert '"model_type":"vit"' in _said_by(forked_code, "inspect", best, "--json").replace(": ", ":")
    _said_by(forked_code, "evaluate", best)
    _said_by(forked_code, "export", best, "best.safetensors")
    assert _said_by(forked_code, "predict", "best.safetensors", str(picture))
    _said_by(forked_code, "resume", "run", *_options("trainer.max_epochs=2"))


def test_commands_on_texts_open_no_socket_and_need_no_part(forked_code: Program, tmp_path: Path) -> None:
    part = write_text_encoder(tmp_path / "part")
    rows = [
        {"text": f"the {n % 5} food was {mood}", "label": mood} for n in range(20) for mood in ("good", "bad")
    ]
    (tmp_path / "moods.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    adapter = ("variant.token_adapter.kind=transformers", "variant.token_adapter.weights=part")

    _said_by(forked_code, "train", "--model", "variant", "--data", "moods.jsonl", *_options(*adapter, *BRIEF))
    part.rename(tmp_path / "gone")

    said = _said_by(forked_code, "predict", "run/checkpoints/best.ckpt", "moods.jsonl")
    assert len(said.splitlines()) == len(rows)
    _said_by(forked_code, "evaluate", "run/checkpoints/best.ckpt", "--data", "moods.jsonl")
