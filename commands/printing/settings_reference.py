"""``config --reference``: every setting with default, allowed values and meaning, as Markdown."""

import json
from collections.abc import Iterator, Sequence

from nested_lightning.settings.application import application_settings_model
from nested_lightning.settings.describing.reference import SettingRow, setting_rows
from nested_lightning.settings.describing.walking import dotted
from nested_lightning.settings.families import families
from nested_lightning.settings.family import Family
from nested_lightning.settings.reading.merging import flatten

_HEAD = """# Settings

What `python main.py config --reference` prints: every setting of the families that are installed. Each can be
set in a file (`--config`), by an environment variable or by `--set`. `NAME` stands for a name of your own.
Where a setting is of one kind alone, the second column names it. Defaults are those of the kind; where a
family has others, they stand above its table.
"""
_COLUMNS = ("setting", "kind", "default", "allowed", "meaning")


def reference() -> Iterator[str]:
    """Yield the lines of the page."""
    yield _HEAD
    sections = {family.section: family for family in families().values()}
    rows = list(setting_rows(application_settings_model()))
    general = [row for row in rows if _section(row) not in sections]
    yield from ("## Of every family", "", *_table(general), "")
    for section, family in sections.items():
        yield from (f"## {family.name}", "", family.summary, "", *_lists(family))
        yield from (*_table([row for row in rows if _section(row) == section]), "")


def _section(row: SettingRow) -> str:
    return row.path.partition(".")[0]


def _lists(family: Family) -> Iterator[str]:
    """Yield the family's own defaults and its presets, where it has any."""
    values = flatten(family.defaults).items()
    lists = {
        "Defaults of its own:": [f"`{dotted(names)}`: {_code(json.dumps(value))}" for names, value in values],
        "Presets (`--preset`):": [f"`{name}`: {one.summary}" for name, one in family.presets.items()],
    }
    for title, items in lists.items():
        if items:
            yield from (title, "", *(f"- {item}" for item in items), "")


def _table(rows: Sequence[SettingRow]) -> Iterator[str]:
    yield f"| {' | '.join(_COLUMNS)} |"
    yield f"|{' --- |' * len(_COLUMNS)}"
    for row in rows:
        cells = (_code(row.path), row.kind, _code(row.default), row.allowed, row.meaning)
        yield f"| {' | '.join(_escaped(cell) for cell in cells)} |"


def _escaped(cell: str) -> str:
    return " ".join(cell.split()).replace("|", "\\|")


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
