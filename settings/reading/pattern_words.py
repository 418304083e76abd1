"""Messages about a pattern: what it matched, or why it matched nothing."""

import difflib
from collections.abc import Mapping, Sequence

from nested_lightning.path_patterns import path_matches
from nested_lightning.settings.describing.in_effect import Setting
from nested_lightning.settings.describing.walking import dotted
from nested_lightning.settings.reading.layers import Names

_MAX_NAMED = 8
"""Settings that a note or an error names."""


def explain_unmet(pattern: Names, settings: Sequence[Setting], *, implied: str = "") -> str:
    """Say why a pattern matches none of the settings, with what may have been meant.

    ``implied`` begins it and isn't written, as an option stands for it.
    """
    if pattern[-1] == "kind":
        return "choose kinds by their whole names, one by one: a pattern is for settings of what is chosen"
    known = [one for one in settings if not one.is_kind]
    words = {word for one in known for word in (*one.names, *one.types) if word}
    for i, name in enumerate(pattern[:_MAX_NAMED]):
        for near in [] if name in ("*", "**") else difflib.get_close_matches(name, words):
            meant = (*pattern[:i], near, *pattern[i + 1 :])
            if any(path_matches(meant, one.names, one.types) for one in known):
                return f"meets no setting; did you mean '{'.'.join(meant).removeprefix(implied)}'?"
    there = {one.names[-1]: None for one in known if path_matches((*pattern[:-1], "*"), one.names, one.types)}
    return f"meets no setting{f' (settings there: {_listed([*there])})' if there else ''}"


def describe_met(label: str, met: Mapping[Names, bool]) -> str:
    """Say what was set, and what was matched too but left, since it is set by its exact name."""
    given, kept = (
        [dotted(one) for one, is_named in met.items() if is_named is sort] for sort in (False, True)
    )
    count = f"{len(given)} setting{'' if len(given) == 1 else 's'}{f' ({_listed(given)})' if given else ''}"
    return f"{label}: {count}{f'; left as it is set by name: {_listed(kept)}' if kept else ''}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join([*names[:_MAX_NAMED], *(["…"] if len(names) > _MAX_NAMED else [])])
