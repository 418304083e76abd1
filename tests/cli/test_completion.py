"""Shell completion, by the protocol that each shell speaks to a real process."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.command_line import PROJECT
from tests.quick_first import quick_first

ANSWERING = """
import json, os, sys, tempfile
sys.modules["torch"] = None  # it can't be imported
import rich.console, rich.table, typer, yaml, nested_lightning.settings.application

for line in sys.stdin:
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = os.fork()
        if process == 0:
            os.environ.update(json.loads(line))
            os.dup2(output.fileno(), 1)
            os.dup2(errors.fileno(), 2)
            sys.argv = ["main.py"]
            import main
            main.run()
            sys.exit()
        os.waitpid(process, 0)
        output.seek(0)
        errors.seek(0)
        print(json.dumps([output.read(), errors.read()]), flush=True)
"""
Ask = Callable[..., list[str]]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Gives the answers of the program to variables; each time it is forked from a process without torch."""
    pipe: Any = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", ANSWERING], cwd=PROJECT, stdin=pipe, stdout=pipe, text=True
    ) as process:

        def ask_program(**environ: str) -> list[str]:
            assert process.stdin is not None
            assert process.stdout is not None
            print(json.dumps(environ), file=process.stdin, flush=True)
            output, errors = json.loads(process.stdout.readline())
            assert errors == ""
            return [line for line in output.splitlines() if line]

        yield ask_program


def _ask_bash(ask: Ask, *words: str) -> list[str]:
    """Ask for what the last of the words can become, which are split at ``=`` as bash does."""
    typed = "\n".join(("main.py", *words))
    return ask(**{"_MAIN.PY_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(words))})


@pytest.mark.parametrize(
    ("words", "answers"),
    quick_first(
        [
            (["tr"], ["train"]),
            (["config", "-m", "variant", "--set", "variant.dec"], ["variant.decoder.kind="]),
            (["train", "--model", "mu"], ["multi-feature"]),
            (["train", "--model", "=", "va"], ["vae-gan", "variant"]),
            (["train", "-m", "variant", "--preset", ""], ["original"]),
            (["train", "--set", "seed", "=", "3", "--set", "trainer.precision", "=", "16"], ["16-mixed"]),
            (["train", "--set", "trainer.use_tensorboard", "="], ["true", "false"]),
            (["sweep", "--search", "trainer.precision", "=", "32-true,16"], ["32-true,16-mixed"]),
            (["train", "--config", ""], []),  # nothing: the shell offers files
        ],
        num_quick=3,
    ),
)
def test_bash_gets_commands_families_presets_settings_and_values(
    ask: Ask, words: list[str], answers: list[str]
) -> None:
    found = _ask_bash(ask, *words)

    assert found[: len(answers)] == answers
    assert bool(found) == bool(answers)


@pytest.mark.parametrize(
    ("shell", "answer"),
    [
        ("zsh", '"multi_feature.head.kind=linear":"One fully connected layer."'),
        ("fish", "multi_feature.head.kind=linear\tOne fully connected layer."),
    ],
)
def test_zsh_and_fish_get_whole_assignments_with_descriptions(ask: Ask, shell: str, answer: str) -> None:
    found = ask(
        **{
            "_MAIN.PY_COMPLETE": f"complete_{shell}",
            "_TYPER_COMPLETE_ARGS": "main.py train --set multi_feature.head.kind=",
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        }
    )

    assert any(answer in line for line in found)
