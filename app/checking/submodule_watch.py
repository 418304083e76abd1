"""Sees each submodule at work within a step: what goes in, what comes out, and what goes wrong."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from nested_lightning.app.assembly.widths import NotBuiltError
from nested_lightning.app.checking.data_flow import DataFlow
from nested_lightning.app.checking.error_places import (
    ErrorPlace,
    explain_needed_values,
    find_place,
    needs_values,
)
from nested_lightning.app.checking.findings import Fault, Findings, Unchecked
from nested_lightning.app.errors import UserError
from nested_lightning.app.tensors import tensors_in

Suggest: TypeAlias = Callable[[Sequence[str], str], str]
"""Takes the paths of submodules that give a width, and of the one that takes another; says what to do."""

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_NORMALISATIONS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
_WIDTH_NAMES = ("in_features", "in_channels", "num_features", "input_size", "embed_dim")
"""What torch's layers call the width of their input."""

_WIDTH_AT = {2: -1, 3: -1, 4: 1}
"""Where the width stands in an output of that many dimensions: [B, F], [B, L, F], [B, F, h, w]."""


class StepStoppedError(Exception):
    """A step can't go on after a fault that has been reported."""


@dataclass(frozen=True, kw_only=True)
class SubmoduleCall:
    """The first call of a submodule."""

    inputs: tuple[tuple[int, ...], ...]
    outputs: tuple[tuple[int, ...], ...]


