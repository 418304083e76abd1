"""Drawings of matplotlib as SVG of a page, whose colours are variables, and whose texts are texts.

Nothing of matplotlib is imported before something is drawn, and nothing of its global state is changed.
"""

import io
import re
import warnings
from collections.abc import Callable
from typing import Any, Literal
from xml.etree import ElementTree
from zlib import crc32

INK, _LINE = "#010101", "#010102"
_WIDTH = 5.2
"""Inches: a chart is 4.5 on a page and 3.2 on a phone, where its texts are to be read all the same."""
SERIES_COLOURS = tuple(f"#0103{i:02x}" for i in range(8))
"""Those that a painter uses, each of which becomes a variable of the page."""
_VARIABLES = {INK: "var(--ink)", _LINE: "var(--line)"} | {
    colour: f"var(--series-{i})" for i, colour in enumerate(SERIES_COLOURS)
}
_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_STYLE: Any = {
    **{"figure.subplot.left": 0.19, "figure.subplot.right": 0.97},
    **{"figure.subplot.bottom": 0.2, "figure.subplot.top": 0.92},
    "axes.formatter.limits": (-4, 5),  # longer ones, as powers of ten, would stand upon the name of the axis
    "svg.fonttype": "none",
    "svg.hashsalt": "report",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 11,
    **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
    **dict.fromkeys(("axes.edgecolor", "grid.color", "legend.edgecolor"), _LINE),
    **dict.fromkeys(("axes.facecolor", "figure.facecolor", "legend.facecolor"), "none"),
    **dict.fromkeys(("axes.spines.top", "axes.spines.right"), False),
    "axes.grid": True,
    "axes.axisbelow": True,
    "legend.frameon": False,
}


def draw(
    paint: Callable[[Any], None],
    *,
    title: str,
    description: str,
    height: float = 2.9,
    layout: Literal["constrained"] | None = None,
) -> str:
    """Return an SVG drawing of what ``paint`` draws on axes of matplotlib, with texts for screen readers.

    The height is in inches; ``constrained`` makes room for long names at the left, and takes twice the time.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    text = io.StringIO()
    with rc_context(_STYLE), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of glyphs that its own fonts lack; a browser has others
        figure = Figure(figsize=(_WIDTH, height), layout=layout)
        paint(figure.subplots())
        figure.savefig(text, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return _for_page(text.getvalue(), printable(title), printable(description))


def _for_page(svg: str, title: str, description: str) -> str:
    """Return a drawing with names that no other one has, colours of the page, and a title."""
    root, prefix = ElementTree.fromstring(svg), f"chart{crc32((title + svg).encode())}-"
    for element in root.iter():
        for key, value in element.attrib.items():
            element.set(key, _in_page(key, value, prefix))
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
        return re.sub("#01[0-9a-f]{4}", lambda match: _VARIABLES.get(match[0], match[0]), value)
    return value


def printable(text: str) -> str:
    """Return a text without what no XML holds, such as half a character or a bell."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in str(text))
