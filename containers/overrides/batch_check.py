"""One batch through a copy of a composite with overrides, on ``meta``, before any step is done with it."""

import warnings
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

from nested_lightning.app.assembly.assembler import Assembler
from nested_lightning.app.assembly.errors import OverrideRefusedError
from nested_lightning.app.assembly.wiring.composing import find_places
from nested_lightning.app.checking.findings import Findings
from nested_lightning.app.checking.steps import StepCheck
from nested_lightning.app.seam.meta_device import on_meta
from nested_lightning.app.training.submodule_policies import SubmodulePolicies
from nested_lightning.containers.overrides.override import Override, describe


def check_overridden(
    model: Any,
    assembler: Assembler,
    example_batches: Callable[[], Sequence[Any]],
    overrides: Sequence[Override],
) -> None:
    """Send a batch through a composite that was built with overrides, unless one of them is `unchecked`.

    Neither the composite nor torch's random state is touched.

    Args:
        model: The composite.
        assembler: What built it; one that collects faults is part of a larger check, and nothing is done.
        example_batches: Gives batches on ``meta``.
        overrides: What is overridden.

    Raises:
        OverrideRefusedError: The batch doesn't get through.
    """
    is_wanted = all(one.is_checked for one in overrides) and any(
        one.expected.may_be_module for one in overrides
    )
    if assembler.is_collecting_faults or not is_wanted:
        return
    try:
        copied = deepcopy(model)
    except Exception as error:
        warnings.warn(f"an override can't be copied, so no batch checks it: {error}", stacklevel=2)
        return
    findings = Findings()
    with on_meta():
        copied.to("meta")
        places = find_places(model, assembler.built)
        submodules = {name: copied.get_submodule(place) for name, place in places.items()}
        steps = StepCheck(
            model=copied,
            submodules=submodules,
            root=assembler.path,
            findings=findings,
            suggest=_advise,
            has_to_learn=False,
        )
        steps(example_batches(), SubmodulePolicies(family=assembler.path, policies={}))
    if findings.faults:
        raise OverrideRefusedError(
            ", ".join(each.path for each in overrides),
            ", ".join(describe(each.replacement) for each in overrides),
            "a submodule that a batch gets through",
            [str(fault) for fault in {fault.path: fault for fault in reversed(findings.faults)}.values()],
        )


def _advise(_givers: Sequence[str], _taker: str) -> str:
    """Name no setting: it is an override that does not fit."""
    return "give the override the widths of its neighbours"
