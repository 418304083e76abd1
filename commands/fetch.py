"""``fetch``: weights from a hub, once; nothing else reaches for a network."""

from typing import Annotated

import typer

from nested_lightning.commands.printing.console import print_line, short_path, status_console


def fetch(
    names: Annotated[list[str], typer.Argument(help="hub:NAME@REVISION, as a setting weights has it.")],
) -> None:
    """Fetch weights of pretrained parts from a hub, for the setting `weights` of a part.

    They lie in the cache of the hub's own library afterwards; HF_HOME says where that is, HF_ENDPOINT which
    hub. Pickled weights and code are left there.
    """
    from nested_lightning.app.submodules.pretrained.files import PretrainedFiles
    from nested_lightning.app.submodules.pretrained.hub import fetch as fetch_one

    for name in names:
        with status_console.status(f"Fetching {name}"):
            folder = fetch_one(name)
            files = PretrainedFiles(str(folder))
            digest = files.digest
        print_line(f"{name} is in {short_path(folder)}", on=status_console)
        print_line(f"  sha256   {digest}", on=status_console)
        print_line(f"  licence  {files.license or 'not said'}", on=status_console)
