"""The site: the pages of docs/ and what they link to, as a folder that needs no server and no network.

``python -m tests.docs.site FOLDER`` builds it (extra ``docs``), prints every fault with page and line, and
exits with 1 if there is one.
"""

import argparse
import logging
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.docs.built_page import BuiltPage, Lookup

try:
    from mkdocs.commands.build import build
    from mkdocs.config import load_config
    from mkdocs.exceptions import MkDocsException
except ModuleNotFoundError as missing:
    sys.exit(f"error: {missing.name} isn't installed; run: pip install -c constraints.txt -e '.[docs]'")

PROJECT = Path(__file__).parents[2]
_SOURCES = ("app", "commands", "containers", "settings", "nested_lightning/testing")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that is wrong on a page.

    Attributes:
        where: File and line, ``docs/data.md:12``; the file alone where the line isn't known.
        what: What is wrong.
    """

    where: str
    what: str

    def __str__(self) -> str:
        """Return it as compilers write theirs."""
        return f"{self.where}: {self.what}"


def build_site(folder: Path, *, project: Path = PROJECT) -> list[Fault]:
    """Build the site.

    Args:
        folder: Where it goes; an older site there is replaced.
        project: A checkout: ``docs/mkdocs.yml`` names the pages.

    Returns:
        What is wrong: broken links, anchors and pictures, directives that nothing processed, whatever a page
        would fetch from elsewhere, and warnings of MkDocs.

    Raises:
        FileExistsError: The folder holds something else than a site.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "404.html").exists():
        raise FileExistsError(f"{folder} holds something else than a site; name an empty or a new folder")
    with tempfile.TemporaryDirectory() as staged, _warnings() as warnings:
        config = load_config(str(project / "docs" / "mkdocs.yml"), docs_dir=staged, site_dir=str(folder))
        _stage(project, Path(staged), [*_leaves(config.nav)])
        try:
            build(config)
        except (MkDocsException, SystemExit) as error:
            warnings.append(str(error))
    return [*(_of_warning(project, text) for text in warnings), *_of_pages(folder.resolve(), project)]


def _leaves(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    else:
        for item in nav.values() if isinstance(nav, dict) else nav:
            yield from _leaves(item)


def _stage(project: Path, staged: Path, pages: list[str]) -> None:
    """Copy each page to its place in the project, so that links between them are those of a checkout."""
    shutil.copytree(project / "docs", staged / "docs", ignore=shutil.ignore_patterns("mkdocs.yml"))
    for page in pages:
        if (project / page).is_file() and not (staged / page).exists():
            (staged / page).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(project / page, staged / page)


@contextmanager
def _warnings() -> Iterator[list[str]]:
    found: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("mkdocs")
    logger.addHandler(handler)
    try:
        yield found
    finally:
        logger.removeHandler(handler)


def _of_warning(project: Path, text: str) -> Fault:
    """Return a warning with the line of the reference or directive that it quotes."""
    names = re.findall(r"[\w/-]+\.md", text) or ["docs/reference.md"]
    for quoted in re.findall(r"'([^']+)'", text):
        for written in (f"[{quoted}]", f"::: {quoted}"):
            if (line := _line_of(project / names[0], [written])) is not None:
                return Fault(where=f"{names[0]}:{line}", what=text)
    return Fault(where=names[0], what=text)


def _of_pages(site: Path, project: Path) -> Iterator[Fault]:
    pages = {path: BuiltPage.read(path) for path in sorted(site.rglob("*.html")) if path.name != "404.html"}
    lookup = Lookup(site=site, pages=pages)
    for path, page in pages.items():
        source = path.relative_to(site).with_suffix(".md")
        source = source.with_name("README.md") if source.name == "index.md" else source
        for text, what in page.faults(lookup):
            yield Fault(where=_place(project, source, text), what=what)


def _place(project: Path, source: Path, text: str) -> str:
    """Return file and line of a text of a page, which may have come from a docstring."""
    written = [text, re.sub(r"(^|/)index\.html", r"\1README.md", text).replace(".html", ".md")]
    docstrings = (path for name in _SOURCES for path in (project / name).rglob("*.py"))
    for path in (project / source, *docstrings):
        if (line := _line_of(path, written)) is not None:
            return f"{path.relative_to(project)}:{line}"
    return str(source)


def _line_of(path: Path, texts: list[str]) -> int | None:
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    for number, line in enumerate(text.splitlines(), start=1):
        if any(text in line for text in texts):
            return number
    return None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Build the site of docs/.")
    parser.add_argument("folder", type=Path, help="where it goes; an older site there is replaced")
    target: Path = parser.parse_args().folder
    try:
        faults = build_site(target)
    except FileExistsError as error:
        parser.error(str(error))
    print("\n".join(map(str, faults)) or target / "index.html")  # noqa: T201
    sys.exit(1 if faults else 0)
