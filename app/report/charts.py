"""Charts as SVG by matplotlib, whose colours are variables of the page, and whose texts are texts.

Nothing of matplotlib is imported before a chart is drawn, and nothing of its global state is changed.
"""

import io
import math
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from xml.etree import ElementTree
from zlib import crc32

import numpy as np

from nested_lightning.app.errors import counted
from nested_lightning.app.report.contents import MAX_ROWS, Chart, Table, as_text

MAX_POINTS = 2000
"""Points that one chart draws."""
NUM_SERIES = 8
"""Series that have colours of their own."""
_INK, _LINE = "#010101", "#010102"
_COLOURS = {_INK: "var(--ink)", _LINE: "var(--line)"} | {
    f"#0103{i:02x}": f"var(--series-{i})" for i in range(NUM_SERIES)
}
_STYLES = ("-", "--", "-.", ":")
_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_LONGEST = 36
_MOST_WITHIN = 6
"""Series whose names stand within a chart; those of more stand beside it."""
_STYLE: Any = {
    **{"figure.subplot.left": 0.14, "figure.subplot.right": 0.97},
    **{"figure.subplot.bottom": 0.18, "figure.subplot.top": 0.96},
    "svg.fonttype": "none",
    "svg.hashsalt": "report",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 11,
    **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), _INK),
    **dict.fromkeys(("axes.edgecolor", "grid.color", "legend.edgecolor"), _LINE),
    **dict.fromkeys(("axes.facecolor", "figure.facecolor", "legend.facecolor"), "none"),
    **dict.fromkeys(("axes.spines.top", "axes.spines.right"), False),
    "axes.grid": True,
    "axes.axisbelow": True,
    "legend.frameon": False,
}

Numbers = Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Series:
    """Points that belong together.

    Attributes:
        xs: Where they are.
        ys: How high; what isn't finite is a gap.
        is_line: Whether a line joins them.
        low: Lower ends of their intervals; empty: none.
        high: Upper ends.
    """

    xs: Numbers
    ys: Numbers
    is_line: bool = True
    low: Numbers = ()
    high: Numbers = ()


@dataclass(frozen=True, kw_only=True)
class Axes:
    """What a chart has besides its series.

    Attributes:
        x: What is drawn to the right.
        y: What is drawn upwards.
        marks: Places of vertical lines, by what they mean.
        has_diagonal: Whether a thin line shows where x and y are equal.
        is_log: Whether y grows by factors.
    """

    x: str
    y: str
    marks: Mapping[str, Numbers] = field(default_factory=dict)
    has_diagonal: bool = False
    is_log: bool = False


def draw_chart(
    title: str, series: Mapping[str, Series], axes: Axes, *, description: str = "", has_table: bool = True
) -> Chart:
    """Return a chart of series by their names, with its numbers and what isn't in it."""
    sampled = {name: _finite(_sampled(one)) for name, one in series.items()}
    notes = [*_gaps(series), *_left_out(series, sampled)]
    marks = [f"{what}: {', '.join(map(as_text, places))}." for what, places in axes.marks.items() if places]
    shown = description or f"{axes.y} over {axes.x}: {', '.join(series)}."

    def paint(plot: Any) -> None:
        for number, (name, one) in enumerate(sampled.items()):
            _paint_series(plot, name, one, number)
        _paint_axes(plot, axes, list(series))

    svg = draw(paint, title=title, description=shown)
    table = _table(title, series, axes) if has_table else None
    return Chart(title=title, description=shown, svg=svg, table=table, notes=[*notes, *marks])


def draw_bars(title: str, values: Mapping[str, float], *, of: str, what: str) -> Chart:
    """Return a chart of horizontal bars by name, the first at the top, with its numbers.

    Args:
        title: What it shows.
        values: Lengths by name.
        of: What the names are names of.
        what: What the lengths are.
    """
    shown = dict([*values.items()][:40])
    finite = [value if math.isfinite(value) else 0.0 for value in shown.values()]

    def paint(plot: Any) -> None:
        places = range(len(shown))
        plot.barh(places, finite, color=next(iter(_series_colours())))
        plot.set_yticks(places, [_shortened(name) for name in shown])
        plot.invert_yaxis()
        plot.set_xlabel(what)
        plot.locator_params(axis="x", nbins=5)

    description = f"{what} of each {of}."
    height = 0.9 + 0.24 * len(shown)
    svg = draw(paint, title=title, description=description, height=height, layout="constrained")
    left_out = [f"The first {len(shown)} of {len(values):,} are drawn."] if len(shown) < len(values) else []
    table = Table(title=title, columns=[of, what], rows=[*values.items()])
    return Chart(title=title, description=description, svg=svg, table=table, notes=left_out)


