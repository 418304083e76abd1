"""All commands of the pages, run as a reader types them: ``python -m tests.campaign.commands [PAGE …]``.

It takes some minutes, and needs the extras that the pages name, and port 8000. What isn't run is listed with
the reason.
"""

import sys
import tempfile
from contextlib import closing
from pathlib import Path

from tests.command_line import PROJECT, ForkedPrograms
from tests.docs.console_page import run_page
from tests.docs.readers_folder import write_readers_folder
from tests.docs.shell import Shell, commands_of_page, why_not_run

PAGES = ["README.md", *sorted(f"docs/{path.name}" for path in PROJECT.glob("docs/*.md"))]


def run_commands(page: Path, folder: Path, programs: ForkedPrograms) -> list[str]:
    """Run the commands of a page in a new folder with a reader's files.

    Returns:
        Line, command and output of each that failed.
    """
    text = page.read_text(encoding="utf-8")
    with Shell(write_readers_folder(folder, text)) as shell:
        list(run_page(text, folder, programs, shell))
    return shell.failures


def main(pages: list[str]) -> int:
    """Run pages and print what is wrong; return how many commands are."""
    failures = []
    with closing(ForkedPrograms()) as programs, tempfile.TemporaryDirectory() as parent:
        for number, page in enumerate(pages):
            commands = [command for _, command in commands_of_page(PROJECT / page)]
            reasons = {command: why for command in commands if (why := why_not_run(command))}
            for command, why in reasons.items():
                print(f"{page}: not run: {command.splitlines()[0]} ({why})")
            if num := len(commands) - len(reasons):
                found = run_commands(PROJECT / page, Path(parent, str(number)), programs)
                print(f"{page}: {num} commands, {len(found)} failed", *found, sep="\n", flush=True)
                failures += found
    return len(failures)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or PAGES))
