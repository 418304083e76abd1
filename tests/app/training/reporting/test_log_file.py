import logging
import warnings
from pathlib import Path

import pytest

from nested_lightning.app.training.reporting.log_file import PROJECT_LOGGER, log_to_file


def test_project_and_lightning_are_logged(tmp_path: Path) -> None:
    with log_to_file(tmp_path / "train.log"):
        logging.getLogger(f"{PROJECT_LOGGER}.data").info("read 2000 rows")
        logging.getLogger("pytorch_lightning.utilities.rank_zero").info("GPU available: False")
    text = (tmp_path / "train.log").read_text()
    assert "INFO nested_lightning.data: read 2000 rows" in text
    assert "GPU available: False" in text


def test_nothing_is_logged_before_and_after(tmp_path: Path) -> None:
    logger = logging.getLogger(PROJECT_LOGGER)
    before = (list(logger.handlers), logger.level, warnings.showwarning)
    with log_to_file(tmp_path / "train.log"):
        pass
    logger.warning("too late")
    assert (tmp_path / "train.log").read_text() == ""
    assert (list(logger.handlers), logger.level, warnings.showwarning) == before


def test_logging_ends_also_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), log_to_file(tmp_path / "train.log"):
        raise KeyError
    assert not logging.getLogger(PROJECT_LOGGER).handlers


def test_second_log_continues_the_file(tmp_path: Path) -> None:
    for word in ("first", "second"):
        with log_to_file(tmp_path / "train.log"):
            logging.getLogger(PROJECT_LOGGER).info(word)
    assert len((tmp_path / "train.log").read_text().splitlines()) == 2


def test_warnings_are_logged_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(warnings, "showwarning", lambda message, *_: shown.append(str(message)))
    with log_to_file(tmp_path / "train.log"):
        warnings.simplefilter("always")
        warnings.warn("column kar0 is constant", stacklevel=1)
    assert shown == ["column kar0 is constant"]
    assert "UserWarning: column kar0 is constant" in (tmp_path / "train.log").read_text()


def test_lightnings_chatter_stays_off_the_terminal(tmp_path: Path) -> None:
    terminal: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: terminal.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("pytorch_lightning")
    level_before = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        with log_to_file(tmp_path / "train.log"):
            logger.info("GPU available: False")
            logger.warning("loss is nan")
        logger.info("shown again")
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level_before)
    assert terminal == ["loss is nan", "shown again"]
