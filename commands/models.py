"""``models``: families with their submodules, choices and presets."""

from collections.abc import Iterator

from commands.options import DebugOption
from commands.printing import console
from settings import families
from settings.slot import Slot
from settings.walking import NamedItems, Place, fields_of


def models(debug: DebugOption = False) -> None:
    """List the families, what each is made of, what to choose from, and the presets."""
    del debug
    for family in families().values():
        console.print(f"[bold]{family.name}[/]  {family.summary}", highlight=False, soft_wrap=True)
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
        kinds = ", ".join(f"[green]{kind}[/]" if kind == place.default else kind for kind in place.choices)
        yield f"{path.ljust(40)}  {kinds}"
    elif place is not None:
        for name, inner in fields_of(place):
            yield from _describe_slots(f"{path}.{name}", inner)
