"""How ``check`` prints what it found and saw."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from rich.filesize import decimal

from nested_lightning.app.checking.drawing.model_graph import format_shape
from nested_lightning.commands.printing.console import print_fault, print_line, print_note, print_records

_COLUMNS = ("submodule", "class", "input", "output", "parameters", "memory", "frozen", "rate")

_MAX_PATHS = 3
"""Submodules that are named in one line, besides the first."""


def print_findings(report: Any) -> None:
    """Print a line for each fault of a `CheckReport`, and what couldn't be checked or is worth knowing."""
    for note in (*report.unchecked, *report.notes):
        print_note(str(note))
    print_faults(report.faults)


def print_faults(faults: Sequence[Any]) -> None:
    """Print a line for each fault of a `CheckReport`; the same fault of several submodules once."""
    paths: dict[str, list[str]] = {}
    for fault in faults:
        words = str(fault).replace(fault.path, "\0") if fault.path else str(fault)
        paths.setdefault(words, []).append(fault.path)
    for words, (first, *others) in paths.items():
        print_fault(words.replace("\0", first) + _same_at(others))


def _same_at(paths: Sequence[str]) -> str:
    more = ["and more"] if len(paths) > _MAX_PATHS else []
    return f" (the same at {', '.join([*paths[:_MAX_PATHS], *more])})" if paths else ""


def print_submodules(report: Any) -> None:
    """Print a table of the submodules of a `CheckReport` with their sums, and notes on single ones."""
    rows = [_as_cells(row) for row in report.rows]
    title = "Submodules: each with its provider; memory of weights + gradients + optimiser"
    print_records(title, _COLUMNS, [*rows, _total(report.rows)])
    num_parameters = sum(row.num_parameters for row in report.rows)
    if num_buffers := report.num_stored - num_parameters:
        print_line(
            f"{num_parameters:,} parameters and {num_buffers:,} numbers in buffers:"
            f" a checkpoint holds {report.num_stored:,}"
        )
    for note, run in groupby((row for row in report.rows if row.note), key=lambda row: row.note):
        paths = [row.path for row in run]
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        print_note(f"{paths[0]}{more}: {note}")


def format_shapes(shapes: Iterable[tuple[int, ...]] | None) -> str:
    """Return shapes one below the other, such as ``[2, 64]``; a dash where nothing is known."""
    if shapes is None:
        return "-"
    runs = [(shape, len(list(run))) for shape, run in groupby(shapes)]
    return "\n".join((f"{num} of " if num > 1 else "") + format_shape(shape) for shape, num in runs)


def _as_cells(row: Any) -> tuple[str, ...]:
    learns = row.num_parameters - row.num_frozen
    frozen = "-" if not row.num_parameters else "no" if not row.num_frozen else "partly" if learns else "yes"
    return (
        f"{row.path or 'its own'}\n  by {row.provider}",
        f"the same as {row.same_as}" if row.same_as else row.class_name,
        format_shapes(row.inputs),
        format_shapes(row.outputs),
        f"{row.num_parameters:,}",
        _memory(row.parameter_bytes, row.gradient_bytes, row.optimizer_bytes),
        row.unfrozen_at or frozen,
        ", ".join(f"{rate:g}" for rate in row.learning_rates) or "-",
    )


def _total(rows: Iterable[Any]) -> tuple[str, ...]:
    rows = list(rows)
    optimizer = [row.optimizer_bytes for row in rows]
    memory = _memory(
        sum(row.parameter_bytes for row in rows),
        sum(row.gradient_bytes for row in rows),
        None if None in optimizer else sum(optimizer),
    )
    return ("altogether", "", "", "", f"{sum(row.num_parameters for row in rows):,}", memory, "", "")


def _memory(*sizes: int | None) -> str:
    return " + ".join("?" if size is None else decimal(size) for size in sizes) if any(sizes) else "-"
