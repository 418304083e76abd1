"""What a wiring function gives one of its parts, read from its source."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from typing import Any


@dataclass(frozen=True)
class WiredCalls:
    """The calls of a part within its wiring function.

    Attributes:
        keywords: The expression that is passed for each keyword, e.g. ``seen.out_features``.
        positional: The expressions that are passed by position.
        offered: The keywords that it may take or leave.
        is_all: Whether the part gets nothing besides; else it may be handed on, and called by others.
    """

    keywords: Mapping[str, str] = field(default_factory=dict)
    positional: Sequence[str] = ()
    is_all: bool = False
    offered: frozenset[str] = frozenset()

    def given_to(self, names: Sequence[str]) -> dict[str, str]:
        """Return the expressions by the arguments that take them, or that a misspelt keyword means."""
        found = dict(zip(names, self.positional, strict=False))
        for name, text in self.keywords.items():
            meant = [] if name in self.offered else get_close_matches(name, names, n=1)
            found |= dict.fromkeys([name] if name in names else meant, text)
        return found


def wired_calls(function: Callable[..., Any], part: str) -> WiredCalls:
    """Return how a wiring function calls its parameter ``part``; nothing is known without its source."""
    tree = _tree(function)
    if tree is None:
        return WiredCalls()
    calls = [*_calls_of(tree, part)]
    uses = sum(isinstance(node, ast.Name) and node.id == part for node in ast.walk(tree))
    words = [word for call, offered in calls for word in (*offered, *call.keywords)]
    is_open = any(word.arg is None for word in words) or any(
        isinstance(argument, ast.Starred) for call, _ in calls for argument in call.args
    )
    longest: list[ast.expr] = max((call.args for call, _ in calls), key=len, default=[])
    return WiredCalls(
        keywords={word.arg: ast.unparse(word.value) for word in words if word.arg},
        positional=tuple(map(ast.unparse, longest)),
        offered=frozenset(word.arg for _, offered in calls for word in offered if word.arg),
        is_all=bool(calls) and not is_open and uses == len(calls) + _num_iterated(tree, part),
    )


@lru_cache(maxsize=64)
def _tree(function: Callable[..., Any]) -> ast.AST | None:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError, TypeError):
        return None


def _calls_of(tree: ast.AST, part: str) -> Iterator[tuple[ast.Call, list[ast.keyword]]]:
    """Yield the calls of a part, each with the keywords that `offer` gives it as well."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called, offered = _offered(node.func)
            if _name_of(called) == part:
                yield node, offered


def _offered(called: ast.expr) -> tuple[ast.expr, list[ast.keyword]]:
    if isinstance(called, ast.Call) and called.args and _last_name(called.func) == "offer":
        return called.args[0], called.keywords
    return called, []


def _num_iterated(tree: ast.AST, part: str) -> int:
    iterating = (ast.For, ast.comprehension)
    return sum(isinstance(node, iterating) and _name_of(node.iter) == part for node in ast.walk(tree))


def _name_of(node: ast.expr) -> str | None:
    """Return ``decoders`` for ``decoders`` and for ``decoders[language]``."""
    inner = node.value if isinstance(node, ast.Subscript) else node
    return inner.id if isinstance(inner, ast.Name) else None


def _last_name(node: ast.expr) -> str | None:
    return node.attr if isinstance(node, ast.Attribute) else _name_of(node)
