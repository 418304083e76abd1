"""The description on a package index: the README, with links that lead to the published repository.

``REPOSITORY_URL=https://github.com/OWNER/NAME python -m build`` gives its address; without it links stay as
they are. All else that packaging needs stands in pyproject.toml.
"""

import os
import re
from pathlib import Path

from setuptools import setup

_LINK = re.compile(r"(!?)(\[[^]]*\])\((?!https?:|#)([^)]+)\)")


def absolute(readme: str, url: str) -> str:
    """Return Markdown whose links to files lead to them in a repository, pictures to their bytes."""

    def lead(link: re.Match[str]) -> str:
        mark, text, path = link.groups()
        return f"{mark}{text}({url.rstrip('/')}/{'raw' if mark else 'blob'}/main/{path})"

    return _LINK.sub(lead, readme)


text = (Path(__file__).parent / "README.md").read_text(encoding="utf-8")
address = os.environ.get("REPOSITORY_URL", "")
setup(
    long_description=absolute(text, address) if address else text,
    long_description_content_type="text/markdown",
)
