"""Which kinds that are searched can't be built with the settings and data that there are."""

from collections.abc import Iterator
from typing import Any

from nested_lightning.app.errors import UserError
from nested_lightning.containers.checking.model_check import check_application
from nested_lightning.containers.starting.bootstrapping import bootstrap
from nested_lightning.settings.searching.space import SearchedParameter, SearchSpace


def unfit_kinds(space: SearchSpace) -> dict[tuple[str, str], str]:
    """Return what is wrong with each kind that is searched and can't be built, by path and kind.

    Each is built on ``meta``, with the first kinds of the choices that it needs.
    """
    return {
        (one.path, kind): why
        for one in space.parameters
        if one.path.endswith(".kind")
        for kind in one.choices
        for why in [*_faults(space, one, kind)][:1]
    }


def _faults(space: SearchSpace, parameter: SearchedParameter, kind: Any) -> Iterator[str]:
    needed = {path: kinds[0] for path, kinds in parameter.asked_when.items()}
    try:
        settings = space.settings.changed({**needed, parameter.path: kind})
        report = check_application(bootstrap(settings), is_brief=True)
    except UserError as error:
        yield str(error)
        return
    yield from (str(fault) for fault in report.faults)
