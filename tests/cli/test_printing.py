"""How faults are printed: once each, and not into a spinner."""

import io

import pytest
from rich.console import Console

from nested_lightning.app.checking.findings import Fault
from nested_lightning.app.errors import UserError
from nested_lightning.commands.printing import console
from nested_lightning.commands.printing.check_report import print_faults


def fault(path: str, what: str) -> Fault:
    return Fault(path=path, what=what, hint=f"change what overrides {path}" if path else "")


def test_fault_that_submodules_share_comes_once(capsys: pytest.CaptureFixture[str]) -> None:
    groups = [fault(f"family.groups.{name}", "can't be built") for name in "abcdef"]

    print_faults([*groups, fault("family.head", "is frozen"), fault("", "no data"), fault("", "no files")])

    assert capsys.readouterr().err.splitlines() == [
        "error: family.groups.a: can't be built; change what overrides family.groups.a (the same at"
        " family.groups.b, family.groups.c, family.groups.d, and more)",
        "error: family.head: is frozen; change what overrides family.head",
        "error: no data",
        "error: no files",
    ]


def test_error_below_a_spinner_has_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert console.error_console is console.status_console
    screen = Console(file=io.StringIO(), force_terminal=True, width=80, _environ={"TERM": "xterm"})
    monkeypatch.setattr(console, "error_console", screen)

    with screen.status("Starting"):
        console.print_error(UserError("no such file"))

    lines = screen.file.getvalue().replace("\r", "\n").splitlines()  # type: ignore[attr-defined]
    assert not [line for line in lines if "Starting" in line and "error" in line]


def test_what_rounds_to_nothing_has_no_sign() -> None:
    assert [console.format_score(score) for score in (-0.00001, -0.2)] == ["0.0000", "-0.2000"]
