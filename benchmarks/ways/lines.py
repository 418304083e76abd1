"""How many lines something takes: blank ones, comments and docstrings are left out."""

import ast
import difflib
import inspect
import tokenize
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from textwrap import dedent
from typing import Any

_NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def code_lines(path: Path) -> int:
    """Return how many lines of a file hold code or, in YAML, values."""
    text = path.read_text()
    if path.suffix == ".py":
        return len(_python_lines(text))
    return sum(bool(line.strip()) and not line.lstrip().startswith("#") for line in text.splitlines())


def added_lines(before: Callable[..., Any], after: Callable[..., Any]) -> list[str]:
    """Return the lines that the body of one function has and another's hasn't, at any depth."""
    old, new = (_body_lines(function) for function in (before, after))
    return [line[2:] for line in difflib.ndiff(old, new) if line.startswith("+ ")]


def _body_lines(function: Callable[..., Any]) -> list[str]:
    text = dedent(inspect.getsource(function))
    lines = text.splitlines()
    _, *body = sorted(_python_lines(text))
    return [lines[number - 1].partition("#")[0].strip() for number in body]


def _python_lines(text: str) -> set[int]:
    tokens = tokenize.generate_tokens(StringIO(text).readline)
    numbers = {
        number
        for token in tokens
        if token.type not in _NO_CODE
        for number in range(token.start[0], token.end[0] + 1)
    }
    return numbers - _docstring_lines(text)


def _docstring_lines(text: str) -> set[int]:
    numbers: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and ast.get_docstring(node) is not None
        ):
            docstring = node.body[0]
            numbers.update(range(docstring.lineno, (docstring.end_lineno or docstring.lineno) + 1))
    return numbers
