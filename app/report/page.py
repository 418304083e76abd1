"""The page of a report: sections as one HTML file, of a bounded size."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nested_lightning.app.answers import to_utf8
from nested_lightning.app.report.contents import Section, Text

MAX_BYTES = 2_000_000
_ROOM_FOR_REST = 100_000
"""Bytes of the page besides its sections."""
_TOO_LARGE = f"This section is left out: with it the report would be larger than {MAX_BYTES // 1_000_000} MB."


def write_page(title: str, sections: Sequence[Section]) -> bytes:
    """Return an HTML file in UTF-8, which needs no script and no network.

    Sections that would make it larger than `MAX_BYTES` say so instead.
    """
    from jinja2 import Environment, FileSystemLoader

    folder = Path(__file__).with_name("templates")
    page = Environment(loader=FileSystemLoader(folder, encoding="utf-8"), autoescape=True, trim_blocks=True)
    template = page.get_template("report.html")
    bodies = [*_bodies(template.module.section, sections)]  # type: ignore[attr-defined]
    groups: dict[str, list[tuple[int, Section]]] = {}
    for number, section in enumerate(sections, 1):
        groups.setdefault(section.run, []).append((number, section))
    text = template.render(title=title, groups=groups.items(), bodies=bodies)
    return to_utf8(f"{text.lstrip()}\n")


def _bodies(render: Any, sections: Sequence[Section]) -> Iterator[Any]:
    left = MAX_BYTES - _ROOM_FOR_REST
    for number, section in enumerate(sections, 1):
        body = render(section, number)
        if (size := len(to_utf8(body))) > left:
            body = render(replace(section, blocks=[Text(text=_TOO_LARGE, is_problem=True)]), number)
            size = len(to_utf8(body))
        left -= size
        yield body