def draw(
    paint: Callable[[Any], None],
    *,
    title: str,
    description: str,
    height: float = 3.1,
    layout: Literal["constrained"] | None = None,
) -> str:
    """Return an SVG drawing.

    Args:
        paint: Draws on axes of matplotlib.
        title: Its name for a screen reader.
        description: What it shows.
        height: In inches; it is 6 inches wide.
        layout: ``constrained`` makes room for long names at its left, and takes twice the time.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    text = io.StringIO()
    with rc_context(_STYLE), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of glyphs that its own fonts lack; a browser has others
        figure = Figure(figsize=(6, height), layout=layout)
        paint(figure.subplots())
        figure.savefig(text, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return _for_page(text.getvalue(), _printable(title), _printable(description))


def _for_page(svg: str, title: str, description: str) -> str:
    """Return a drawing with names that no other one has, colours of the page, and a title."""
    root, prefix = ElementTree.fromstring(svg), f"chart{crc32((title + svg).encode())}-"
    for element in root.iter():
        for key, value in element.attrib.items():
            element.set(key, _in_page(key, value, prefix))
    for child in root.findall(f"{{{_SVG}}}metadata"):
        root.remove(child)
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    root.attrib |= {"role": "img", "aria-labelledby": f"{prefix}title {prefix}desc"}
    for place, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(f"{{{_SVG}}}{tag}", {"id": f"{prefix}{tag}"})
        element.text = text
        root.insert(place, element)
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    return ElementTree.tostring(root, encoding="unicode")


def _in_page(key: str, value: str, prefix: str) -> str:
    if key == "id":
        return prefix + value
    if key.endswith("href"):
        return value.replace("#", f"#{prefix}", 1)
    if key in ("style", "clip-path", "fill", "stroke"):
        value = value.replace("url(#", f"url(#{prefix}")
        return re.sub("#01[0-9a-f]{4}", lambda match: _COLOURS.get(match[0], match[0]), value)
    return value


def _paint_series(plot: Any, name: str, one: Series, number: int) -> None:
    colour = [*_series_colours()][number % NUM_SERIES]
    style = {"color": colour, "label": _shortened(name).lstrip("_")}  # with _ in front a legend hides it
    line = _STYLES[(number + number // NUM_SERIES) % len(_STYLES)]  # another one where colours begin anew
    if not one.is_line:
        plot.plot(one.xs, one.ys, ".", markersize=3, **style)
        return
    is_alone = len(one.xs) == 1 or any(map(math.isnan, one.ys))
    marker = {"marker": ".", "markersize": 4} if is_alone else {}
    plot.plot(one.xs, one.ys, line, linewidth=1.6, **marker, **style)
    if one.low:
        plot.fill_between(one.xs, one.low, one.high, color=colour, alpha=0.2, linewidth=0)


def _paint_axes(plot: Any, axes: Axes, names: Sequence[str]) -> None:
    plot.set_xlabel(_shortened(axes.x))
    plot.set_ylabel(_shortened(axes.y))
    for places in axes.marks.values():
        for place in places:
            plot.axvline(place, color=_INK, linewidth=0.8, linestyle=":")
    if axes.has_diagonal:
        plot.axline((0, 0), slope=1, color=_INK, linewidth=0.8, linestyle=":")
    if axes.is_log:
        plot.set_yscale("log")
    if len(names) > _MOST_WITHIN:
        plot.figure.subplots_adjust(right=0.66)
        plot.legend(loc="upper left", bbox_to_anchor=(1, 1.04), fontsize=9)
    elif names != [axes.y]:
        plot.legend()


def _series_colours() -> Iterable[str]:
    return [one for one in _COLOURS if one not in (_INK, _LINE)]


def _finite(one: Series) -> Series:
    ys = [y if math.isfinite(y) else math.nan for y in one.ys]
    return Series(xs=one.xs, ys=ys, is_line=one.is_line, low=one.low, high=one.high)


def _sampled(one: Series) -> Series:
    """Return a series with as many points as are drawn, evenly spread over all of them."""
    step = -(-len(one.xs) // MAX_POINTS) or 1
    xs, ys, low, high = (list(values[::step]) for values in (one.xs, one.ys, one.low, one.high))
    return Series(xs=xs, ys=ys, is_line=one.is_line, low=low, high=high)


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


def _shortened(text: str) -> str:
    text = _printable(text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _printable(text: str) -> str:
    """Return a text without what no XML holds, such as half a character or a bell."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in str(text))
