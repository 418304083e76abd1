"""Responses to errors, whoever raised them."""

import logging
from traceback import extract_tb

from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.responses import Response

from nested_lightning.app.errors import UserError
from nested_lightning.app.serving import problems
from nested_lightning.app.serving.problems import RETRY, Problem
from nested_lightning.app.serving.worker import ModelFailedError, WorkerStoppedError

_logger = logging.getLogger(__name__)


def problem_of(error: BaseException) -> Problem:
    """Return what is said of an error; an unforeseen one is logged with its place."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, UserError):
        return Problem(422, str(error))
    if isinstance(error, WorkerStoppedError):
        return Problem(503, "the model takes no requests any more", headers=RETRY)
    if isinstance(error, HTTPException):
        return Problem(error.status_code, str(error.detail), headers=error.headers)
    if isinstance(error, ModelFailedError) and error.__cause__ is not None:
        return _of_model(error.__cause__)
    _logger.error("%s at %s", type(error).__name__, _place(error))
    return Problem(500, "the server failed; its log says where")


def problem_response(error: BaseException) -> Response:
    """Return the response to what went wrong."""
    problem = problem_of(error)
    content = to_json(problem.to_dict())
    return Response(content, problem.status, headers=problem.headers, media_type=problems.MEDIA_TYPE)


def _of_model(error: BaseException) -> Problem:
    _logger.warning("the model raised %s at %s", type(error).__name__, _place(error))
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return Problem(503, "there isn't enough memory; send fewer rows at once", headers=RETRY)
    return Problem(422, f"the model can't answer this: it raises {type(error).__name__}")


def _place(error: BaseException) -> str:
    frames = extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "?"
