"""From a wiring function of one's own, chosen settings and data to a composite."""

import hashlib
import inspect
import warnings
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, cast

import torch
from pytorch_lightning import LightningDataModule, LightningModule
from pytorch_lightning.utilities.combined_loader import CombinedLoader

from nested_lightning.app.assembly.assembler import Assembler
from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.assembly.widths import StandIn
from nested_lightning.app.assembly.wiring.composing import find_places, wire
from nested_lightning.app.checkpoints.recipe import Recipe
from nested_lightning.app.errors import UserError
from nested_lightning.app.own.data_facts import (
    DataFacts,
    OwnDataSpec,
    fingerprint_of,
    structure_of,
    values_of,
)
from nested_lightning.app.own.lightning_packages import refuse_other_base
from nested_lightning.app.own.setting_up import as_set_up, split_of
from nested_lightning.app.random_numbers import drawing_apart, hashed
from nested_lightning.app.seam.meta_device import on_meta

DATA = "data"
"""The parameter of a wiring function that takes the datamodule."""


class Composer:
    """Builds the composite of a family of one's own."""

    def __init__(
        self, *, function: Callable[..., Any], path: str, arguments: Mapping[str, Any], takes_data: bool
    ) -> None:
        self._function, self._path = function, path
        self._arguments, self._takes_data = arguments, takes_data

    def __call__(self, data_spec: OwnDataSpec, recipe: Recipe, *, assembler: Assembler) -> LightningModule:
        """Build a composite with initial weights by an assembler; its checkpoints will hold the recipe.

        What draws from Python's or numpy's generators, or outside its parts, draws by the seed as well.

        Raises:
            UserError: It has a ``recipe`` of its own, or is no LightningModule.
        """
        facts = DataFacts(path=self._path, known=data_spec.values)
        with nullcontext() if assembler.seed is None else drawing_apart(hashed(assembler.seed)):
            model: Any = self._wire(facts, assembler)
        if not isinstance(model, StandIn):
            refuse_other_base(type(model), LightningModule, f"{self._path}: what its function returns")
        if hasattr(model, "recipe"):
            raise UserError(f"{type(model).__name__}.recipe: rename it, since checkpoints need that name")
        model.recipe = replace(recipe, places=find_places(model, assembler.built))
        return cast(LightningModule, model)

    def differences(self, data_spec: OwnDataSpec) -> dict[str, str]:
        """Wire twice on ``meta``, and return what differs in words, by the path of the part."""
        first, second = Assembler(path=self._path), Assembler(path=self._path)
        with torch.random.fork_rng(devices=[]), on_meta():
            for assembler in (first, second):
                self._wire(DataFacts(path=self._path, known=data_spec.values), assembler)
        pairs = {n: (_described(first, n), _described(second, n)) for n in {**first.built, **second.built}}
        unlike = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        return {
            first.locate(name): f"the wiring gives {one}, and run again {other}"
            for name, (one, other) in unlike.items()
            if not any(below.startswith(f"{name}.") for below in unlike)
        }

    def find_data_spec(self, datamodule: LightningDataModule | None) -> OwnDataSpec:
        """Return what the function reads of the data, found by wiring on ``meta``, and their first batch."""
        datamodule = None if datamodule is None else as_set_up(datamodule)
        facts = DataFacts(path=self._path, data=datamodule)
        with torch.random.fork_rng(devices=[]):
            self._read(facts)
            batches = first_batches(datamodule)
            values = values_of(facts)
            return OwnDataSpec(
                values=values,
                batch=structure_of(batches[0]) if batches else None,
                fingerprint="" if datamodule is None else fingerprint_of(datamodule, values),
                source=source_digest(self._function),
                split=split_of(datamodule),
            )

    def note_changed_source(self, known: OwnDataSpec) -> None:
        """Warn where the wiring isn't written as it was when a checkpoint was made."""
        now = source_digest(self._function)
        if known.source and now and known.source != now:
            file = _source_file(self._function)
            warnings.warn(f"{file} has changed since the checkpoint was written", stacklevel=2)

    def _read(self, facts: DataFacts) -> None:
        """Let the function read the data; a part that can't be built is reported when the model is built."""
        faults: list[CompositionError] = []
        try:
            with on_meta():
                self._wire(facts, Assembler(path=self._path, faults=faults))
        except Exception:
            if not faults:
                raise
            message = f"{faults[0]}; what is wired after it is unchecked"
            raise CompositionError(message, path=faults[0].path) from faults[0].__cause__

    def _wire(self, facts: DataFacts, assembler: Assembler) -> LightningModule:
        given = {**self._arguments, **({DATA: facts} if self._takes_data else {})}
        return wire(self._function, assembler=assembler, **given)


def first_batches(data: LightningDataModule | LightningModule | None, num_batches: int = 1) -> list[Any]:
    """Return the first training batches; none where there are none, or several loaders give them."""
    loader = None if data is None else data.train_dataloader()
    is_one = not isinstance(loader, Mapping | list | tuple | CombinedLoader)  # several differ by stage
    return [*islice(loader, num_batches)] if loader is not None and is_one else []


def _described(assembler: Assembler, name: str) -> str:
    part = assembler.built.get(name)
    if part is None:
        return "nothing"
    shapes = [tuple(one.shape) for one in part.parameters()]
    return f"{type(part).__name__}{f' of {shapes}' if shapes else ''}"


def data_spec_of(
    known: OwnDataSpec | None, composer: Composer, datamodule: Callable[[], LightningDataModule | None]
) -> OwnDataSpec:
    """Return what a checkpoint knows of the data, or else what is found in them."""
    if known is None:
        data = datamodule()
        given = getattr(data, "data_spec", None)  # a double has the spec of its model's data
        return given if isinstance(given, OwnDataSpec) else composer.find_data_spec(data)
    composer.note_changed_source(known)
    return known


def source_digest(function: Callable[..., Any]) -> str:
    """Return the digest of the file of a class's or function's module; empty where there is none."""
    try:
        file = _source_file(function)
        return "" if file is None else hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except (OSError, TypeError):
        return ""


def _source_file(function: Callable[..., Any]) -> str | None:
    return inspect.getsourcefile(inspect.getmodule(function) or function)
