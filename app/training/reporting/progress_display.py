"""Two ways to show how far a training has come: a live bar on a terminal, lines of text anywhere else."""

from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text
from typing_extensions import override

from nested_lightning.app.training.reporting.progress_state import ProgressState

_MAX_SILENCE_S = 600.0
_FORETELLS_AFTER_S = 10.0
_NOTHING = Text()


class _Bar(Progress):
    """A bar between two texts, and a line below it."""

    below = _NOTHING

    @override
    def get_renderables(self) -> Iterable[RenderableType]:
        yield self.make_tasks_table(self.tasks)
        if self.below:
            yield self.below


class LiveDisplay:
    """One bar over the whole training with the metrics below it, redrawn in place."""

    def __init__(self, *, console: Console) -> None:
        self._console = console
        self._bar: _Bar | None = None

    def update(self, state: ProgressState, *, is_epoch_end: bool = False) -> None:
        """Redraw; ends of epochs may come too often for that, and show with the next call."""
        if is_epoch_end:
            return
        reached = f"{state.fraction:.0%}" if state.num_batches else f"step {state.step:,}"
        words = f"{reached}  {state.speed_text()}  [cyan]{state.time_text()}"
        self._draw(state.epoch_text(), state.batch, state.num_batches, words, _metrics_line(state))

    def update_evaluation(self, text: str, done: int, total: int | None) -> None:
        """Redraw a bar that goes away in the end."""
        self._draw(text, done, total)

    update_set_up = update_evaluation

    def close(self) -> None:
        """Give the terminal its cursor back."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _draw(self, text: str, done: int, total: int | None, words: str = "", below: Text = _NOTHING) -> None:
        if self._bar is None:
            columns = TextColumn("[bold]{task.description}"), BarColumn(), TextColumn("{task.fields[words]}")
            # a bar redirects what the process prints to its console, even to a quiet one
            self._bar = _Bar(
                *columns,
                console=self._console,
                disable=self._console.quiet,
                auto_refresh=False,
                transient=not words,
            )
            self._bar.add_task(text, total=total, words=words)
            self._bar.start()
        self._bar.below = below
        task = self._bar.task_ids[0]
        self._bar.update(task, description=text, completed=done, words=words, refresh=True)


class LinesDisplay:
    """A line at about every tenth of the training, and at least every ten minutes.

    The first one, which says how long the training will take, comes after ten seconds at the latest.
    """

    def __init__(self, *, console: Console) -> None:
        self._console = console
        self._tenths: int | None = None
        self._has_announced = False
        self._printed_at_s = 0.0

    def update(self, state: ProgressState, *, is_epoch_end: bool = False) -> None:
        """Print a line if one is due; one that falls on the end of an epoch waits for its validation."""
        if self._tenths is None:
            self._tenths = _tenths(state.first_batch, state)
        reached, line_at = 10 * state.batch, (self._tenths + 1) * (state.num_batches or 0)
        is_due = 0.0 < state.fraction < 1.0 and (reached > line_at or (is_epoch_end and reached == line_at))
        is_silent = state.elapsed_s - self._printed_at_s >= _MAX_SILENCE_S
        if state.is_finished or is_due or is_silent or self._has_to_foretell(state):
            self._tenths, self._printed_at_s = _tenths(state.batch, state), state.elapsed_s
            self._console.print(_line(state), soft_wrap=True, markup=False, highlight=False)

    def update_evaluation(self, text: str, done: int, total: int | None) -> None:
        """Print nothing: the results follow."""

    def update_set_up(self, text: str, done: int, total: int | None) -> None:
        """Print once that it is taking long."""
        if not self._has_announced:
            self._console.print(text, soft_wrap=True, markup=False, highlight=False)
        self._has_announced = True

    def close(self) -> None:
        """Do nothing: lines need no ending."""

    def _has_to_foretell(self, state: ProgressState) -> bool:
        is_first = self._printed_at_s == 0.0 and state.elapsed_s >= _FORETELLS_AFTER_S
        return is_first and state.seconds_left is not None


def _tenths(batch: int, state: ProgressState) -> int:
    return 10 * batch // state.num_batches if state.num_batches else 0


def _line(state: ProgressState) -> str:
    parts = [state.epoch_text(), f"{state.fraction:4.0%}"] if state.num_batches else [state.epoch_text()]
    parts += [f"step {state.step:,}", state.speed_text()]
    parts += [f"{name} {value}" for name, value in state.metric_texts()]
    return "  ".join([*parts, state.time_text(), state.activity]).rstrip()


def _metrics_line(state: ProgressState) -> Text:
    parts = [
        Text.assemble((f"{name} ", "dim"), (value, "green" if name == "best" else ""))
        for name, value in state.metric_texts()
    ]
    if state.activity:
        parts.append(Text(state.activity, "yellow"))
    line = Text("   ").join(parts)
    line.no_wrap, line.overflow = True, "ellipsis"
    return line
