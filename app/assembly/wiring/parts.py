"""How a wiring function says which parts it takes: ``encoder: Part[Encoder] = part(conv=ConvEncoder)``."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar, overload

from nested_lightning.app.errors import UserError, did_you_mean

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Part(Protocol[T_co]):
    """Builds one part of a composite; a class, a function or a mock's factory is one as it stands."""

    def __call__(self, *args: Any, **kwargs: Any) -> T_co:
        """Build it from what the wiring function gives; settings add the rest."""


class Parts(Protocol[T_co]):
    """Builds parts of a composite by name."""

    def __getitem__(self, name: str) -> Part[T_co]:
        """Return what builds the part ``name``."""

    def __iter__(self) -> Iterator[str]:
        """Return the names that settings give."""

    def __len__(self) -> int:
        """Return how many names settings give."""


@dataclass(frozen=True)
class Declaration:
    """The default of a parameter: the kinds of a part, one of which is chosen.

    Attributes:
        kinds: What builds the part, by the kind's name; the first one is the default.
        is_optional: Whether there is no such part unless a kind is chosen.
        is_plural: Whether there are several of it by name.
        each: The name of the settings that all of several parts start from; None: they have none.
        at: Where each of several parts is, with ``{}`` for its name; None: at ``PARAMETER.{}``.
        policy: Settings of what the part starts from and how it learns, where nobody sets others.
    """

    kinds: Mapping[str, Callable[..., Any]]
    is_optional: bool = False
    is_plural: bool = False
    each: str | None = None
    at: str | None = None
    policy: Mapping[str, Any] = field(default_factory=dict)

    def kind(self, name: str | None = None) -> Callable[..., Any] | None:
        """Return what builds a part of this kind; without a name, of the default one, or None without any.

        Raises:
            UserError: There is no such kind.
        """
        if name is None:
            return None if self.is_optional else next(iter(self.kinds.values()), None)
        if name not in self.kinds:
            allowed = ", ".join(self.kinds)
            raise UserError(f"there is no kind '{name}'{did_you_mean(name, self.kinds)} (kinds: {allowed})")
        return self.kinds[name]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Build the default kind, where the function is called as it stands, without a wiring."""
        kind = self.kind()
        return None if kind is None else kind(*args, **kwargs)

    def __getitem__(self, name: str) -> "Declaration":
        """Return what builds each part, where the function is called as it stands."""
        return self

    def __iter__(self) -> Iterator[str]:
        """Return no names: only settings give any."""
        return iter(())

    def __len__(self) -> int:
        """Return 0, as there are no names."""
        return 0


@overload
def part(
    *kinds: Callable[..., T],
    init_from: str | Path | None = ...,
    init_path: str | None = ...,
    freeze: bool = ...,
    **named: Callable[..., T],
) -> Part[T]: ...
@overload
def part(
    off: None,
    /,
    *kinds: Callable[..., T],
    init_from: str | Path | None = ...,
    init_path: str | None = ...,
    freeze: bool = ...,
    **named: Callable[..., T],
) -> Part[T | None]: ...
def part(
    *kinds: Callable[..., Any] | None,
    init_from: str | Path | None = None,
    init_path: str | None = None,
    freeze: bool = False,
    **named: Callable[..., Any],
) -> Any:
    """Declare a part by its kinds; the first one is the default. Without any it has to be given.

    Args:
        *kinds: Classes or functions, each a kind of its own name; None in the first place: no such part is
            the default.
        init_from: Checkpoint, run folder or safetensors file with its first weights in a training of a
            family; the setting ``submodules.PATH.init_from`` goes before it.
        init_path: Path of the part there, as in ``submodules.PATH.init_path``.
        freeze: Whether the part is kept as it is in such a training.
        **named: Classes or functions by the name of the kind.

    Raises:
        UserError: Two kinds have one name, or one has none; or a part that is off has first weights.
    """
    policy = _policy(init_from, init_path, freeze=freeze)
    is_optional = bool(kinds) and kinds[0] is None
    if policy and is_optional:
        raise UserError(
            f"part(None, …): what is off by default has no {', '.join(policy)}; say it in settings"
        )
    return Declaration(_by_name(kinds, named), is_optional=is_optional, policy=policy)


def parts(
    *kinds: Callable[..., T],
    each: str | None = None,
    at: str | None = None,
    init_from: str | Path | None = None,
    init_path: str | None = None,
    freeze: bool = False,
    **named: Callable[..., T],
) -> Parts[T]:
    """Declare parts by name, each built of one of these kinds; the first one is the default.

    Args:
        *kinds: Classes or functions, each a kind of its own name.
        each: Name of the settings that all of them start from.
        at: Where each is in the composite, with ``{}`` for its name, e.g. ``vaes.{}.encoder``; None: below
            the parameter's name.
        init_from: See `part`; each takes what the file has at its own path, or what is at ``init_path``.
        init_path: See `part`; ``*`` in it is the name of each.
        freeze: See `part`.
        **named: Classes or functions by the name of the kind.

    Raises:
        UserError: Two kinds have one name, or one has none.
    """
    policy = _policy(init_from, init_path, freeze=freeze)
    return Declaration(_by_name(kinds, named), is_plural=True, each=each, at=at, policy=policy)


def _policy(init_from: str | Path | None, init_path: str | None, *, freeze: bool) -> dict[str, Any]:
    policy = {"init_from": init_from and str(init_from), "init_path": init_path, "freeze": freeze}
    return {name: value for name, value in policy.items() if value}


def _by_name(
    kinds: tuple[Callable[..., Any] | None, ...], named: Mapping[str, Callable[..., Any]]
) -> dict[str, Callable[..., Any]]:
    found = [(getattr(kind, "__name__", ""), kind) for kind in kinds if kind is not None] + [*named.items()]
    by_name = dict(found)
    if "" in by_name or len(by_name) < len(found):
        raise UserError(
            "a part is declared by its kinds: classes or functions of different names, or keywords such as"
            " conv=ConvEncoder"
        )
    return by_name
