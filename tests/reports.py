"""Whether trainings of tests end with a report: it costs more than the training of most, so few do."""

from nested_lightning.containers import application

WANTED = "TESTS_WITH_REPORTS"
"""A variable with which a program that is run writes them."""
write_report = application._write_report


def leave_out_reports() -> None:
    """Have trainings in this process end without one."""
    application._write_report = lambda *_: None
