"""Descriptions of a model: for forms and people, and for OpenAPI."""

from dataclasses import asdict
from typing import Any

from nested_lightning.app.serving import problems
from nested_lightning.app.serving.forms import LINES
from nested_lightning.app.serving.service import Service

_PROBLEM = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "row": {"type": ["integer", "null"], "description": "From 0."},
                    "field": {"type": ["string", "null"]},
                    "message": {"type": "string"},
                },
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
}
_REFUSALS = {
    "400": "The body is no JSON, or no form.",
    "413": "More bytes, rows, pictures or pixels than the limits allow.",
    "415": "Another content type is needed.",
    "422": "A row, a field or an option is wrong.",
    "503": "Too many rows are waiting, or the model isn't ready.",
    "504": "The request waited for too long.",
}


def tell(service: Service, where: str) -> dict[str, Any]:
    """Return what a form needs to know of a model; ``where`` is the relative address of its answers."""
    loaded = service.current
    model, said = loaded.model, loaded.description
    return {
        "name": service.name,
        "family": model.family,
        "summary": model.summary,
        "digest": model.digest,
        "predict": where,
        "content_types": [*said.bodies],
        "limits": asdict(service.limits),
        "options": said.options,
        "inputs": said.inputs,
        "answers": said.answers,
        "example": said.example,
    }


def operation(service: Service) -> dict[str, Any]:
    """Return what OpenAPI is to say of a model's answers."""
    said = service.current.description
    answers = {
        "type": "object",
        "properties": {
            "model": {"const": service.name},
            "digest": {"type": "string"},
            "answers": {"type": "array", "items": said.answer},
        },
        "required": ["model", "digest", "answers"],
    }
    given: dict[str, Any] = {"application/json": {"schema": answers}, LINES: {"schema": said.answer}}
    given |= {name: {"schema": {"type": "string", "format": "binary"}} for name in said.formats}
    refused = {
        status: {"description": text, "content": {problems.MEDIA_TYPE: {"schema": _PROBLEM}}}
        for status, text in _REFUSALS.items()
    }
    return {
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": schema}
            for name, schema in said.options.items()
        ],
        "requestBody": {
            "required": True,
            "content": {name: {"schema": schema} for name, schema in said.bodies.items()},
        },
        "responses": {"200": {"description": "An answer for each row, in order.", "content": given}}
        | refused,
    }
