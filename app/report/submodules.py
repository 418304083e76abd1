"""What each submodule of a model is and costs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from time import perf_counter
from typing import Any

from torch import nn

from nested_lightning.app.report.charts import draw_bars
from nested_lightning.app.report.contents import Block, Table, Text

_MOST_BARS = 20


@contextmanager
def submodule_times(model: nn.Module, paths: Iterable[str]) -> Iterator[dict[str, float]]:
    """Measure how long each submodule of a model is in ``forward`` within the block, in seconds by path.

    Paths that the model hasn't are left out.
    """
    times: dict[str, float] = {}
    modules = dict(model.named_modules())
    with ExitStack() as stack:
        for path in paths:
            if path in modules and path:
                _watch(modules[path], path, times, stack)
        yield times


def _watch(module: nn.Module, path: str, times: dict[str, float], stack: ExitStack) -> None:
    began_at_s: list[float] = []

    def begin(*_: Any) -> None:
        began_at_s.append(perf_counter())

    def end(*_: Any) -> None:
        times[path] = times.get(path, 0.0) + perf_counter() - began_at_s.pop()

    stack.enter_context(module.register_forward_pre_hook(begin))
    stack.enter_context(module.register_forward_hook(end))


def submodule_blocks(
    rows: Iterable[Any], times: Mapping[str, float], *, num_samples: int, model_class: str
) -> Sequence[Block]:
    """Return a table of submodules, see `app.checking.submodule_table.SubmoduleRow`.

    ``times`` are those of `submodule_times` for that many samples.
    """
    rows = [*rows]
    if not rows:
        return [Text(text="The model could not be put together; check says why.", is_problem=True)]
    table = Table(
        title=f"Submodules of {model_class}",
        columns=["path", "class", "in", "out", "parameters", "frozen", "kB in training", "ms in forward"],
        rows=[
            [
                *(row.path or "(its own)", row.class_name, _shapes(row.inputs), _shapes(row.outputs)),
                *(row.num_parameters, row.num_frozen, _kilobytes(row)),
                round(1000 * times[row.path], 1) if row.path in times else None,
            ]
            for row in rows
        ],
        note="kB in training: parameters, gradients and the optimiser's memory. ms in forward: of all calls"
        f" while {num_samples:,} samples were scored, with the submodules within; empty: its forward wasn't"
        " called. Parameters of a submodule that stands within another one are only counted there.",
    )
    counts = {row.path or "(its own)": row.num_parameters for row in rows if row.num_parameters}
    most = dict(sorted(counts.items(), key=lambda item: -item[1])[:_MOST_BARS])
    if not most:
        return [table]
    return [draw_bars("Parameters", most, of="submodule", what="parameters", has_table=False), table]


def _shapes(shapes: Iterable[Sequence[int]] | None) -> str:
    """Return shapes, none of which is broken over two lines."""
    return (
        "-"
        if shapes is None
        else ", ".join(str([*shape]).replace(" ", "\N{NO-BREAK SPACE}") for shape in shapes)
    )


def _kilobytes(row: Any) -> float:
    total = row.parameter_bytes + row.gradient_bytes + (row.optimizer_bytes or 0)
    return float(round(total / 1000, 1))
