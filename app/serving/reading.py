"""From bytes that arrive to what was asked, bounded while they arrive."""

from collections.abc import Collection, Mapping
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Receive

from nested_lightning.app.serving.desk import Asked, Limits, Upload
from nested_lightning.app.serving.forms import FORM
from nested_lightning.app.serving.problems import Problem

_MAX_FIELDS = 32


async def read_request(request: Request, limits: Limits, taken: Collection[str]) -> Asked:
    """Return what was asked.

    Args:
        request: Whose body wasn't read yet.
        limits: What it may hold.
        taken: The content types that are answered; ``image/*`` stands for all pictures.

    Raises:
        Problem: It holds too much, or is none of these.
        ClientDisconnect: The client went away.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in taken and f"{content_type.partition('/')[0]}/*" not in taken:
        raise Problem(415, f"send one of these content types: {', '.join(taken)}")
    bounded = Request(request.scope, _bounded(request, limits.max_body_size))
    options = dict(request.query_params)
    if content_type == FORM:
        return Asked(content_type=content_type, options=options, **await _read_form(bounded, limits))
    return Asked(content_type=content_type, options=options, body=await bounded.body())


def _bounded(request: Request, max_size: int) -> Receive:
    """Return what receives a body until it is too large.

    Starlette's own limit answers in plain text, whatever an application makes of it.
    """
    size = 0

    async def receive() -> Message:
        nonlocal size
        if size == 0:
            declared = request.headers.get("content-length", "")
            _check_size(int(declared) if declared.isdecimal() else 0, max_size)
        message = await request.receive()
        size += len(message.get("body", b""))
        _check_size(size, max_size)
        return message

    return receive


def _check_size(size: int, max_size: int) -> None:
    if size > max_size:
        raise Problem(
            413, f"the body has more than {max_size:,} bytes, the most that is read; send less at once"
        )


async def _read_form(request: Request, limits: Limits) -> Mapping[str, Any]:
    fields: dict[str, str] = {}
    files: dict[str, list[Upload]] = {}
    try:
        async with request.form(
            max_files=limits.max_pictures, max_fields=_MAX_FIELDS, max_part_size=limits.max_body_size
        ) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    upload = Upload(name=value.filename or "", content=await value.read())
                    files.setdefault(name, []).append(upload)
                else:
                    fields[name] = value
    except HTTPException as error:  # what python-multipart can't read
        is_many = str(error.detail).startswith("Too many")
        raise Problem(413 if is_many else 400, f"the form can't be read: {error.detail}") from None
    return {"fields": fields, "files": files}
