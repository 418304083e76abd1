"""The page at the top: forms for people, made by a script from what ``GET /models`` says of each model."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.responses import FileResponse, Response
from starlette.types import Scope
from typing_extensions import override

_FILES = Path(__file__).with_name("static")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        " img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",  # asked for again by its ETag: a new version is seen at once
}


def add_page(app: FastAPI) -> None:
    """Add the page and its files, which hold nothing secret and need no token."""

    @app.get("/", include_in_schema=False)
    async def show_page() -> Response:
        return FileResponse(_FILES / "index.html", headers=_HEADERS)

    app.mount("/static", _PageFiles(directory=_FILES))


class _PageFiles(StaticFiles):
    """Files with the page's headers."""

    @override
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_HEADERS)
        return response
