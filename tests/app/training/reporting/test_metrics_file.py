from pathlib import Path

import pytest

from nested_lightning.app.training.reporting.metrics_file import MetricsFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "metrics.csv"


def write(path: Path, *entries: tuple[int, dict[str, float]], save_each: bool = False) -> None:
    logger = MetricsFile(path=path, pause_s=0.0)
    for step, metrics in entries:
        logger.log_metrics(metrics, step)
        if save_each:
            logger.save()
    logger.finalize("success")


@pytest.mark.parametrize("save_each", [False, True])
def test_a_step_has_one_row_with_all_its_metrics_and_counts_from_1(path: Path, save_each: bool) -> None:
    entries = [
        (1, {"train_loss": 0.5}),
        (3, {"train_loss": 0.25}),
        (3, {"val_loss": 2.0}),
        (5, {"train_loss": 0.1}),
    ]
    write(path, *entries, save_each=save_each)
    assert path.read_text() == "step,train_loss,val_loss\n2,0.5,\n4,0.25,2.0\n6,0.1,\n"


def test_nothing_is_written_where_nothing_was_logged(path: Path) -> None:
    write(path)
    assert not path.exists()


def test_value_logged_again_at_its_step_replaces_the_first(path: Path) -> None:
    write(path, (1, {"val_loss": 123456.0}), (1, {"val_loss": 2.0}), save_each=True)
    assert path.read_text() == "step,val_loss\n2,2.0\n"


def test_metrics_without_a_step_follow_the_last(path: Path) -> None:
    logger = MetricsFile(path=path)
    logger.log_metrics({"loss": 1.0})
    logger.log_metrics({"loss": 2.0})
    logger.save()
    assert path.read_text() == "step,loss\n1,1.0\n2,2.0\n"


def test_resumed_training_continues_the_file_and_drops_the_steps_it_repeats(path: Path) -> None:
    write(path, *[(step, {"train_loss": float(step)}) for step in range(6)])
    write(path, (3, {"train_loss": 30.0}), (4, {"val_loss": 40.0}))
    assert path.read_text() == "step,train_loss,val_loss\n1,0.0,\n2,1.0,\n3,2.0,\n4,30.0,\n5,,40.0\n"


def test_row_of_the_step_where_training_resumes_keeps_its_metrics(path: Path) -> None:
    write(path, (2, {"train_loss": 0.5}))
    write(path, (2, {"val_loss": 0.25}))
    assert path.read_text() == "step,train_loss,val_loss\n3,0.5,0.25\n"


def test_file_that_was_counted_from_0_goes_on_from_1(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("step,epoch,train_loss\n0,0,0.5\n1,1,0.25\n2,2,0.125\n")
    write(path, (2, {"epoch": 2, "train_loss": 1.0}))
    assert path.read_text() == "step,epoch,train_loss\n1,1,0.5\n2,2,0.25\n3,3,1.0\n"


def test_row_that_a_kill_cut_off_is_dropped(path: Path) -> None:
    write(path, (1, {"train_loss": 0.5}))
    with path.open("a") as file:
        file.write("3,0.1")
    write(path, (7, {"train_loss": 0.75}))
    assert path.read_text() == "step,train_loss\n2,0.5\n8,0.75\n"


def test_rows_wait_for_a_moment_and_no_longer_than_the_end(path: Path) -> None:
    logger = MetricsFile(path=path, pause_s=3600.0)
    for step in range(3):
        logger.log_metrics({"loss": float(step)}, step)
        logger.save()
    assert path.read_text() == "step,loss\n1,0.0\n"
    logger.finalize("failed")
    assert path.read_text() == "step,loss\n1,0.0\n2,1.0\n3,2.0\n"
