"""Whether the names in ``provider.provided.name`` exist, as far as that can be known without building."""

import inspect
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dependency_injector import providers
from pydantic import BaseModel

from nested_lightning.app.checking.findings import Fault
from nested_lightning.app.errors import did_you_mean
from nested_lightning.containers.checking.provider_graph import in_force, provided_chain
from nested_lightning.settings.base import Settings

_UNKNOWN = object()


@dataclass(frozen=True)
class _Instance:
    """Some instance of a class, not built yet."""

    type: type


def check_provided_name(path: str, getter: Any) -> Iterator[Fault]:
    """Yield a fault where a value has no attribute of the name that is got of it.

    Args:
        path: Name of the provider in which the getter stands.
        getter: One step of a ``.provided`` chain.
    """
    owner = _resolve(getter.provides)
    if owner is _UNKNOWN or _has(owner, getter.name):
        return
    kind = owner.type if isinstance(owner, _Instance) else type(owner)
    yield Fault(
        path=path,
        what=f"{'.'.join(['provided', *provided_chain(getter)])}: {kind.__name__} has no '{getter.name}'"
        f"{did_you_mean(getter.name, _public_names(owner))}",
    )


def _resolve(given: Any) -> Any:
    """Return a provider's value, an `_Instance` of its class, or `_UNKNOWN`; nothing is called."""
    if isinstance(given, providers.Dependency) and issubclass(given.instance_of, Settings):
        return given() if given.is_defined else _UNKNOWN
    provider: Any = in_force(given)
    if isinstance(provider, providers.Object):
        return provider()
    if isinstance(provider, providers.ProvidedInstance):
        return _resolve(provider.provides)
    if isinstance(provider, providers.AttributeGetter):
        return _attribute(_resolve(provider.provides), str(provider.name))
    if isinstance(provider, providers.Callable | providers.Factory | providers.BaseSingleton):
        return _returned(provider.provides)
    return _UNKNOWN


def _attribute(owner: Any, name: str) -> Any:
    if owner is _UNKNOWN:
        return _UNKNOWN
    if not isinstance(owner, _Instance):
        return getattr(owner, name, _UNKNOWN)
    found = inspect.getattr_static(owner.type, name, None)
    if isinstance(found, property):
        return _returned(found.fget)
    return _as_instance(_hints(owner.type).get(name))


def _returned(target: Any) -> Any:
    return _Instance(target) if isinstance(target, type) else _as_instance(_hints(target).get("return"))


def _as_instance(annotation: Any) -> Any:
    return _Instance(annotation) if isinstance(annotation, type) else _UNKNOWN


def _hints(target: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(target)
    except (NameError, TypeError, AttributeError):  # names that only a type checker imports
        return {}


def _has(owner: Any, name: str) -> bool:
    if not isinstance(owner, _Instance):
        return hasattr(owner, name)
    kind = owner.type
    return hasattr(kind, "__getattr__") or name in dir(kind) or name in _names_set_by(kind)


def _names_set_by(kind: type) -> set[str]:
    """Return the attributes that a class declares, or that its methods speak of."""
    names = set(getattr(kind, "model_fields", ()))
    for base in kind.__mro__:
        names.update(vars(base).get("__annotations__", ()))
        for method in vars(base).values():
            if code := getattr(method, "__code__", None):
                names.update(code.co_names)
    return names


def _public_names(owner: Any) -> list[str]:
    if isinstance(owner, BaseModel):
        return list(type(owner).model_fields)
    known = {*dir(owner.type), *_names_set_by(owner.type)} if isinstance(owner, _Instance) else dir(owner)
    return [name for name in known if not name.startswith("_")]
