"""How a Protocol says which class its instances are derived from."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T", bound=type)


def instance_of(base: type) -> Callable[[T], T]:
    """Declare that what satisfies a Protocol is an instance of ``base`` as well, e.g. of ``nn.Module``.

    A Protocol can't be derived from a class, and a composite can hold nothing but an ``nn.Module``.
    """

    def declare(protocol: T) -> T:
        protocol.__instance_of__ = base  # type: ignore[attr-defined]
        return protocol

    return declare


def required_class(protocol: type) -> type:
    """Return the class that `instance_of` names for a Protocol, else ``object``."""
    return getattr(protocol, "__instance_of__", object)
