"""A page of the built site: its links, and what was left in its text that should have been processed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

_DIRECTIVE = re.compile(r"^\s*(?::::|!!!|\?\?\?|=== \"|\.\. \w+::|--8<--).*|\{[%{].*?[%}]\}", re.MULTILINE)
_FETCHED = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """What links may lead to.

    Attributes:
        site: The folder of the site.
        pages: Its pages, by their files.
    """

    site: Path
    pages: "Mapping[Path, BuiltPage]"


class BuiltPage(HTMLParser):
    """A parsed page.

    Attributes:
        path: Its file.
        anchors: What a link may name after ``#``.
        links: Of each link its tag and target, as they are written.
        prose: Its text without code.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.prose = path, ""
        self.anchors: set[str] = {"", "__top"}
        self.links: list[tuple[str, str]] = []
        self._code_depth = 0

    @classmethod
    def read(cls, path: Path) -> Self:
        """Parse a file."""
        page = cls(path)
        page.feed(path.read_text(encoding="utf-8"))
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take down anchors and links."""
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        target = values.get(_FETCHED.get(tag, "href"))
        if target is not None and (tag == "a" or tag in _FETCHED):
            self.links.append((tag, target))
        self._code_depth += tag in ("code", "pre", "script", "style")

    def handle_endtag(self, tag: str) -> None:
        """Leave code."""
        self._code_depth -= tag in ("code", "pre", "script", "style")

    def handle_data(self, data: str) -> None:
        """Take down prose."""
        if not self._code_depth:
            self.prose += data

    def faults(self, lookup: Lookup) -> Iterator[tuple[str, str]]:
        """Yield of each fault the text by which it is found in the source, and what is wrong."""
        for tag, target in dict.fromkeys(self.links):
            if what := self._wrong(tag, target, lookup):
                yield target, f"{what}: {target}"
        for found in dict.fromkeys(_DIRECTIVE.findall(self.prose)):
            yield found.strip(), f"unprocessed directive: {found.strip()}"

    def _wrong(self, tag: str, target: str, lookup: Lookup) -> str | None:
        parts = urlsplit(target)
        if parts.scheme or parts.netloc:
            return "fetched from elsewhere" if tag in _FETCHED and parts.scheme != "data" else None
        path = (self.path.parent / unquote(parts.path)).resolve() if parts.path else self.path
        if not path.is_relative_to(lookup.site) or not path.is_file():
            return "broken picture" if tag == "img" else "broken link"
        page = lookup.pages.get(path)
        return "broken anchor" if page and unquote(parts.fragment) not in page.anchors else None
