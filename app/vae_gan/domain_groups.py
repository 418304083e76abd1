"""Which domains share a VAE."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nested_lightning.app.errors import UserError, did_you_mean, name_list

DomainGrouping = Callable[[Sequence[str]], dict[str, tuple[str, ...]]]
"""From the names of all domains to the names of those of each VAE, by the VAE's name."""


@dataclass(frozen=True, kw_only=True)
class EachAlone:
    """A VAE for each domain, of the domain's name."""

    def __call__(self, domains: Sequence[str], /) -> dict[str, tuple[str, ...]]:
        """Return each domain on its own."""
        return {name: (name,) for name in domains}


@dataclass(frozen=True, kw_only=True)
class EvenAndOdd:
    """Two VAEs, ``even`` and ``odd``, for domains whose names are whole numbers."""

    def __call__(self, domains: Sequence[str], /) -> dict[str, tuple[str, ...]]:
        """Return the even domains and the odd ones; one that has none is left out.

        Raises:
            UserError: A name is no whole number.
        """
        others = [name for name in domains if not name.isdecimal()]
        if others:
            raise UserError(
                f"vae_gan.data.grouping.kind=even_odd needs domains that are whole numbers, and"
                f" {name_list(others)} isn't one; take each_alone, together or explicit"
            )
        parts = (("even", 0), ("odd", 1))
        groups = {part: tuple(name for name in domains if int(name) % 2 == rest) for part, rest in parts}
        return {part: names for part, names in groups.items() if names}


@dataclass(frozen=True, kw_only=True)
class AllTogether:
    """One VAE for all domains, of this name."""

    name: str = "all"

    def __call__(self, domains: Sequence[str], /) -> dict[str, tuple[str, ...]]:
        """Return all domains in one group."""
        return {self.name: tuple(domains)}


@dataclass(frozen=True, kw_only=True)
class ExplicitDomainGroups:
    """VAEs with listed domains, by the VAE's name; each domain is in exactly one."""

    groups: Mapping[str, Sequence[str]]

    def __call__(self, domains: Sequence[str], /) -> dict[str, tuple[str, ...]]:
        """Return the groups as they are listed.

        Raises:
            UserError: A listed domain isn't in the data, or a domain is in no group or in several.
        """
        listed = [name for names in self.groups.values() for name in names]
        for name in listed:
            if name not in domains:
                raise UserError(
                    f"vae_gan.data.grouping.groups: the data has no domain '{name}'"
                    f"{did_you_mean(name, domains)} (domains: {', '.join(domains)})"
                )
        left = [name for name in domains if listed.count(name) == 0]
        twice = [name for name in domains if listed.count(name) > 1]
        empty = [name for name, names in self.groups.items() if not names]
        if left or twice or empty:
            raise UserError(
                "vae_gan.data.grouping.groups must have each domain in exactly one group;"
                f" in none: {', '.join(left) or '-'}; in several: {', '.join(twice) or '-'};"
                f" groups without any: {', '.join(empty) or '-'}"
            )
        return {name: tuple(names) for name, names in self.groups.items()}
