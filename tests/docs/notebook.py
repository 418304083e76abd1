"""A page as a notebook: ``python -m tests.docs.notebook docs/tutorial.md`` writes docs/tutorial.ipynb.

Blocks of Python are cells, unless they begin with the name of a file: those are saved by the reader.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

_CODE = re.compile(r"^```python\n(?!# \S+\.py\n)(.*?)^```\n", re.DOTALL | re.MULTILINE)


def notebook_of(page: str) -> str:
    """Return a page as the text of a Jupyter notebook."""
    texts = _CODE.split(page)  # words and code by turns
    cells = [_cell(text.strip("\n"), is_code=number % 2 == 1) for number, text in enumerate(texts)]
    content = {
        "cells": [cell for cell in cells if cell["source"]],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _cell(text: str, *, is_code: bool) -> dict[str, Any]:
    cell = {"metadata": {}, "source": text.splitlines(keepends=True)}
    if is_code:
        return {"cell_type": "code", "execution_count": None, "outputs": [], **cell}
    return {"cell_type": "markdown", **cell}


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.with_suffix(".ipynb").write_text(notebook_of(path.read_text(encoding="utf-8")), encoding="utf-8")
