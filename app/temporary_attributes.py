"""Other attributes for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def temporary_attributes(owner: Any, **values: Any) -> Iterator[None]:
    """Give an object, class or module other attributes in the block; they are back after it.

    What an object has from its class alone, such as a method, it then has from there again.
    """
    own = {name: one for name, one in vars(owner).items() if name in values}  # a static method as such
    before = {name: getattr(owner, name) for name in values} | own
    try:
        for name, value in values.items():
            setattr(owner, name, value)
        yield
    finally:
        for name, value in before.items():
            if name in vars(owner) and name not in own:
                delattr(owner, name)
            else:
                setattr(owner, name, value)
