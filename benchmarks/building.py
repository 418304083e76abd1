"""Cost of building a composite: through the container, and by hand with each submodule seeded alike.

Run it from the project's folder with ``python -m benchmarks.building``, after
``pip install -c constraints.txt -e '.[benchmarks]'``. One CPU thread; ways in turn, medians; garbage is
collected before each, so that none pays for what another left. Then it goes from a YAML file with 300
extractors to the composite, each time in a new process, and lets jsonargparse and Hydra read such a file.
"""

import gc
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import hydra
import torch
import typer
import yaml
from dependency_injector import providers
from jsonargparse import ArgumentParser
from omegaconf import OmegaConf
from rich.console import Console
from rich.table import Table
from torch import nn

from nested_lightning import ApplicationSettings, bootstrap, family_container, load_settings
from nested_lightning.app.assembly.seeding import derive_seed, seeded
from nested_lightning.app.multi_feature.group_specs import ColumnSpec, GroupSpec
from nested_lightning.app.multi_feature.model import MultiFeatureClassifier
from nested_lightning.app.multi_feature.objectives.classes import ClassesObjective
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec
from nested_lightning.app.multi_feature.targets.specs import ClassTarget
from nested_lightning.app.submodules.combiners import Concatenation
from nested_lightning.app.submodules.feature_extractors import NormalizedFeatureExtractor
from nested_lightning.app.submodules.heads import NormalizedHead
from nested_lightning.app.training.optimizers import build_adam
from nested_lightning.app.training.schedules import build_one_cycle

NUM_CLASSES = 10
NUM_COLUMNS = 20
NUM_READ = 300
"""Extractors in the file that is read."""
Build = Callable[[], Any]


def make_target() -> ClassTarget:
    """Return ten classes."""
    names = tuple(map(str, range(NUM_CLASSES)))
    return ClassTarget(column="y", names=names, counts=(10,) * NUM_CLASSES)


def make_data_spec(num_groups: int) -> MultiFeatureDataSpec:
    """Return the facts of a table with groups ``g0``, ``g1``, … of 20 columns each."""
    groups = [
        GroupSpec(name=f"g{i}", columns=tuple(ColumnSpec(name=f"g{i}_{j}") for j in range(NUM_COLUMNS)))
        for i in range(num_groups)
    ]
    return MultiFeatureDataSpec(groups=tuple(groups), target=make_target())


def write_settings(path: Path, num_groups: int) -> None:
    """Write a settings file in which every group has an extractor of its own, and the head is a small one."""
    extractor = {"kind": "normalized", "hidden_features": 64, "out_features": 32, "dropout": 0.3}
    extractors = {f"g{i}": dict(extractor) for i in range(num_groups)}
    chosen = {"feature_extractors": extractors, "head": {"kind": "normalized"}}
    path.write_text(yaml.safe_dump({"model": "multi-feature", "multi_feature": chosen}))


def through_container(settings: ApplicationSettings, data_spec: MultiFeatureDataSpec) -> Build:
    """Return what builds the composite by its provider, in a ready container."""
    family = family_container(bootstrap(settings))
    family.known_data_spec.override(providers.Object(data_spec))
    build: Build = family.model
    return build


def by_hand(data_spec: MultiFeatureDataSpec, *, restores_state: bool) -> MultiFeatureClassifier:
    """Build the same by hand, each submodule seeded by its path.

    Args:
        data_spec: Groups and classes.
        restores_state: Whether torch's random state is put back behind each submodule, as the container does;
            else ``torch.manual_seed`` is called in front of each.
    """

    def build(name: str, factory: Callable[[], nn.Module]) -> Any:
        path = f"multi_feature.{name}"
        if restores_state:
            with seeded(0, path):
                return factory()
        torch.manual_seed(derive_seed(0, path))
        return factory()

    extractors = {
        group: build(
            f"feature_extractors.{group}",
            partial(
                NormalizedFeatureExtractor,
                in_features=width,
                hidden_features=64,
                out_features=32,
                dropout=0.3,
            ),
        )
        for group, width in data_spec.widths.items()
    }
    combiner = build("combiner", partial(Concatenation, in_features=dict.fromkeys(extractors, 32)))
    head = build("head", partial(NormalizedHead, in_features=combiner.out_features, out_features=NUM_CLASSES))
    return MultiFeatureClassifier(
        feature_extractors=extractors,
        combiner=combiner,
        head=head,
        objective=ClassesObjective(target=make_target(), label_smoothing=0.1),
        optimizer=partial(build_adam, lr=1e-3),
        schedule=build_one_cycle,
    )


