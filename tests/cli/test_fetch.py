"""``fetch``: from a hub on this machine, by a real process; afterwards without it."""

import hashlib
from pathlib import Path

import pytest

from tests.app.submodules.pretrained.local_hub import COMMIT, NAME, serving
from tests.app.submodules.pretrained.part_folders import write_vision_transformer
from tests.command_line import Program

pytest.importorskip("huggingface_hub", reason="the extra pretrained is not installed")
pytestmark = pytest.mark.slow


def _environ(tmp_path: Path, hub: str) -> dict[str, str]:
    return {"HF_HOME": str(tmp_path / "cache"), "HF_ENDPOINT": hub}


CHECK = ("check", "--model", "image-to-text", "--set", "image_to_text.image_encoder.kind=transformers")


def test_what_was_fetched_is_used_without_the_hub(fresh_program: Program, tmp_path: Path) -> None:
    part = write_vision_transformer(tmp_path / "part")
    (part / "pytorch_model.bin").write_bytes(b"a pickle")
    (part / "modeling.py").write_text("raise SystemExit")
    named = f"hub:{NAME}@main"
    with serving(part) as (hub, asked):
        fetched = fresh_program("fetch", named, environ=_environ(tmp_path, hub))
        num_asked = len(asked)
    digest = hashlib.sha256((part / "model.safetensors").read_bytes()).hexdigest()

    checked = fresh_program(
        *CHECK,
        "--set",
        f"image_to_text.image_encoder.weights={named}",
        environ=_environ(tmp_path, "http://127.0.0.1:9"),
    )

    assert fetched.returncode == 0, fetched.stderr
    assert digest in fetched.stderr
    assert "licence  mit" in fetched.stderr
    assert not any(path.endswith((".bin", ".py")) for path in asked[:num_asked])
    assert checked.returncode == 0, checked.stderr
    assert "no fault was found" in checked.stdout


def test_what_was_not_fetched_is_refused_with_the_command_that_does_it(
    fresh_program: Program, tmp_path: Path
) -> None:
    named = f"hub:{NAME}@{COMMIT}"
    done = fresh_program(
        *CHECK,
        "--set",
        f"image_to_text.image_encoder.weights={named}",
        environ=_environ(tmp_path, "http://127.0.0.1:9"),
    )

    assert done.returncode == 2
    assert f"nested-lightning fetch {named}" in done.stderr.replace("\n", " ")


@pytest.mark.parametrize(
    ("named", "said"), [("hub:someone/other@main", "can't be fetched"), ("someone/part", "hub:NAME@REVISION")]
)
def test_a_name_that_the_hub_does_not_know_is_an_error(
    fresh_program: Program, tmp_path: Path, named: str, said: str
) -> None:
    with serving(tmp_path) as (hub, _):
        done = fresh_program("fetch", named, environ=_environ(tmp_path, hub))

    assert done.returncode == 2
    assert said in done.stderr.replace("\n", " ")
