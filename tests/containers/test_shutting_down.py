"""What a process has open before and after the life of a container, as the operating system tells it."""

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import torch
from dependency_injector import providers
from dependency_injector.containers import DeclarativeContainer
from pyarrow import csv, json, parquet
from pytorch_lightning import Callback

from nested_lightning import (
    bootstrap,
    compose_application,
    family_container,
    find_family,
    from_checkpoint,
    parse_settings,
)
from nested_lightning.app.errors import UserError
from nested_lightning.settings.reading.merging import merge
from tests.app.image_to_text.captioned_folder import write_folder
from tests.conftest import make_picture_folder, make_picture_settings
from tests.tiny_variants import variant_settings

Nested = dict[str, Any]


def what_is_open() -> Counter[str]:
    """Return files and maps by name, and threads; but for libraries, and a pipe that pyarrow keeps."""
    opened = [target for link in Path("/proc/self/fd").iterdir() if "pipe:" not in (target := _target(link))]
    maps = [line.split(maxsplit=5) for line in Path("/proc/self/maps").read_text().splitlines()]
    mapped = {line[5] for line in maps if len(line) == 6 and line[5].endswith("(deleted)")}
    return Counter([*opened, *mapped, *(thread.name for thread in threading.enumerate())])


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:  # the folder that is listed, closed by now
        return "pipe:"


def zipped(folder: Path) -> str:
    path = folder.with_suffix(".zip")
    with ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*.*")):
            archive.write(file, file.relative_to(folder))
    return str(path)


def small_run(model: str, folder: Path, **section: Any) -> Nested:
    trainer = {"max_epochs": 1, "accelerator": "cpu", "use_progress_bar": False, "use_tensorboard": True}
    return {
        "model": model,
        "run_dir": str(folder / "run"),
        "trainer": trainer,
        model.replace("-", "_"): section,
    }


def rows_on_disk(folder: Path, table: Path) -> Nested:
    storage = {"kind": "disk", "folder": str(folder)}
    data = {"path": str(table), "label": "shape", "batch_size": 16, "storage": storage}
    return small_run("multi-feature", folder, data=data)


def rows_in_memory(folder: Path, table: Path) -> Nested:
    parquet.write_table(csv.read_csv(table), folder / "table.parquet")
    data = {"path": str(folder / "table.parquet"), "label": "shape", "batch_size": 16}
    return small_run("multi-feature", folder, data=data)


def captions_in_a_zip(folder: Path, table: Path) -> Nested:
    pictures = write_folder(folder / "drawings", copies=2)
    return small_run(
        "image-to-text",
        folder,
        data={"path": zipped(pictures), "picture_size": 16, "batch_size": 8},
        image_encoder={"stem_channels": 8, "stem_stride": 2, "channels": [8]},
        bridge={"out_features": 8},
        text_decoder={"embedding_dim": 6, "hidden_features": 8},
        generation={"kind": "greedy"},
    )


def pictures_in_a_zip(folder: Path, table: Path) -> Nested:
    values = make_picture_settings(make_picture_folder(folder), folder / "run")
    data = {"path": zipped(folder / "shapes")}
    return merge(values, {"vae_gan": {"data": data}, "trainer": {"use_tensorboard": True}})


def sequences_in_files(folder: Path, table: Path) -> Nested:
    values = variant_settings(folder / "data", folder / "run")
    lines = folder / "data" / "letters.jsonl"
    parquet.write_table(json.read_json(lines), lines.with_suffix(".parquet"))
    lines.unlink()
    return merge(values, {"trainer": {"use_tensorboard": True}})


KINDS = [rows_on_disk, rows_in_memory, captions_in_a_zip, pictures_in_a_zip, sequences_in_files]


@pytest.mark.slow
@pytest.mark.parametrize("make", KINDS)
def test_a_container_that_trained_evaluated_and_predicted_leaves_nothing_open(
    make: Callable[[Path, Path], Nested], small_csv: Path, tmp_path: Path
) -> None:
    settings = make(tmp_path, small_csv)
    before = what_is_open()

    application = bootstrap(settings)
    family = family_container(application)
    run = family.training_run()
    best = run().best_checkpoint
    reloaded = from_checkpoint(best)
    predictor, evaluator = family.predictor(), family_container(reloaded).evaluator()
    evaluator("test")
    loader = family.datamodule().val_dataloader()
    application.shutdown_resources()
    reloaded.shutdown_resources()

    assert what_is_open() - before == Counter()
    del run, predictor, evaluator, loader  # a host may still hold them


