"""The service: ``uvicorn app.main:app``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from app.desk import Desk, NamedShape, Span
from containers import ServiceContainer
from nested_lightning import UserError


class Shapes(BaseModel):
    """Rows of measures by name."""

    rows: list[dict[str, float]]


class Letters(BaseModel):
    """Texts."""

    texts: list[str]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load both models before the first request, and close them after the last."""
    container = ServiceContainer()
    app.state.desk = container.desk()
    yield
    container.shapes().shutdown_resources()
    container.letters().shutdown_resources()


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


app = FastAPI(lifespan=lifespan)
OurDesk = Annotated[Desk, Depends(_desk)]


@app.exception_handler(UserError)
def refuse(request: Request, error: UserError) -> JSONResponse:
    """Answer what the client got wrong."""
    return JSONResponse({"detail": str(error)}, status_code=422)


@app.post("/shapes")
def name_shapes(shapes: Shapes, desk: OurDesk) -> list[NamedShape]:
    """Name the shape of each row; FastAPI calls this in one of many threads."""
    _check_size(len(shapes.rows), desk)
    return desk.name_shapes(shapes.rows)


@app.post("/letters")
def mark_letters(letters: Letters, desk: OurDesk) -> list[list[Span]]:
    """Say from where to where each text has characters of one kind."""
    _check_size(len(letters.texts), desk)
    return desk.mark_letters(letters.texts)


def _check_size(num_items: int, desk: Desk) -> None:
    if num_items > desk.max_items:
        raise HTTPException(413, f"at most {desk.max_items} items")
