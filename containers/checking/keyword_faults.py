"""Keywords that a callable doesn't take."""

from collections.abc import Callable, Collection, Iterator, Mapping
from inspect import Parameter

from nested_lightning.app.checking.findings import Fault
from nested_lightning.app.errors import did_you_mean


def find_unknown_keywords(
    name: str,
    parameters: Mapping[str, Parameter],
    keywords: Collection[str],
    *,
    path_of: Callable[[str], str],
) -> Iterator[Fault]:
    """Yield a fault for each keyword that is given to a callable, and that it doesn't take.

    Args:
        name: What the callable is called in the message.
        parameters: Of the callable, by name.
        keywords: What it is given.
        path_of: Gives the place where a keyword is given.
    """
    if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return
    for keyword in keywords:
        if keyword not in parameters:
            yield Fault(
                path=path_of(keyword),
                what=f"{name} takes no keyword '{keyword}'{did_you_mean(keyword, parameters)}",
                hint=f"it takes {', '.join(parameters) or 'none'}",
            )
