"""From the ``T`` of ``Part[T]`` to the Protocol that an override is checked against."""

from types import new_class
from typing import Any, Protocol

from typing_extensions import is_protocol

from nested_lightning.app.assembly.protocols.declaring import instance_of
from nested_lightning.app.assembly.wiring.arguments import expected_of


def protocol_of_part(annotation: Any) -> type | None:
    """Return what ``Part[T]`` or ``Parts[T]`` says of its instances; None: nothing that can be checked.

    ``None`` of an optional part is left out. What it is built of is the wiring's business, so that its
    constructor may take anything.
    """
    wanted = expected_of(annotation).kind
    if not isinstance(wanted, type) or wanted in (Any, object):
        return None
    bases = (wanted, Protocol) if is_protocol(wanted) else (Protocol,)
    made = new_class(wanted.__name__, bases, exec_body=lambda names: names.update(__init__=_build))
    made.__module__ = __name__
    return made if is_protocol(wanted) else instance_of(wanted)(made)


def _build(self: Any, *args: Any, **kwargs: Any) -> None:
    """Stand for a constructor of which nothing is known."""
