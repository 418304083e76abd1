"""The application of `serve`: several models by name, health, metrics, what each takes in OpenAPI."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from nested_lightning.app.serving.failures import problem_response
from nested_lightning.app.serving.guard import Guard, Guarded
from nested_lightning.app.serving.metrics import Metrics
from nested_lightning.app.serving.page import add_page
from nested_lightning.app.serving.problems import RETRY, Problem
from nested_lightning.app.serving.routes import ProblemRoute, model_router
from nested_lightning.app.serving.service import Service
from nested_lightning.app.serving.telling import operation, tell

_OPEN = ("/", "/static/", "/healthz", "/readyz")


def make_application(
    services: Mapping[str, Service], *, metrics: Metrics, guards: Sequence[Guard] = ()
) -> FastAPI:
    """Return an application that answers for models, each under ``/models/NAME``.

    Guards let requests in, or raise a `Problem`; health and page are open to everybody.
    """
    app = FastAPI(title="Nested Lightning", openapi_url=None, docs_url=None, redoc_url=None)
    metrics.watch_queues(services)
    for name, service in services.items():
        app.include_router(model_router(service, prefix=f"/models/{name}"))
    app.include_router(_overview(services, metrics))
    _add_openapi(app, services)
    app.include_router(_health(services))
    app.add_exception_handler(HTTPException, _refuse)
    app.add_exception_handler(Exception, _refuse)
    add_page(app)
    app.add_middleware(Guarded, guards=guards, open_paths=_OPEN)
    return app


def _overview(services: Mapping[str, Service], metrics: Metrics) -> APIRouter:
    router = APIRouter(route_class=ProblemRoute)

    @router.get("/models", tags=["models"], summary="All models")
    async def list_models() -> dict[str, Any]:
        return {"models": [tell(one, f"models/{name}/predict") for name, one in services.items()]}

    @router.get("/metrics", tags=["health"], summary="For Prometheus", response_class=PlainTextResponse)
    async def show_metrics() -> Response:
        return metrics.response()

    return router


def _health(services: Mapping[str, Service]) -> APIRouter:
    router = APIRouter(route_class=ProblemRoute, tags=["health"])

    @router.get("/healthz", summary="Whether the process answers")
    async def is_alive() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/readyz", summary="Whether every model answers")
    async def is_ready() -> dict[str, str]:
        if lacking := [name for name, one in services.items() if not one.is_ready]:
            raise Problem(503, f"no requests are taken for {', '.join(lacking)}", headers=RETRY)
        return {"status": "ready"}

    return router


def _add_openapi(app: FastAPI, services: Mapping[str, Service]) -> None:
    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> dict[str, Any]:
        told = get_openapi(title=app.title, version=app.version, routes=app.routes)
        for name, service in services.items():  # as they are now
            told["paths"][f"/models/{name}/predict"]["post"] |= operation(service)
        return told


async def _refuse(_: Request, error: Exception) -> Response:
    return problem_response(error)
