"""``models``: families with their submodules, choices and presets."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.text import Text

from nested_lightning.commands.options import HelpModelOption
from nested_lightning.commands.own_families import keep_in_package, know_for_help
from nested_lightning.commands.printing.console import Part, print_line
from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.describing.walking import NamedItems, Place, fields_of
from nested_lightning.settings.families import describe_family, families
from nested_lightning.settings.family import Family
from nested_lightning.settings.plugging.packages import package_of
from nested_lightning.settings.slot import Slot


def models(
    model: HelpModelOption = None,
    keep: Annotated[
        bool,
        typer.Option(
            "--keep", help="Write what help needs of --model, a package's wiring function, beside it."
        ),
    ] = False,
) -> None:
    """List the families, what each is made of, what to choose from, and the presets."""
    if keep:
        print_line(f"written: {keep_in_package(model)}")
        return
    name = know_for_help(model)
    for family in [describe_family(name)] if name else families().values():
        print_line((family.name, "bold"), f"  {family.summary}", _origin(family))
        for line in _describe_slots(family.section, family.settings):
            print_line("  ", line)
        for name, preset in family.presets.items():
            option = f"--preset {name}".ljust(40)
            print_line("  ", (option, "cyan"), f"  {preset.summary}")
    print_line("`config` prints every setting.")


def _describe_slots(path: str, place: Place) -> Iterator[Text]:
    if isinstance(place, NamedItems):
        yield from _describe_slots(f"{path}.NAME", place.item)
    elif isinstance(place, Slot):
        kinds = [
            Text.assemble(
                *([(kind, "green"), " (default)"] if kind == place.default else [kind]), _origin(choice)
            )
            for kind, choice in place.choices.items()
        ]
        yield Text.assemble(f"{path.ljust(40)}  ", Text(", ").join(kinds))
        for kind, choice in place.choices.items():
            if given := [f"{name}={text}" for name, text in choice.wired.items()]:
                yield Text(f"  {kind} is given {', '.join(given)}", "dim")
            if choice.kept:
                yield Text(f"  {kind} keeps its defaults of {', '.join(choice.kept)}", "dim")
            if choice.takes_any:
                yield Text(f"  {kind} takes any keyword, so names aren't checked", "dim")
            yield from _describe_slots(path, choice)
    elif place is not None:
        for name, inner in fields_of(place).items():
            yield from _describe_slots(f"{path}.{name}", inner)


def _origin(added: Family | type[ChoiceSettings]) -> Part:
    """Name the package that a plug-in comes from, after what it adds."""
    package = package_of(added)
    return (f" (from {package})", "dim") if package else ""