def test_what_is_shut_down_can_be_used_and_shut_down_again(small_csv: Path, tmp_path: Path) -> None:
    before = what_is_open()
    application = bootstrap(rows_on_disk(tmp_path, small_csv))
    datamodule = application.multi_feature.datamodule()
    part = datamodule.part("test")
    loader = datamodule.train_dataloader()
    first_rows = part[:2].features["kar"].clone()
    fingerprint = datamodule.fingerprint

    application.shutdown_resources()

    for use in (lambda: part[:2], lambda: len(part), lambda: next(iter(loader))):
        with pytest.raises(RuntimeError, match=r"these rows were closed, by shutdown_resources\(\)"):
            use()
    assert torch.equal(datamodule.part("test")[:2].features["kar"], first_rows)
    assert application.multi_feature.datamodule().fingerprint == fingerprint
    assert what_is_open() - before != Counter()
    application.shutdown_resources()
    assert what_is_open() - before == Counter()


def test_rows_that_a_host_still_holds_stay_and_are_warned_of(small_csv: Path, tmp_path: Path) -> None:
    before = what_is_open()
    application = bootstrap(rows_on_disk(tmp_path, small_csv))
    rows = application.multi_feature.datamodule().part("test").features["kar"]
    total = rows.sum()

    with pytest.warns(ResourceWarning, match="stays open: something still refers to rows in it"):
        application.shutdown_resources()

    assert rows.sum() == total
    assert len(what_is_open() - before) == 1
    del rows
    assert what_is_open() - before == Counter()


class HostContainer(DeclarativeContainer):
    config = providers.Configuration(strict=True)
    application: Any = providers.Container(
        compose_application(find_family("multi-feature")),
        settings=providers.Singleton(parse_settings, config),
    )


class GuestContainer(DeclarativeContainer):
    application: Any = providers.DependenciesContainer(multi_feature=providers.DependenciesContainer())
    datamodule = providers.Callable(lambda given: given, application.multi_feature.datamodule)


def test_a_hosts_shutdown_reaches_an_application_within_it(small_csv: Path, tmp_path: Path) -> None:
    settings = rows_on_disk(tmp_path, small_csv)
    before = what_is_open()
    live = bootstrap(settings)
    for host in (HostContainer(config=settings), GuestContainer(application=live)):
        datamodule = host.application.multi_feature.datamodule()
        datamodule.setup()
        assert what_is_open() - before != Counter()

        host.shutdown_resources()

        assert what_is_open() - before == Counter()


def test_one_applications_shutdown_leaves_another_alone(small_csv: Path, tmp_path: Path) -> None:
    settings = rows_on_disk(tmp_path, small_csv)
    one, other = bootstrap(settings), bootstrap(settings)
    part = other.multi_feature.datamodule().part("test")
    one.multi_feature.datamodule().setup()

    one.shutdown_resources()

    assert len(part[:2]) == 2
    other.shutdown_resources()


class Failing(Callback):
    def on_train_epoch_end(self, *args: Any) -> None:
        raise ValueError("full of sand")


@pytest.mark.slow
@pytest.mark.parametrize("make", KINDS)
def test_a_training_that_fails_leaves_nothing_open(
    make: Callable[[Path, Path], Nested], small_csv: Path, tmp_path: Path
) -> None:
    application = bootstrap(make(tmp_path, small_csv), overrides={"trainer.epoch_log": Failing})
    before = what_is_open()

    with pytest.raises(ValueError, match="full of sand") as failure:
        family_container(application).training_run()()
    application.shutdown_resources()

    assert what_is_open() - before == Counter()
    assert failure.tb is not None  # what it refers to is still there


@pytest.mark.parametrize("make", [captions_in_a_zip, pictures_in_a_zip])
def test_an_archive_with_a_broken_picture_is_closed_at_once(
    make: Callable[[Path, Path], Nested], small_csv: Path, tmp_path: Path
) -> None:
    settings = make(tmp_path, small_csv)
    [archive] = tmp_path.glob("*.zip")
    with ZipFile(archive, "a") as file:
        file.writestr("dot/broken.png", b"no picture")
        file.writestr("more.csv", b"image,caption\ndot/broken.png,a dot\n")
    before = what_is_open()
    data = {"data": {"captions_file": "more.csv"}} if settings["model"] == "image-to-text" else {}
    section = settings["model"].replace("-", "_")

    with pytest.raises(UserError, match=r"broken\.png") as refusal:
        family_container(bootstrap(merge(settings, {section: data}))).data_spec()

    assert what_is_open() - before == Counter()
    assert refusal.tb is not None  # what it refers to is still there
