"""``new``: files for a beginning."""

import keyword
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from nested_lightning.app.errors import UserError
from nested_lightning.commands.parameters import with_options
from nested_lightning.commands.printing.console import print_line
from nested_lightning.settings.families import families, is_family_name

new = typer.Typer(no_args_is_help=True, help="Write files for a beginning.")

_TEMPLATE = Path(__file__).parent / "my_family.py"
_TEST = Path(__file__).parent / "test_my_family.py"


@new.callback()
def _begin() -> None:
    """Keep `family` as a subcommand of `new`, although it is the only one."""


@new.command()
@with_options
def family(
    name: Annotated[str, typer.Argument(help="Name of the family, e.g. my-family.")],
    folder: Annotated[Path, typer.Option("--folder", help="Where the files are written.")] = Path(),
) -> None:
    """Write a family of one file, with a test beside it, that trains as it is."""
    section = name.replace("-", "_")
    written = {folder / f"{section}.py": _TEMPLATE, folder / f"test_{section}.py": _TEST}
    if there := [str(file) for file in written if file.exists()]:
        raise UserError(f"{' and '.join(there)}: is there already; take another name or --folder")
    _refuse_name(name, section)
    folder.mkdir(parents=True, exist_ok=True)
    for file, template in written.items():
        file.write_text(_named(template.read_text(encoding="utf-8"), name, section), encoding="utf-8")
        print_line(f"wrote {file}")
    program = "nested-lightning train --model"
    print_line(f"try it: {program} {folder / section}.py:{section} --epochs 3")


def _refuse_name(name: str, section: str) -> None:
    if not is_family_name(name) or keyword.iskeyword(section):
        raise UserError(f"'{name}' can't be a family's name: take small letters, digits and dashes")
    if name in families():
        raise UserError(f"there is a family '{name}' already: take another name")
    words = set(re.findall(r"\w+", _TEMPLATE.read_text(encoding="utf-8")))
    if section in words - {"my_family"} or find_spec(section) is not None:
        raise UserError(f"'{name}' would hide what Python or the file itself calls so: take another name")


def _named(text: str, name: str, section: str) -> str:
    """Return a template with another name."""
    text = text.replace("nested_lightning.commands.creating.my_family", section)
    return text.replace("my-family", name).replace("my_family", section)