def parse_by_jsonargparse(plain: dict[str, Any]) -> None:
    """Let jsonargparse check the settings of as many extractors, each a class with its arguments."""
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--extractors", type=dict[str, nn.Module])
    target = f"{NormalizedFeatureExtractor.__module__}.{NormalizedFeatureExtractor.__qualname__}"
    parser.parse_object(
        {
            "extractors": {
                name: {"class_path": target, "init_args": {**arguments, "in_features": NUM_COLUMNS}}
                for name, arguments in plain.items()
            }
        }
    )


def build_by_hydra(plain: dict[str, Any]) -> None:
    """Let Hydra build as many extractors."""
    target = f"{NormalizedFeatureExtractor.__module__}.{NormalizedFeatureExtractor.__qualname__}"
    config = {
        name: {"_target_": target, **arguments, "in_features": NUM_COLUMNS}
        for name, arguments in plain.items()
    }
    hydra.utils.instantiate(OmegaConf.create(config))


def main(
    repeats: int = 7,
    read: Annotated[
        Path | None, typer.Option(help="Go from this file to the composite once, and print the milliseconds.")
    ] = None,
) -> None:
    """Print the cost of building, and the ratio to building by hand."""
    torch.set_num_threads(1)
    if read is not None:
        import_module("nested_lightning.containers.multi_feature")  # else within the time
        typer.echo(_time_ms(lambda: _build_from_file(read, make_data_spec(NUM_READ))))
        return
    table = Table("extractors", "way", "ms", "min", "max", "times by hand")
    with tempfile.TemporaryDirectory() as folder:
        for num_groups in (3, NUM_READ):
            path = Path(folder, f"{num_groups}.yaml")
            write_settings(path, num_groups)
            for row in _compare_building(path, num_groups, repeats * (20 if num_groups < 10 else 1)):
                table.add_row(*row)
        Console().print(table)
        Console().print(_compare_reading(path, repeats))


def _compare_building(path: Path, num_groups: int, repeats: int) -> list[list[str]]:
    data_spec = make_data_spec(num_groups)
    ways: dict[str, Build] = {
        "by hand, state put back": partial(by_hand, data_spec, restores_state=True),
        "by hand, torch.manual_seed": partial(by_hand, data_spec, restores_state=False),
        "container": through_container(load_settings(config=path), data_spec),
    }
    models = [build().state_dict() for build in ways.values()]
    assert all(torch.equal(models[0][name], other[name]) for other in models for name in models[0])
    costs = _time_in_turn(ways, repeats)
    hand = statistics.median(costs["by hand, state put back"])
    return [
        [str(num_groups), name, *_cells(values), f"{statistics.median(values) / hand:.2f}"]
        for name, values in costs.items()
    ]


def _compare_reading(path: Path, repeats: int) -> Table:
    plain = yaml.safe_load(path.read_text())["multi_feature"]["feature_extractors"]
    arguments = {name: {k: v for k, v in item.items() if k != "kind"} for name, item in plain.items()}
    costs = {"this project, file to composite": [_read_in_new_process(path) for _ in range(repeats)]}
    costs |= _time_in_turn({"Hydra, extractors alone": partial(build_by_hydra, arguments)}, repeats)
    costs |= _time_in_turn({"jsonargparse, parsing alone": partial(parse_by_jsonargparse, arguments)}, 1)
    table = Table(f"{NUM_READ} extractors", "ms", "min", "max")
    for name, values in costs.items():
        table.add_row(name, *_cells(values))
    return table


def _read_in_new_process(path: Path) -> float:
    """Return the milliseconds from file to composite, without the start of the process and its imports."""
    command = [sys.executable, "-m", "benchmarks.building", "--read", str(path)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _build_from_file(path: Path, data_spec: MultiFeatureDataSpec) -> Any:
    return through_container(load_settings(config=path), data_spec)()


def _time_in_turn(ways: dict[str, Build], repeats: int) -> dict[str, list[float]]:
    costs: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, build in ways.items():
            costs[name].append(_time_ms(build))
    return costs


def _time_ms(build: Build) -> float:
    gc.collect()
    start_s = time.perf_counter()
    build()
    return (time.perf_counter() - start_s) * 1000


def _cells(values: list[float]) -> list[str]:
    return [f"{summary(values):.2f}" for summary in (statistics.median, min, max)]


if __name__ == "__main__":
    typer.run(main)
