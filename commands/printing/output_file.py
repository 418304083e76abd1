"""A file that a command writes."""

from pathlib import Path

from nested_lightning.commands.printing.console import print_line, short_path, status_console


def write_file(path: Path, content: bytes, *, what: str) -> None:
    """Write a file, whose folder is made where it is missing, and say so on standard error.

    Args:
        path: The file.
        content: All of it.
        what: What it holds, for the message.

    Raises:
        OSError: It can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    print_line(f"{what} written to {short_path(path)}", on=status_console)
