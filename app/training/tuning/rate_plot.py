"""The loss at growing learning rates, drawn as SVG."""

import math
from collections.abc import Sequence

from nested_lightning.app.training.tuning.finders import RateSearch

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 640, 400, 70, 50
_STYLE = "font: 12px sans-serif; background: white"


def draw_rates(search: RateSearch) -> str:
    """Return an SVG file: the loss over the rate, which grows by the same factor from step to step."""
    points = [
        (lr, loss) for lr, loss in zip(search.rates, search.losses, strict=False) if math.isfinite(loss)
    ]
    xs = _Axis([math.log10(lr) for lr, _ in points], start=_LEFT, end=_WIDTH - 20)
    ys = _Axis([loss for _, loss in points], start=_HEIGHT - _BOTTOM, end=20)
    line = " ".join(f"{xs.at(math.log10(lr)):.1f},{ys.at(loss):.1f}" for lr, loss in points)
    marked = min(points, key=lambda point: abs(point[0] - search.suggestion))
    decades = range(math.ceil(xs.low), math.floor(xs.high) + 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" style="{_STYLE}">',
        *(_text(xs.at(one), _HEIGHT - _BOTTOM + 18, f"1e{one}") for one in decades),
        *(
            _text(_LEFT - 30, ys.at(one) + 4, f"{one:.3g}")
            for one in (ys.low, (ys.low + ys.high) / 2, ys.high)
        ),
        _text(_WIDTH / 2, _HEIGHT - 10, "learning rate"),
        _text(_LEFT, 14, "loss"),
        f'<polyline points="{line}" fill="none" stroke="#1f77b4" stroke-width="2"/>',
        f'<circle cx="{xs.at(math.log10(marked[0])):.1f}" cy="{ys.at(marked[1]):.1f}" r="5" fill="#d62728">'
        f"<title>suggestion: {search.suggestion:.3g}</title></circle>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


class _Axis:
    """Where values lie between two places of the picture."""

    def __init__(self, values: Sequence[float], *, start: float, end: float) -> None:
        self.low, self.high = min(values), max(values)
        self._start, self._length = start, end - start

    def at(self, value: float) -> float:
        return self._start + self._length * (value - self.low) / ((self.high - self.low) or 1.0)


def _text(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{text}</text>'
