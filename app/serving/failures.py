"""What is said of an error, whoever raised it."""

import logging

from starlette.exceptions import HTTPException

from nested_lightning.app.errors import UserError
from nested_lightning.app.serving.problems import Problem
from nested_lightning.app.serving.worker import WorkerStoppedError

_logger = logging.getLogger(__name__)


def problem_of(error: BaseException) -> Problem:
    """Return what is said of an error; the place of one that nobody foresaw is logged."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, UserError):
        return Problem(422, str(error))
    if isinstance(error, WorkerStoppedError):
        return Problem(503, "the model takes no requests any more", headers={"Retry-After": "1"})
    if isinstance(error, HTTPException):
        return Problem(error.status_code, str(error.detail), headers=error.headers)
    _logger.error("%s at %s", type(error).__name__, _place(error))
    return Problem(500, "the model failed; the server's log says where")


def _place(error: BaseException) -> str:
    frame, place = error.__traceback__, "?"
    while frame is not None:
        place, frame = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}", frame.tb_next
    return place
