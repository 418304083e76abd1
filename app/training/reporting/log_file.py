"""Messages of the project, of Lightning and Python's warnings, kept in a file."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from nested_lightning.app.temporary_attributes import temporary_attributes

PROJECT_LOGGER = "nested_lightning"
_LIGHTNING_LOGGERS = ("pytorch_lightning", "lightning_fabric")
_LIGHTNING_REMARKS = (
    r".*isinstance\(treespec, LeafSpec\)",  # Lightning 2.6.6 on torch 2.13
    r"The number of training batches",  # the values of an epoch are logged anyway
    r"Checkpoint directory .* exists and is not empty",  # when a training is resumed
)
_LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@contextmanager
def log_to_file(path: Path | None) -> Iterator[None]:
    """Append what is logged inside the block to a file, and only show what matters on the terminal.

    Takes the loggers of the project and of Lightning from INFO on, and every warning, which is shown all
    the same, except for Lightning's own use of what torch has deprecated.

    Args:
        path: The file; its folder exists. None: there is none, and only the terminal is kept quiet.
    """
    handler = logging.NullHandler() if path is None else logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter(_LINE))
    with ExitStack() as stack:
        stack.callback(handler.close)
        stack.enter_context(quiet_lightning())
        for name in (PROJECT_LOGGER, *_LIGHTNING_LOGGERS, "py.warnings"):
            stack.enter_context(_attached(logging.getLogger(name), handler))
        stack.enter_context(_warnings_logged(logging.getLogger("py.warnings"), handler))
        yield


@contextmanager
def _attached(logger: logging.Logger, handler: logging.Handler) -> Iterator[None]:
    level_before = logger.level
    logger.addHandler(handler)
    if logger.getEffectiveLevel() > logging.INFO:
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level_before)


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Keep Lightning's remarks below warnings off the terminal."""
    handlers = [one for name in _LIGHTNING_LOGGERS for one in logging.getLogger(name).handlers]
    with ExitStack() as stack:
        for handler in handlers:
            level = max(logging.WARNING, handler.level)
            stack.enter_context(temporary_attributes(handler, level=level))
        yield


@contextmanager
def _warnings_logged(logger: logging.Logger, handler: logging.Handler) -> Iterator[None]:
    """Log each warning besides showing it; `logging.captureWarnings` would show it no more."""
    with warnings.catch_warnings():
        show_before = warnings.showwarning

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            show_before(message, category, filename, lineno, file, line)
            text = f"{filename}:{lineno}: {category.__name__}: {message}"
            handler.handle(logger.makeRecord(logger.name, logging.WARNING, filename, lineno, text, (), None))

        warnings.showwarning = show
        for remark in _LIGHTNING_REMARKS:
            warnings.filterwarnings("ignore", message=remark)
        yield
