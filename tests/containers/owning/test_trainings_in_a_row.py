"""Trainings in one process give what trainings alone in theirs give."""

import pytest

from tests.command_line import Program

CODE = "import runpy; runpy.run_module('tests.containers.owning.trainings_in_a_row', run_name='__main__')"


def _weights(program: Program, *names: str) -> list[str]:
    done = program(CODE, *names)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].split()


@pytest.mark.slow
def test_trainings_in_one_process_give_what_they_give_alone(forked_code: Program) -> None:
    (first,), (second,) = _weights(forked_code, "First"), _weights(forked_code, "Second")

    assert first != second
    assert _weights(forked_code, "First", "Second", "First") == [first, second, first]
