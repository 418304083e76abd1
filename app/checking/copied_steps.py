"""A batch through a copy of a composite on ``meta``, before any step is done with the composite itself."""

import warnings
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

from nested_lightning.app.assembly.assembler import Assembler
from nested_lightning.app.assembly.wiring.composing import find_places
from nested_lightning.app.checking.findings import Findings
from nested_lightning.app.checking.steps import StepCheck
from nested_lightning.app.seam.meta_device import on_meta
from nested_lightning.app.training.submodule_policies import SubmodulePolicies


def find_step_faults(
    model: Any, assembler: Assembler, example_batches: Callable[[], Sequence[Any]]
) -> list[str]:
    """Return what fails in the steps of a composite; nothing, with a warning, if it can't be copied.

    Neither the composite nor torch's random state is touched.
    """
    try:
        copied = deepcopy(model)
    except Exception as error:
        warnings.warn(f"an override can't be copied, so no batch checks it: {error}", stacklevel=2)
        return []
    findings = Findings()
    with on_meta():
        copied.to("meta")
        places = find_places(model, assembler.built)
        steps = StepCheck(
            model=copied,
            submodules={name: copied.get_submodule(place) for name, place in places.items()},
            root=assembler.path,
            findings=findings,
            suggest=lambda _givers, _taker: "give the override the widths of its neighbours",
            has_to_learn=False,
        )
        steps(example_batches(), SubmodulePolicies(family=assembler.path, policies={}))
    by_path = {fault.path: fault for fault in reversed(findings.faults)}
    return [str(fault) for fault in by_path.values()]
