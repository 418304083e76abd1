"""The service: ``uvicorn api.main:app``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from api.container import ServiceContainer
from nested_lightning.app.errors import UserError


class Shapes(BaseModel):
    """Rows of measures by name."""

    rows: list[dict[str, float]]


class Letters(BaseModel):
    """Texts."""

    texts: list[str]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load both models before the first request, and close them behind the last."""
    container = ServiceContainer()
    app.state.max_items = container.settings().max_items
    app.state.shapes, app.state.letters = container.shape_predictor(), container.letter_predictor()
    yield
    container.shapes().shutdown_resources()
    container.letters().shutdown_resources()


app = FastAPI(lifespan=lifespan)


@app.exception_handler(UserError)
def refuse(request: Request, error: UserError) -> JSONResponse:
    """Answer what the client got wrong."""
    return JSONResponse({"detail": str(error)}, status_code=422)


@app.post("/shapes")
def name_shapes(shapes: Shapes, request: Request) -> list[dict[str, Any]]:
    """Name the shape of each row; FastAPI calls this in one of many threads."""
    _check_size(len(shapes.rows), request)
    found = request.app.state.shapes.predict_rows(shapes.rows)
    probabilities = found.probabilities.tolist()
    return [
        {"shape": name, "probabilities": dict(zip(found.class_names, row, strict=True))}
        for name, row in zip(found.classes, probabilities, strict=True)
    ]


@app.post("/letters")
def mark_letters(letters: Letters, request: Request) -> list[list[tuple[int, int, str]]]:
    """Say from where to where each text has characters of one kind."""
    _check_size(len(letters.texts), request)
    return [list(found.spans()) for found in request.app.state.letters.predict("letters", letters.texts)]


def _check_size(num_items: int, request: Request) -> None:
    if num_items > request.app.state.max_items:
        raise HTTPException(413, f"at most {request.app.state.max_items} items")
