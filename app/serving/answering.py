"""From a request to its response: read, queued, awaited, written; dropped if its client disconnects."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from pydantic_core import to_json
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from nested_lightning.app.serving.desk import Answer
from nested_lightning.app.serving.failures import problem_of
from nested_lightning.app.serving.forms import JSON, LINES
from nested_lightning.app.serving.reading import read_request
from nested_lightning.app.serving.service import Service, cancel_all

_MANY = 1_000
_Pieces = Sequence[Future[Sequence[Answer]]]


async def answer(service: Service, request: Request) -> Response:
    """Answer a request in the form that its header ``Accept`` asks for.

    Raises:
        Problem: It can't be answered.
        ClientDisconnect: The client went away.
    """
    taken = service.current.description.bodies
    asked = await read_request(request, service.limits, [*taken])
    loaded, pieces = await service.submit(asked)
    wanted = request.headers.get("accept", "")
    if LINES in wanted:
        with _dropping(request, pieces), service.in_time(pieces):
            await asyncio.wrap_future(pieces[0])  # so that an error still gets its own status
        return StreamingResponse(_lines(pieces), media_type=LINES)
    with _dropping(request, pieces), service.in_time(pieces):
        answers = await _all(pieces)
    for media_type, make in loaded.description.formats.items():
        if media_type in wanted:
            return Response(await asyncio.to_thread(make, answers), media_type=media_type)
    told = {"model": service.name, "digest": loaded.model.digest, "answers": answers}
    return Response(await _encoded(told, len(answers)), media_type=JSON)


async def _all(pieces: _Pieces) -> list[Answer]:
    """Return the answers of all pieces, in order."""
    try:
        return [one for piece in pieces for one in await asyncio.wrap_future(piece)]
    except BaseException:
        cancel_all(pieces)
        raise


async def _encoded(told: Any, num_answers: int) -> bytes:
    if num_answers < _MANY:
        return to_json(told)
    return await asyncio.to_thread(to_json, told)


async def _lines(pieces: _Pieces) -> AsyncIterator[bytes]:
    try:
        for piece in pieces:
            answers = await asyncio.wrap_future(piece)
            yield b"".join(to_json(one) + b"\n" for one in answers)
    except Exception as error:
        yield to_json({"problem": problem_of(error).to_dict()}) + b"\n"
    finally:
        cancel_all(pieces)


@contextmanager
def _dropping(request: Request, pieces: _Pieces) -> Iterator[None]:
    """Drop pieces that haven't been begun as soon as the client disconnects."""
    gone = asyncio.ensure_future(_until_gone(request))
    gone.add_done_callback(lambda task: None if task.cancelled() else cancel_all(pieces))
    try:
        yield
    except asyncio.CancelledError:
        if gone.done():
            raise ClientDisconnect from None
        raise
    finally:
        gone.cancel()


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
