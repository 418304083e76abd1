"""Shell completion, by the protocol that each shell speaks to a real process."""

import os
import subprocess
import sys

import pytest

from tests.command_line import PROJECT


def _ask(**environ: str) -> list[str]:
    """Return the answers of the program; torch can't be imported in its process."""
    code = "import sys; sys.modules['torch'] = None; sys.argv = ['main.py']; import main; main.run()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


def _ask_bash(*words: str) -> list[str]:
    """Ask for what the last of the words can become, which are split at ``=`` as bash does."""
    typed = "\n".join(("main.py", *words))
    return _ask(**{"_MAIN.PY_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(words))})


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        (["tr"], ["train"]),
        (["train", "--model", "mu"], ["multi-feature"]),
        (["train", "--model", "=", "va"], ["vae-gan", "variant"]),
        (["train", "-m", "variant", "--preset", ""], ["original"]),
        (["config", "-m", "variant", "--set", "variant.dec"], ["variant.decoder.kind="]),
        (["train", "--set", "seed", "=", "3", "--set", "trainer.precision", "=", "16"], ["16-mixed"]),
        (["train", "--set", "trainer.use_tensorboard", "="], ["true", "false"]),
        (["train", "--config", ""], []),  # nothing: the shell offers files
    ],
)
def test_bash_gets_commands_families_presets_settings_and_values(
    words: list[str], answers: list[str]
) -> None:
    found = _ask_bash(*words)

    assert found[: len(answers)] == answers
    assert bool(found) == bool(answers)


@pytest.mark.parametrize(
    ("shell", "answer"),
    [
        ("zsh", '"multi_feature.head.kind=linear":"One fully connected layer."'),
        ("fish", "multi_feature.head.kind=linear\tOne fully connected layer."),
    ],
)
def test_zsh_and_fish_get_whole_assignments_with_descriptions(shell: str, answer: str) -> None:
    found = _ask(
        **{
            "_MAIN.PY_COMPLETE": f"complete_{shell}",
            "_TYPER_COMPLETE_ARGS": "main.py train --set multi_feature.head.kind=",
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        }
    )

    assert any(answer in line for line in found)
