import io
import math
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from nested_lightning.app.training.reporting import progress as progress_module
from nested_lightning.app.training.reporting.progress import TrainingProgress, tracked
from nested_lightning.app.training.reporting.progress_display import LinesDisplay
from nested_lightning.app.training.reporting.progress_state import ProgressState, duration_text
from tests.app.training.tiny_training import TinyData, tiny_model, tiny_trainer


def shown(tmp_path: Path, *, is_terminal: bool = False, **arguments: Any) -> str:
    output = io.StringIO()
    console = Console(file=output, force_terminal=is_terminal, width=100, _environ={"TERM": "xterm"})
    trainer = tiny_trainer(tmp_path, [TrainingProgress(console=console)], **arguments)
    trainer.fit(tiny_model(), datamodule=TinyData())
    return output.getvalue()


def test_training_without_a_terminal_prints_a_line_for_each_tenth(tmp_path: Path) -> None:
    lines = shown(tmp_path, max_epochs=20).splitlines()
    assert [line[:11] for line in lines] == [f"epoch {epoch:2}/20" for epoch in range(2, 21, 2)]
    assert "\x1b" not in "".join(lines)


def test_line_tells_steps_losses_and_the_best_epoch(tmp_path: Path) -> None:
    last = shown(tmp_path, max_epochs=4).splitlines()[-1]
    for word in (
        "epoch 4/4",
        "100%",
        "step 24",
        "steps/s",
        "train_loss 0.",
        "val_loss 0.",
        "best 0.",
        "(epoch 4)",
    ):
        assert word in last


def test_training_limited_by_steps_ends_at_its_last_step(tmp_path: Path) -> None:
    lines = shown(tmp_path, max_epochs=-1, max_steps=8).splitlines()
    assert lines[-1].startswith("epoch 2/2  100%  step 8 ")


def test_training_that_stops_early_says_so(tmp_path: Path) -> None:
    output = io.StringIO()
    progress = TrainingProgress(console=Console(file=output, width=100))
    trainer = tiny_trainer(tmp_path, [progress], max_epochs=40)
    model = tiny_model()
    model.on_train_epoch_end = lambda: setattr(trainer, "should_stop", True)  # type: ignore[method-assign]
    trainer.fit(model, datamodule=TinyData())
    last = output.getvalue().splitlines()[-1]
    assert last.startswith("epoch  1/40")
    assert last.endswith("stopped early")
    assert "left" not in last


def test_terminal_gets_one_bar_and_its_cursor_back(tmp_path: Path) -> None:
    text = shown(tmp_path, is_terminal=True, max_epochs=3)
    assert "epoch 3/3" in text
    assert "100%" in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


def test_terminal_gets_its_cursor_back_after_an_error(tmp_path: Path) -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=100, _environ={"TERM": "xterm"})
    progress = TrainingProgress(console=console)
    model = tiny_model()

    def fail() -> None:
        progress._refresh(model.trainer)
        raise KeyError("broken model")

    model.on_train_epoch_end = fail  # type: ignore[method-assign]
    with pytest.raises(KeyError, match="broken model"):
        tiny_trainer(tmp_path, [progress]).fit(model, datamodule=TinyData())
    assert output.getvalue().rindex("\x1b[?25h") > output.getvalue().rindex("\x1b[?25l")


def test_disabled_progress_shows_nothing(tmp_path: Path) -> None:
    output = io.StringIO()
    progress = TrainingProgress(console=Console(file=output))
    progress.disable()
    tiny_trainer(tmp_path, [progress]).fit(tiny_model(), datamodule=TinyData())
    assert output.getvalue() == ""


def test_disabled_progress_on_a_terminal_leaves_what_is_printed_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress_module, "_PATIENCE_S", 0.0)
    console = Console(file=io.StringIO(), force_terminal=True, _environ={"TERM": "xterm"})
    progress = TrainingProgress(console=console)
    progress.disable()
    for _ in progress.track("gathering", range(3)):
        sys.stdout.write("said by the model\n")
    assert capsys.readouterr().out == "said by the model\n" * 3


def test_quick_validation_and_test_show_nothing_of_their_own(tmp_path: Path) -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, _environ={"TERM": "xterm"})
    trainer = tiny_trainer(tmp_path, [TrainingProgress(console=console)])
    trainer.validate(tiny_model(), datamodule=TinyData(), verbose=False)
    trainer.test(tiny_model(), datamodule=TinyData(), verbose=False)
    assert output.getvalue() == ""


def test_long_test_shows_a_bar_and_clears_it_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nested_lightning.app.training.reporting.progress._PATIENCE_S", 0.0)
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=60, _environ={"TERM": "xterm"})
    trainer = tiny_trainer(tmp_path, [TrainingProgress(console=console)])
    trainer.test(tiny_model(), datamodule=TinyData(), verbose=False)
    assert "testing" in output.getvalue()
    assert output.getvalue().endswith("\x1b[?25h\r\x1b[1A\x1b[2K")


