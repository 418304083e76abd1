"""What stands behind the seam, and that nothing else does."""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning.loops.training_epoch_loop import _TrainingEpochLoop

import nested_lightning
from nested_lightning.app.seam import versions
from nested_lightning.app.seam.meta_device import on_meta
from nested_lightning.app.seam.quick_loop import QuickEpochLoop
from tests.app.training.tiny_training import TinyData, tiny_model, tiny_trainer
from tests.command_line import PROJECT

LIBRARIES = ("torch", "pytorch_lightning", "lightning_fabric", "torchmetrics", "lightning_utilities")
SEAM = "nested_lightning.app.seam"
BY_METACLASSES = ("_abc_impl", "_backward_cls")
OF_DEPENDENCY_INJECTOR = ("_copy_overridings",)  # which its documentation has custom providers call


@pytest.fixture
def untested_versions(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Versions of torch and Lightning that nobody has tried."""
    monkeypatch.setattr(versions, "TESTED", {"torch": ((1, 0),), "pytorch-lightning": ((1, 0),)})
    versions.are_tested.cache_clear()
    yield
    monkeypatch.undo()
    versions.are_tested.cache_clear()


def test_versions_that_were_not_tested_train_by_lightnings_own_loop_to_the_same_weights(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    weights = []
    for loop in (QuickEpochLoop, _TrainingEpochLoop):
        trainer, model = tiny_trainer(tmp_path), tiny_model()
        assert type(trainer.fit_loop.epoch_loop) is loop
        trainer.fit(model, datamodule=TinyData())
        weights.append(torch.nn.utils.parameters_to_vector(model.parameters()).detach())
        if loop is QuickEpochLoop:
            request.getfixturevalue("untested_versions")

    assert torch.equal(*weights)


def test_with_versions_that_were_not_tested_meta_is_torchs_own(untested_versions: None) -> None:
    with on_meta(), pytest.raises(RuntimeError, match="meta"):
        torch.arange(3).sum().item()


@pytest.mark.slow
def test_nothing_private_of_the_libraries_is_used_outside_of_the_seam() -> None:
    found = [f"{name}: {use}" for name, module in _modules() for use in _private_uses(name, module)]

    assert found == []


def test_private_uses_are_found_where_they_are() -> None:
    uses = {name: [*_private_uses(name, module, is_seam=False)] for name, module in _modules(SEAM)}

    assert "overrides _TrainingEpochLoop._build_kwargs" in uses[f"{SEAM}.quick_loop"]
    assert "._clip_gradients" in uses[f"{SEAM}.quick_loop"]
    assert "torch.utils._python_dispatch" in uses[f"{SEAM}.known_values"]
    assert "._schema" in uses[f"{SEAM}.known_values"]


def _modules(within: str = "nested_lightning") -> Iterator[tuple[str, Any]]:
    for info in pkgutil.walk_packages(nested_lightning.__path__, "nested_lightning."):
        if info.name.startswith(within) and not info.name.endswith("__main__"):
            yield info.name, importlib.import_module(info.name)


@cache
def _own_names() -> set[str]:
    """Return the names that the project's own code defines: functions, classes, attributes, variables."""
    names = set()
    for folder in ("app", "commands", "containers", "settings", "nested_lightning"):
        for file in (PROJECT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.FunctionDef | ast.ClassDef):
                    names.add(node.name)
                elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
                    names.add(node.id if isinstance(node, ast.Name) else node.attr)
    return names


def _private_uses(name: str, module: Any, *, is_seam: bool | None = None) -> Iterator[str]:
    if name.startswith(SEAM) if is_seam is None else is_seam:
        return
    tree = ast.parse(Path(module.__file__).read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in LIBRARIES:
            parts = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
            yield from [str(node.module)] if any(map(_is_private, parts)) else []
        elif isinstance(node, ast.Attribute) and _is_private(node.attr):
            is_of_python = isinstance(node.value, ast.Name) and node.value.id in ("sys", "os")
            if node.attr not in _own_names() and node.attr not in OF_DEPENDENCY_INJECTOR and not is_of_python:
                yield f".{node.attr}"
    for each in vars(module).values():
        if inspect.isclass(each) and each.__module__ == name:
            yield from _private_overrides(each)


def _private_overrides(made: type) -> Iterator[str]:
    for base in made.__mro__[1:]:
        if base.__module__.split(".")[0] in LIBRARIES:
            for attribute in vars(made):
                if _is_private(attribute) and attribute in vars(base) and attribute not in BY_METACLASSES:
                    yield f"overrides {base.__name__}.{attribute}"


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")
