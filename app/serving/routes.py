"""The routes of one model: what it is, and its answers."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import anyio
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from nested_lightning.app.serving.answering import answer
from nested_lightning.app.serving.failures import problem_response
from nested_lightning.app.serving.service import Service
from nested_lightning.app.serving.telling import operation, tell

_CLIENT_CLOSED = 499


class ProblemRoute(APIRoute):
    """Answers what goes wrong with problem details, in whichever application it is mounted."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with that around it."""
        handle = super().get_route_handler()

        async def handle_problems(request: Request) -> Response:
            return await _response_or_problem(handle(request))

        return handle_problems


def model_router(service: Service, *, prefix: str = "") -> APIRouter:
    """Return the routes of a model: ``GET`` of their top says what it is, ``POST`` of ``/predict`` answers.

    What was taken is answered before an application with these routes ends.
    """

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        yield
        await anyio.to_thread.run_sync(service.stop)

    router = APIRouter(prefix=prefix, route_class=ProblemRoute, lifespan=lifespan, tags=[service.name])
    name = service.name

    @router.get("" if prefix else "/", operation_id=f"describe_{name}", summary=f"What {name} is")
    async def describe() -> dict[str, Any]:
        return tell(service, f"{prefix.removeprefix('/')}/predict".removeprefix("/"))

    @router.post(
        "/predict",
        operation_id=f"predict_{name}",
        summary=f"Answers of {name}",
        openapi_extra=operation(service),
    )
    async def predict(request: Request) -> Response:
        began = time.perf_counter()
        response = await _response_or_problem(answer(service, request))
        service.watch.saw_request(name, response.status_code, time.perf_counter() - began)
        return response

    return router


async def _response_or_problem(answered: Awaitable[Response]) -> Response:
    try:
        return await answered
    except ClientDisconnect:
        return Response(status_code=_CLIENT_CLOSED)
    except Exception as error:
        return problem_response(error)
