"""Two ways to show how far a training has come: a live bar on a terminal, lines of text anywhere else."""

from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.constrain import Constrain
from rich.live import Live
from rich.progress_bar import ProgressBar as Bar
from rich.table import Table
from rich.text import Text
from typing_extensions import override

from nested_lightning.app.training.reporting.progress_state import ProgressState

_MAX_WIDTH = 100
_MAX_SILENCE_S = 600.0
_FORETELLS_AFTER_S = 10.0


class ProgressDisplay(Protocol):
    """Shows the state of a training."""

    def update(self, state: ProgressState, *, is_epoch_end: bool = False) -> None:
        """Show the state; called some times a second and at the end of each epoch."""

    def update_evaluation(self, activity: str, done: int, total: int | None) -> None:
        """Show how far an evaluation outside of training has come, in batches."""

    def finish(self, state: ProgressState) -> None:
        """Show the state that training ended in."""

    def close(self) -> None:
        """Leave the terminal as it was; more calls do nothing."""


class LiveDisplay(ProgressDisplay):
    """One bar over the whole training with the metrics below it, redrawn in place."""

    def __init__(self, *, console: Console) -> None:
        self._console = console
        self._live: Live | None = None

    @override
    def update(self, state: ProgressState, *, is_epoch_end: bool = False) -> None:
        """Redraw; ends of epochs may come too often for that, and show with the next call."""
        if not is_epoch_end:
            self._draw(_render(state))

    @override
    def update_evaluation(self, activity: str, done: int, total: int | None) -> None:
        """Redraw a bar that goes away in the end."""
        self._draw(_render_evaluation(activity, done, total), is_transient=True)

    @override
    def finish(self, state: ProgressState) -> None:
        """Draw for the last time, and leave the drawing."""
        self.update(state)
        self.close()

    @override
    def close(self) -> None:
        """Give the terminal its cursor back."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _draw(self, drawing: RenderableType, *, is_transient: bool = False) -> None:
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, transient=is_transient)
            self._live.start()
        self._live.update(drawing, refresh=True)


class LinesDisplay(ProgressDisplay):
    """A line at about every tenth of the training, and at least every ten minutes.

    The first one, which says how long the training will take, comes after ten seconds at the latest.
    """

    def __init__(self, *, console: Console) -> None:
        self._console = console
        self._tenths: int | None = None
        self._printed_at_s = 0.0

    @override
    def update(self, state: ProgressState, *, is_epoch_end: bool = False) -> None:
        """Print a line if one is due; one that falls on the end of an epoch waits for its validation."""
        if self._tenths is None:
            self._tenths = _tenths(state.first_batch, state)
        reached, line_at = 10 * state.batch, (self._tenths + 1) * (state.num_batches or 0)
        is_due = 0.0 < state.fraction < 1.0 and (reached > line_at or (is_epoch_end and reached == line_at))
        is_silent = state.elapsed_s - self._printed_at_s >= _MAX_SILENCE_S
        if is_due or is_silent or self._has_to_foretell(state):
            self._print(state)

    @override
    def update_evaluation(self, activity: str, done: int, total: int | None) -> None:
        """Print nothing: the results follow."""

    @override
    def finish(self, state: ProgressState) -> None:
        """Print the last line."""
        self._print(state)

    @override
    def close(self) -> None:
        """Do nothing: lines need no ending."""

    def _has_to_foretell(self, state: ProgressState) -> bool:
        is_first = self._printed_at_s == 0.0 and state.elapsed_s >= _FORETELLS_AFTER_S
        return is_first and state.seconds_left is not None

    def _print(self, state: ProgressState) -> None:
        self._tenths = _tenths(state.batch, state)
        self._printed_at_s = state.elapsed_s
        self._console.print(_line(state), soft_wrap=True, markup=False, highlight=False)


def build_display(console: Console) -> ProgressDisplay:
    """Return a live bar for a terminal, lines for a file or a pipe."""
    return LiveDisplay(console=console) if console.is_interactive else LinesDisplay(console=console)


def _tenths(batch: int, state: ProgressState) -> int:
    return 10 * batch // state.num_batches if state.num_batches else 0


def _line(state: ProgressState) -> str:
    parts = [state.epoch_text(), f"{state.fraction:4.0%}"] if state.num_batches else [state.epoch_text()]
    parts += [f"step {state.step:,}", state.speed_text()]
    parts += [f"{name} {value}" for name, value in state.metric_texts()]
    return "  ".join([*parts, state.time_text(), state.activity]).rstrip()


def _render(state: ProgressState) -> RenderableType:
    line = Table.grid(padding=(0, 2, 0, 0), expand=True)
    line.add_column(no_wrap=True)
    line.add_column(ratio=1)
    for _ in range(3):
        line.add_column(no_wrap=True, justify="right")
    bar = Bar(total=state.num_batches, completed=state.batch, pulse=not state.num_batches)
    percentage = f"{state.fraction:.0%}" if state.num_batches else f"step {state.step:,}"
    line.add_row(
        Text(state.epoch_text(), "bold"), bar, percentage, state.speed_text(), Text(state.time_text(), "cyan")
    )
    return Constrain(Group(line, _render_metrics(state)), _MAX_WIDTH)


def _render_evaluation(activity: str, done: int, total: int | None) -> RenderableType:
    line = Table.grid(padding=(0, 2, 0, 0), expand=True)
    line.add_column(no_wrap=True)
    line.add_column(ratio=1)
    line.add_column(no_wrap=True)
    of_total = f"{done}/{total}" if total else f"{done}"
    line.add_row(Text(activity, "bold"), Bar(total=total, completed=done, pulse=not total), of_total)
    return Constrain(line, _MAX_WIDTH)


def _render_metrics(state: ProgressState) -> Text:
    parts = [
        Text.assemble((f"{name} ", "dim"), (value, "green" if name == "best" else ""))
        for name, value in state.metric_texts()
    ]
    if state.activity:
        parts.append(Text(state.activity, "yellow"))
    line = Text("   ").join(parts)
    line.no_wrap, line.overflow = True, "ellipsis"
    return line
