"""Checks an application's composite without training it."""

from typing import Any

from dependency_injector import providers

from app.checking.findings import Fault, Findings
from app.checking.known_values import on_meta
from app.checking.report import CheckReport
from app.checking.steps import StepCheck
from app.composition.assembler import Assembler
from app.composition.errors import CompositionError
from app.errors import UserError
from containers.application import ApplicationContainer
from containers.bootstrapping import family_container


def check_application(application: ApplicationContainer) -> CheckReport:
    """Build the composite on ``meta``, send a batch through its steps, and return all that is wrong.

    The data are read for their spec; nothing else is computed or written.

    Args:
        application: A ready container.
    """
    findings = Findings()
    family = family_container(application)
    try:
        family.data_spec()
    except UserError as error:
        return CheckReport(faults=(Fault(path=f"{_section(application)}.data", what=str(error)),))
    with on_meta():
        assembler, model = _assemble(application, findings)
        if model is None:
            return CheckReport(faults=tuple(findings.faults))
        steps = StepCheck(model=model, submodules=assembler.built, root=assembler.path, findings=findings)
        steps(family.example_batches(), application.training.submodule_policies())
        rows = steps.rows()
    return CheckReport(
        faults=tuple(findings.faults),
        unchecked=tuple(findings.unchecked),
        rows=tuple(rows),
        edges=steps.watch.flow.edges,
    )


def _assemble(application: ApplicationContainer, findings: Findings) -> tuple[Assembler, Any]:
    """Return the assembler and the composite that it built, or None where that failed altogether."""
    family = family_container(application)
    faults: list[CompositionError] = []
    assembler = Assembler(seed=application.settings().seed, path=_section(application), faults=faults)
    with family.assembler.override(providers.Object(assembler)):
        try:
            model = family.model()
        except UserError as error:
            faults.append(CompositionError(str(error)))
            model = None
    for fault in faults:
        findings.add(Fault(path=fault.path or assembler.path, what=str(fault)))
    return assembler, model


def _section(application: ApplicationContainer) -> str:
    return application.settings().family.section
