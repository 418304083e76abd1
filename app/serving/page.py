"""The page at the top: what the models take and give, for people."""

from fastapi import FastAPI
from fastapi.responses import RedirectResponse


def add_page(app: FastAPI) -> None:
    """Add the page."""
    app.add_api_route("/", lambda: RedirectResponse("models"), include_in_schema=False)