def test_long_validation_in_training_shows_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nested_lightning.app.training.reporting.progress._PATIENCE_S", 0.0)
    monkeypatch.setattr("nested_lightning.app.training.reporting.progress._REFRESH_S", 0.0)
    assert "validating 2/2" in shown(tmp_path, is_terminal=True, max_epochs=1)


def test_step_between_two_refreshes_costs_next_to_nothing(tmp_path: Path) -> None:
    progress = TrainingProgress()
    progress._refresh_at_s = math.inf
    trainer, model = tiny_trainer(tmp_path), tiny_model()
    began_at_s = time.perf_counter()
    for batch_idx in range(10_000):
        progress.on_train_batch_end(trainer, model, None, None, batch_idx)
    assert (time.perf_counter() - began_at_s) / 10_000 < 20e-6


def test_best_value_is_kept_in_the_checkpoint() -> None:
    progress = TrainingProgress()
    progress.load_state_dict({"best": 0.25, "best_epoch": 3})
    assert progress.state_dict() == {"best": 0.25, "best_epoch": 3}


@pytest.mark.parametrize(("mode", "best", "epoch"), [("min", 1.0, 2), ("max", 4.0, 3)])
def test_state_remembers_the_best_value_and_ignores_what_is_no_number(
    mode: Any, best: float, epoch: int
) -> None:
    state = ProgressState(mode=mode)
    for state.epoch, value in enumerate((2.0, 1.0, 4.0, math.nan), start=1):
        state.observe_monitored(value)
    assert (state.best, state.best_epoch) == (best, epoch)
    assert math.isnan(state.monitored or 0.0)


def test_state_tells_the_time_left_from_what_this_process_did() -> None:
    state = ProgressState(num_batches=100, first_batch=40, batch=60, elapsed_s=5.0)
    assert state.seconds_left == pytest.approx(10.0)
    assert state.time_text() == "0:00:10 left"


def test_state_recovers_from_a_loss_that_was_no_number() -> None:
    state = ProgressState()
    for loss in (1.0, math.nan, 3.0):
        state.observe_loss(loss)
    assert state.train_loss == 3.0


def test_resumed_training_prints_no_line_for_tenths_done_before() -> None:
    output = io.StringIO()
    display = LinesDisplay(console=Console(file=output, width=100))
    for batch in range(50, 61):
        display.update(ProgressState(num_batches=100, first_batch=49, batch=batch), is_epoch_end=True)
    assert [line.split("  ")[1].strip() for line in output.getvalue().splitlines()] == ["50%", "60%"]


def test_silence_of_ten_minutes_is_broken() -> None:
    output = io.StringIO()
    display = LinesDisplay(console=Console(file=output, width=100))
    for elapsed_s in range(0, 1300, 100):
        display.update(ProgressState(elapsed_s=elapsed_s, batch=elapsed_s))
    assert len(output.getvalue().splitlines()) == 2


def test_a_long_training_says_after_ten_seconds_how_long_it_will_take() -> None:
    output = io.StringIO()
    display = LinesDisplay(console=Console(file=output, width=100))
    for elapsed_s in range(1, 19):
        display.update(ProgressState(num_batches=1000, elapsed_s=elapsed_s, batch=5 * elapsed_s))
    assert [line.split("  ")[-1] for line in output.getvalue().splitlines()] == ["0:03:10 left"]


def test_duration_is_rounded_up_to_seconds() -> None:
    assert (duration_text(0.2), duration_text(3725)) == ("0:00:01", "1:02:05")


@pytest.mark.slow
def test_what_a_model_sets_up_is_shown_and_counts_in_no_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress_module, "_PATIENCE_S", 0.0)
    output, model = io.StringIO(), tiny_model()
    progress = TrainingProgress(console=Console(file=output, width=100))
    trainer = tiny_trainer(tmp_path, [progress], max_epochs=2)

    def set_up() -> None:
        for _ in tracked(trainer, "fitting the scaler", range(3)):
            time.sleep(0.4)

    model.on_train_start = set_up  # type: ignore[method-assign]
    trainer.fit(model, datamodule=TinyData())

    first, *_, last = output.getvalue().splitlines()
    assert first == "fitting the scaler 1/3"
    assert output.getvalue().count("fitting") == 1
    assert progress._state.elapsed_s < 1.0
    assert last.startswith("epoch 2/2  100%")


def test_what_a_model_sets_up_has_a_bar_of_its_own_on_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress_module, "_PATIENCE_S", 0.0)
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=100, _environ={"TERM": "xterm"})

    assert list(TrainingProgress(console=console).track("fitting the scaler", range(2))) == [0, 1]

    text = output.getvalue()
    assert "fitting the scaler 1/2" in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
