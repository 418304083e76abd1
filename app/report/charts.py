"""Charts of numbers: series of points, and bars, with what isn't in them and their numbers as a table."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from nested_lightning.app.errors import counted
from nested_lightning.app.report.contents import MAX_ROWS, Chart, Table, as_text
from nested_lightning.app.report.page_svg import INK, SERIES_COLOURS, draw, printable

MAX_POINTS = 2000
"""Points that one chart draws."""
NUM_SERIES = len(SERIES_COLOURS)
"""Series that have colours of their own."""
_STYLES = ("-", "--", "-.", ":")
_LONGEST, _LONGEST_BESIDE = 36, 22
_MOST_WITHIN = 3
"""Series whose names stand within a chart; those of more stand beside it."""
_FEW_POINTS = 200
Numbers = Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Series:
    """Points that belong together, joined by a line or not; where y isn't finite is a gap."""

    xs: Numbers
    ys: Numbers
    is_line: bool = True


@dataclass(frozen=True, kw_only=True)
class Axes:
    """What a chart has besides its series.

    Attributes:
        x: What is drawn to the right.
        y: What is drawn upwards.
        is_counted: Whether x is a number of something, without fractions.
        marks: Places of vertical lines, by what they mean.
        has_diagonal: Whether a thin line shows where x and y are equal.
    """

    x: str
    y: str
    is_counted: bool = False
    marks: Mapping[str, Numbers] = field(default_factory=dict)
    has_diagonal: bool = False


def draw_chart(
    title: str, series: Mapping[str, Series], axes: Axes, *, description: str = "", has_table: bool = True
) -> Chart:
    """Return a chart of series by their names, with its numbers and what isn't in it; none without points."""
    drawn = {name: _drawn(one) for name, one in series.items()}
    notes = [*_gaps(series), *_left_out(series, drawn)]
    marks = [f"{what}: {', '.join(map(as_text, places))}." for what, places in axes.marks.items() if places]
    shown = description or f"{axes.y} over {axes.x}: {', '.join(series)}."

    def paint(plot: Any) -> None:
        for number, (name, one) in enumerate(drawn.items()):
            _paint_series(plot, name, one, number)
        _paint_axes(plot, axes, list(series))

    has_points = any(math.isfinite(y) for one in drawn.values() for y in one.ys)
    svg = draw(paint, title=title, description=shown) if has_points else ""
    table = _table(title, series, axes) if has_table else None
    return Chart(title=title, description=shown, svg=svg, table=table, notes=[*notes, *marks])


def draw_bars(
    title: str, values: Mapping[str, float], *, of: str, what: str, has_table: bool = True
) -> Chart:
    """Return a chart of horizontal bars by name, the first at the top, with its numbers.

    The names are names ``of`` something, the lengths are ``what`` of it. Without ``has_table`` another table
    has the numbers.
    """
    shown = dict([*values.items()][:40])
    bars = {name: value for name, value in shown.items() if math.isfinite(value)}

    def paint(plot: Any) -> None:
        places = range(len(bars))
        plot.barh(places, [*bars.values()], color=SERIES_COLOURS[0])
        plot.set_yticks(places, [_shortened(name) for name in bars])
        plot.invert_yaxis()
        plot.set_xlabel(what)
        plot.locator_params(axis="x", nbins=5)

    description = f"{what} of each {of}."
    height = 0.9 + 0.24 * len(bars)
    svg = (
        draw(paint, title=title, description=description, height=height, layout="constrained") if bars else ""
    )
    notes = [f"The first {len(shown)} of {len(values):,} are drawn."] if len(shown) < len(values) else []
    if gaps := [name for name in shown if name not in bars]:
        notes.append(f"Not finite, and so without a bar: {', '.join(gaps)}.")
    table = Table(title=title, columns=[of, what], rows=[*values.items()]) if has_table else None
    return Chart(title=title, description=description, svg=svg, table=table, notes=notes)


def _paint_series(plot: Any, name: str, one: Series, number: int) -> None:
    label = _shortened(name).lstrip("_")  # with _ in front a legend hides it
    style = {"color": SERIES_COLOURS[number % NUM_SERIES], "label": label}
    line = _STYLES[(number + number // NUM_SERIES) % len(_STYLES)]  # another one where colours begin anew
    if not one.is_line:
        plot.plot(one.xs, one.ys, ".", markersize=8 if len(one.xs) <= _FEW_POINTS else 3, **style)
        return
    is_alone = len(one.xs) == 1 or any(map(math.isnan, one.ys))
    marker = {"marker": ".", "markersize": 7} if is_alone else {}
    plot.plot(one.xs, one.ys, line, linewidth=1.6, **marker, **style)


def _paint_axes(plot: Any, axes: Axes, names: Sequence[str]) -> None:
    plot.set_xlabel(_shortened(axes.x))
    plot.set_ylabel(_shortened(axes.y))
    plot.locator_params(axis="x", nbins=6, integer=axes.is_counted)
    for places in axes.marks.values():
        for place in places:
            plot.axvline(place, color=INK, linewidth=0.8, linestyle=":")
    if axes.has_diagonal:
        plot.axline((0, 0), slope=1, color=INK, linewidth=0.8, linestyle=":")
    if len(names) > _MOST_WITHIN:
        plot.figure.subplots_adjust(right=0.62)
        lines, labels = plot.get_legend_handles_labels()
        shorter = [_shortened(one, _LONGEST_BESIDE) for one in labels]
        plot.legend(lines, shorter, loc="upper left", bbox_to_anchor=(1, 1.04), fontsize=9)
    elif names != [axes.y]:
        plot.legend()


def _drawn(one: Series) -> Series:
    """Return as many points as are drawn, evenly spread over all, with gaps where they aren't finite."""
    step = -(-len(one.xs) // MAX_POINTS) or 1
    ys = [y if math.isfinite(y) else math.nan for y in one.ys[::step]]
    return replace(one, xs=one.xs[::step], ys=ys)


def _left_out(all_points: Mapping[str, Series], drawn: Mapping[str, Series]) -> list[str]:
    return [
        f"{len(drawn[name].xs):,} of {len(one.xs):,} points of {name} are drawn."
        for name, one in all_points.items()
        if len(drawn[name].xs) < len(one.xs)
    ]


def _gaps(series: Mapping[str, Series]) -> list[str]:
    found = []
    for name, one in series.items():
        gaps = [x for x, y in zip(one.xs, one.ys, strict=True) if not math.isfinite(y)]
        if gaps:
            where = f"from {as_text(min(gaps))} to {as_text(max(gaps))}"
            found.append(f"Not finite in {name}, and so gaps: {counted(len(gaps), 'value')}, {where}.")
    return found


def _table(title: str, series: Mapping[str, Series], axes: Axes) -> Table:
    places = np.unique(np.concatenate([np.asarray(one.xs, dtype=float) for one in series.values()]))
    first = places[:MAX_ROWS].tolist()
    columns = [
        {x: y for x, y in zip(one.xs, one.ys, strict=True) if x <= first[-1]} for one in series.values()
    ]
    rows = [[x, *(column.get(x) for column in columns)] for x in first]
    return Table(title=title, columns=[axes.x, *series], rows=rows, num_rows=len(places))


def _shortened(text: str, longest: int = _LONGEST) -> str:
    text = printable(text)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
