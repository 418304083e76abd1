"""What is wrong with a request, as problem details (RFC 9457) that never repeat what was sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError

MEDIA_TYPE = "application/problem+json"
RETRY = {"Retry-After": "1"}
"""The header of an answer that may be another one soon."""

_MAX_ERRORS = 20
_MAX_TEXT = 600
_MAX_NAME = 100


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A mistake in a row of a request, from 0, and in a column, option or part, as far as it is in one."""

    row: int | None = None
    field: str | None = None
    message: str


class Problem(Exception):  # noqa: N818 # the word of RFC 9457
    """A request that gets no answer, but an HTTP status, what is wrong with it, and where."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        mistakes: Sequence[Mistake] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, _printable(detail, _MAX_TEXT)
        self.mistakes, self.headers = mistakes, dict(headers or {})

    def to_dict(self) -> dict[str, Any]:
        """Return the members of the problem, plain and of bounded size."""
        title = HTTPStatus(self.status).phrase
        told: dict[str, Any] = {"type": "about:blank", "title": title, "status": self.status}
        told["detail"] = self.detail
        if self.mistakes:
            told["errors"] = [_told(one) for one in self.mistakes[:_MAX_ERRORS]]
        return told


def unprocessable(message: str, *, row: int | None = None, field: str | None = None) -> Problem:
    """Return the problem of one place in a request that could be read."""
    where = [f"row {row}"] if row is not None else []
    where += [f"'{_printable(field, _MAX_NAME)}'"] if field is not None else []
    place = f"{', '.join(where)}: " if where else ""
    return Problem(422, f"{place}{message}", mistakes=[Mistake(row=row, field=field, message=message)])


def of_validation(error: ValidationError, *, rows: str | None = None) -> Problem:
    """Return the problem that pydantic found; ``rows`` names the list whose numbers are those of rows."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    if found[0]["type"] == "json_invalid":
        return Problem(400, found[0]["msg"])
    mistakes = [_mistake(each["loc"], each["msg"].removeprefix("Value error, "), rows) for each in found]
    first = mistakes[0]
    problem = unprocessable(first.message, row=first.row, field=first.field)
    more = f" (and {len(found) - 1:,} more)" if len(found) > 1 else ""
    status = 413 if found[0]["type"] == "too_long" else 422
    return Problem(status, problem.detail + more, mistakes=mistakes)


def _mistake(place: tuple[int | str, ...], message: str, rows: str | None) -> Mistake:
    row = None
    if len(place) > 1 and place[0] == rows and isinstance(place[1], int):
        row, place = place[1], place[2:]
    return Mistake(row=row, field=str(place[0]) if place else None, message=message)


def _told(mistake: Mistake) -> dict[str, Any]:
    name = None if mistake.field is None else _printable(mistake.field, _MAX_NAME)
    return {"row": mistake.row, "field": name, "message": _printable(mistake.message, _MAX_TEXT)}


def _printable(text: str, limit: int) -> str:
    """Return a text that can be encoded, of bounded length."""
    text = text.encode(errors="replace").decode()
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
