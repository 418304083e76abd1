"""What a training came to, its data and its settings, as tables."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from nested_lightning.app.data.data_summary import DataSummary
from nested_lightning.app.errors import counted
from nested_lightning.app.report.contents import Block, Table, Text, by_column, table_of
from nested_lightning.app.report.privacy import without_places
from nested_lightning.app.training.runs.result import TrainingResult
from nested_lightning.app.training.runs.run_folder import RunFolder

_LONGEST = 300


def result_blocks(result: TrainingResult) -> Sequence[Block]:
    """Return what the training came to, and what was put into providers' places or taken from elsewhere."""
    folder = result.run_folder
    facts = {
        "trained": f"{counted(result.num_steps, 'step')} in {result.duration_s:,.1f} s",
        "checkpoint": result.best_checkpoint.relative_to(folder.path).as_posix(),
        **{f"first weights ({name})": value for name, value in result.init_from.items()},
        **{f"first weights of {path}": _text(taken) for path, taken in result.init_parts.items()},
        **{f"override of {path}": text for path, text in result.overrides.items()},
    }
    table = Table(title="Outcome", columns=["what", "value"], rows=_pairs(facts))
    return [table, *missing_blocks(folder)]


def missing_blocks(folder: RunFolder) -> Sequence[Block]:
    """Return a line for each file that a finished training has and this one lacks."""
    files = {
        folder.settings_file: "its settings are those of the checkpoint",
        folder.metrics_file: "there are no curves",
        folder.results_file: "the training hasn't ended, or it was moved away",
    }
    lacking = {file: said for file, said in files.items() if not file.is_file()}
    if not folder.checkpoint_of_results.is_file():
        lacking[folder.checkpoints] = "there is no model, so nothing is scored"
    return [Text(text=f"{file.name} is missing: {said}.", is_problem=True) for file, said in lacking.items()]


def data_blocks(data: Mapping[str, Any]) -> Sequence[Block]:
    """Return what was understood of the data, see `DataSummary`; counts by name as tables of their own."""
    if not data:
        return [Text(text="Nothing is known of the data.")]
    facts = {name: value for name, value in data.items() if name != "guesses"}
    tables = {name: value for name, value in facts.items() if isinstance(value, Mapping)}
    lines = DataSummary(facts={name: one for name, one in facts.items() if name not in tables}).lines()
    return [
        Table(title="The data", columns=["what", "value"], rows=_pairs(lines)),
        *(_counts(name, value) for name, value in tables.items()),
        *(Text(text=f"Guessed: {without_places(guess)}") for guess in data.get("guesses", ())),
    ]


def _counts(name: str, values: Mapping[str, Any]) -> Table:
    """Return ``{"kar": {"number": 3}}`` or ``{"train": 70}`` as a table."""
    rows = {
        key: one if isinstance(one, Mapping) else {"number" if isinstance(one, int) else "value": one}
        for key, one in values.items()
    }
    shown = {key: {column: without_places(cell) for column, cell in row.items()} for key, row in rows.items()}
    return table_of(f"{name[:1].upper()}{name[1:]}", name, by_column(shown))


def settings_blocks(settings: Mapping[str, tuple[Any, Any, str]]) -> Sequence[Block]:
    """Return settings, each a value, its default and its place: first those that differ, then all."""
    rows = [
        [
            name,
            *(_text(without_places(one, name=name.rpartition(".")[2])) for one in (value, default)),
            without_places(place),
        ]
        for name, (value, default, place) in settings.items()
    ]
    columns = ["name", "value", "default", "from"]
    changed = [row for row in rows if row[1] != row[2]]
    return [
        Table(title="Changed settings", columns=columns, rows=changed),
        *_by_section(columns, rows),
    ]


def _by_section(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Table]:
    """Yield a table for each section of the settings, none of which is cut off."""
    by_section: dict[str, list[Sequence[str]]] = {}
    for row in rows:
        by_section.setdefault(row[0].partition(".")[0] if "." in row[0] else "general", []).append(row)
    for section, own in by_section.items():
        yield Table(title=f"All settings: {section}", columns=columns, rows=own)


def _pairs(facts: Mapping[str, Any]) -> list[list[str]]:
    return [[name, _text(without_places(value, name=name))] for name, value in facts.items()]


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        value = ", ".join(f"{key} {_text(one)}" for key, one in islice(value.items(), 50)) or "{}"
    is_word = value is None or isinstance(value, bool)  # as settings are written
    text = json.dumps(value) if is_word else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"