@dataclass(kw_only=True)
class SubmoduleWatch:
    """Wraps the ``forward`` of submodules.

    Where one fails, the fault is reported, and zeros of the width that it publishes stand for its output, so
    that what comes after it is checked in the same step.

    Args:
        submodules: By path below the composite; one that stands at several is watched at the first.
        root: Path of the composite.
        findings: Where faults go.
        suggest: What to do about widths that don't fit.
        widths: Output widths of those that publish none, by path.
        unknown: Types of what batches hold besides tensors, and lack here: what fails may be right.

    Attributes:
        same: The first path of each submodule that stands at another one too, by that.
    """

    submodules: Mapping[str, nn.Module]
    root: str
    findings: Findings
    suggest: Suggest
    widths: Mapping[str, int]
    unknown: Collection[str] = ()

    def __post_init__(self) -> None:
        first: dict[int, str] = {}
        at = {path: first.setdefault(id(module), path) for path, module in self.submodules.items()}
        self.same = {path: one for path, one in at.items() if one != path}
        self.submodules = {path: one for path, one in self.submodules.items() if path not in self.same}
        self.calls: dict[str, SubmoduleCall] = {}
        self.flow = DataFlow()
        self._stand_ins: list[tuple[str, Tensor]] = []

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Watch one step, and report what goes wrong in it, in a submodule or in the composite's own code."""
        self._stand_ins = []
        for path, module in self.submodules.items():
            module.forward = self._guarded(path, module.forward)
        try:
            yield
        except StepStoppedError:
            pass
        except Exception as error:
            if not self._stand_ins:
                self._report(error, name)
        finally:
            for module in self.submodules.values():
                del module.forward

    def _guarded(self, path: str, forward: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            given = tensors_in((args, kwargs))
            try:
                output = forward(*args, **kwargs)
                self._check_published(path, output)
            except StepStoppedError:
                raise
            except Exception as error:
                output = self._go_on(path, error, given)
            returned = tensors_in(output)
            self.flow.note(path, given, returned)
            self.calls.setdefault(path, SubmoduleCall(inputs=_shapes(given), outputs=_shapes(returned)))
            return output

        return watched

    def _go_on(self, path: str, error: Exception, given: list[Tensor]) -> Tensor:
        if not self._is_excused(path, given):
            self._report(error, path)
        width = getattr(self.submodules[path], "out_features", self.widths.get(path))
        stand_in = _stand_in(width, given)
        if stand_in is None:
            raise StepStoppedError from error
        self._stand_ins.append((path, stand_in))
        return stand_in

    def _is_excused(self, path: str, given: list[Tensor]) -> bool:
        """Return whether something within it, or one of its inputs, is already at fault, or may be.

        Without gradients there is no way back from an input to what stands for a faulty submodule.
        """
        if self._stand_ins and not torch.is_grad_enabled():
            return True
        givers = {giver for tensor in given for giver in self.flow.givers(tensor)}
        return any(inner.startswith(f"{path}.") or inner in givers for inner, _ in self._stand_ins) or any(
            self.findings.concerns(f"{self.root}.{giver}") for giver in givers
        )

    def _check_published(self, path: str, output: Any) -> None:
        """Check that what came out is as wide as the submodule says, or else as it was asked for."""
        if not isinstance(output, Tensor) or output.dim() not in _WIDTH_AT:
            return
        width = output.shape[_WIDTH_AT[output.dim()]]
        published = getattr(self.submodules[path], "out_features", None)
        if isinstance(published, int) and width != published:
            raise UserError(f"it publishes out_features={published}, and gave {width} features")
        asked = self.widths.get(path, width) if published is None and output.dim() == 2 else width
        if width != asked:
            raise UserError(f"it was asked for out_features={asked}, and gave {width} features")

    def _report(self, error: Exception, where: str) -> None:
        finding = self._describe(error, where)
        known = {fault.what for fault in self.findings.faults}
        is_known = isinstance(finding, Fault) and finding.what in known
        if not is_known and not self.findings.concerns(finding.path):
            self.findings.add(finding)

    def _describe(self, error: Exception, where: str) -> Fault | Unchecked:
        """Return what an exception in a submodule or a step means; both sides of widths that don't fit."""
        place = find_place(error, self.submodules)
        inner = place.path or where
        path = f"{self.root}.{inner}" if inner in self.submodules else f"{self.root}: {where}"
        if needs_values(error):
            return Unchecked(path=path, why=f"on meta, {explain_needed_values(error)} ({place.line})")
        if isinstance(error, NotBuiltError):
            return Unchecked(path=path, why=str(error))
        if isinstance(error, UserError):
            return Fault(path=path, what=str(error))
        if mismatch := _mismatch(place):
            givers = sorted(self.flow.givers(place.layer_input)) if place.layer_input is not None else []
            named = " and ".join(f"{self.root}.{giver}" for giver in givers) or "the data"
            what = f"{named} gives {mismatch[0]} features, but {path} takes {mismatch[1]}"
            return Fault(path=path, what=what, hint=self.suggest(givers, inner))
        first_line = str(error).strip().partition("\n")[0]
        what = f"{type(error).__name__}: {first_line} ({place.line})"
        if self.unknown:
            why = f"a batch holds {', '.join(self.unknown)}, which isn't known here ({what})"
            return Unchecked(path=path, why=why)
        return Fault(path=path, what=what)


def _stand_in(width: Any, given: list[Tensor]) -> Tensor | None:
    numbers = [tensor for tensor in given if tensor.is_floating_point() and tensor.dim() > 1]
    if not isinstance(width, int) or not numbers:
        return None
    zeros = numbers[0].new_zeros(*numbers[0].shape[:-1], width)
    return zeros + sum(0 * tensor.sum() for tensor in numbers)  # gradients go through


def _shapes(tensors: list[Tensor]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(tensor.shape) for tensor in tensors)


def _mismatch(place: ErrorPlace) -> tuple[int, int] | None:
    """Return both widths where a layer was given another one than it takes."""
    widths = (getattr(place.layer, name, None) for name in _WIDTH_NAMES)
    taken = next(filter(None, widths), None)
    if not isinstance(taken, int) or place.layer_input is None or place.layer_input.dim() < 2:
        return None
    is_grid = isinstance(place.layer, _CONVOLUTIONS + _NORMALISATIONS)
    given = place.layer_input.shape[1 if is_grid else -1]
    return (given, taken) if given != taken else None
