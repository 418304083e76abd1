"""``models``: families with their submodules, choices and presets."""

from collections.abc import Iterator

from nested_lightning.commands.options import DebugOption
from nested_lightning.commands.printing.console import console
from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.describing.walking import NamedItems, Place, fields_of
from nested_lightning.settings.families import families
from nested_lightning.settings.family import Family
from nested_lightning.settings.plugging.packages import package_of
from nested_lightning.settings.slot import Slot


def models(debug: DebugOption = False) -> None:
    """List the families, what each is made of, what to choose from, and the presets."""
    del debug
    for family in families().values():
        title = f"[bold]{family.name}[/]  {family.summary}{_origin(family)}"
        console.print(title, highlight=False, soft_wrap=True)
        for line in _describe_slots(family.section, family.settings):
            console.print(f"  {line}", highlight=False, soft_wrap=True)
        for name, preset in family.presets.items():
            option = f"--preset {name}".ljust(40)
            console.print(f"  [cyan]{option}[/]  {preset.summary}", highlight=False, soft_wrap=True)
    console.print(
        "The default of each choice is [green]green[/]; `config` prints every setting.", highlight=False
    )


def _describe_slots(path: str, place: Place) -> Iterator[str]:
    if isinstance(place, NamedItems):
        yield from _describe_slots(f"{path}.NAME", place.item)
    elif isinstance(place, Slot):
        kinds = [
            (f"[green]{kind}[/]" if kind == place.default else kind) + _origin(choice)
            for kind, choice in place.choices.items()
        ]
        yield f"{path.ljust(40)}  {', '.join(kinds)}"
    elif place is not None:
        for name, inner in fields_of(place):
            yield from _describe_slots(f"{path}.{name}", inner)


def _origin(added: Family | type[ChoiceSettings]) -> str:
    """Name the package that a plug-in comes from, behind what it adds."""
    package = package_of(added)
    return f" [dim](from {package})[/]" if package else ""
