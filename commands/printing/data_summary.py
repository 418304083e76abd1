"""How commands print what was recognised in the data."""

from typing import Any

from nested_lightning.app.errors import UserError
from nested_lightning.commands.printing.console import print_facts, print_note


def print_data(summary: Any) -> None:
    """Print the facts of a `DataSummary`, if there is one, that line up, and each guess as a note."""
    if summary is not None:
        print_facts("Data", summary.lines())
        for guess in summary.guesses:
            print_note(guess)


def find_summary(application: Any) -> Any:
    """Return what was recognised in an application's data; None where nothing is known."""
    from nested_lightning.containers.starting.bootstrapping import family_container

    family = family_container(application)
    try:
        return family.data_summary() if "data_summary" in family.providers else None
    except UserError:  # reported by whatever needs the data
        return None
