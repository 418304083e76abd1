"""Whether each preset and each registered choice of a submodule says in ONNX what it says in torch.

Run it from the project's folder with ``python -m benchmarks.exported_choices``, after
``pip install -c constraints.txt -e '.[dev]'``. Models are of the sizes that are the default, on the data that
ship, and train for some steps; each is exported from its checkpoint as ``export`` does it, so that a file
which differs by more than 1e-4 isn't written. Extractors of pictures, of texts and of sequences, which the
table that ships has no columns for, get emoji, their names, and the characters of these. The tests ask the
same of small models. It takes about half an hour on two cores; ``--family`` asks less.
"""

import logging
import shutil
import tempfile
import unicodedata
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import typer
from pyarrow import parquet
from rich.console import Console
from rich.table import Table

from benchmarks.exported import FAMILIES
from benchmarks.pretrained_pictures import WORDS, write_pictures
from nested_lightning import bootstrap, family_container, find_family, from_checkpoint, load_settings
from nested_lightning.app.exporting.exportable import ExportError
from nested_lightning.app.exporting.verification import Difference
from nested_lightning.containers.starting.exporting import export_graphs
from nested_lightning.settings.describing.walking import NamedItems, fields_of
from nested_lightning.settings.slot import Slot

NOT_IN_GRAPHS = ("data", "source", "optimizer", "schedule", "loss", "balance", "generation", "objective")
"""What no graph holds; and objectives, which decide about the data."""
SORTS = ("picture_extractor", "text_extractor", "sequence_extractor")
"""Extractors of groups that need data of their own."""
LIBRARIES = ("timm", "torchvision", "transformers")
"""Their parts need files."""


def choices(family: str) -> Iterator[list[str]]:
    """Yield what ``--set`` would be given for each registered choice of the family's submodules.

    Those of `SORTS` aren't among them.
    """
    model = find_family(family)
    for path, slot in _slots(model.section, model.settings):
        yield from ([f"{path}.kind={kind}"] for kind in slot.choices if is_ours(kind))


def sorted_choices(sort: str) -> list[str]:
    """Return the kinds of one of `SORTS`."""
    slots = dict(fields_of(find_family("multi-feature").settings))
    slot = slots[sort]
    assert isinstance(slot, Slot)
    return [kind for kind in slot.choices if is_ours(kind)]


def combined_choices(family: str) -> list[list[str]]:
    """Return choices that decide about graphs only together."""
    combined: dict[str, list[list[str]]] = {
        "multi-feature": [
            ["multi_feature.data.allow_missing_groups=true", f"multi_feature.combiner.kind={kind}"]
            for kind in ("concatenation", "gated_sum", "attention")
        ],
        "image-to-text": [
            [f"image_to_text.bridge.kind={role}", f"image_to_text.text_decoder.kind={kind}"]
            for role in ("initial_state", "first_input", "every_step", "attention")
            for kind in ("gru", "transformer")
        ],
        "variant": [
            [f"variant.decoder.cell={cell}", f"variant.decoder.is_bidirectional={both}"]
            for cell in ("lstm", "gru")
            for both in ("true", "false")
        ],
        "vae-gan": [["vae_gan.vae.encoder.kind=conv", "vae_gan.vae.decoder.kind=conv"]],
    }
    return combined[family]


def is_ours(kind: str) -> bool:
    """Return whether a kind needs no files; a variant's vectors are no pictures, so those are out too."""
    return not kind.startswith((*LIBRARIES, "picture"))


def _slots(path: str, place: object) -> Iterator[tuple[str, Slot]]:
    if isinstance(place, Slot):
        yield path, place
    elif place is not None and not isinstance(place, NamedItems):
        for name, inner in fields_of(place).items():
            if not name.endswith((*NOT_IN_GRAPHS, *SORTS)):
                yield from _slots(f"{path}.{name}", inner)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A model to export: its family, what is chosen in words, and its settings."""

    family: str
    says: str
    presets: Sequence[str] = ()
    assignments: Sequence[str | Mapping[str, Any]] = ()


def cases(family: str, folder: Path) -> Iterator[Case]:
    """Yield the family's defaults, its presets, and each choice, whose data the folder may take."""
    yield Case(family=family, says="defaults")
    for preset in find_family(family).presets:
        yield Case(family=family, says=f"preset {preset}", presets=[preset])
    for assignments in [*choices(family), *combined_choices(family)]:
        yield Case(family=family, says=" ".join(assignments), assignments=assignments)
    if family == "multi-feature":
        yield from _cases_of_sorts(folder)


def _cases_of_sorts(folder: Path) -> Iterator[Case]:
    pictures, names = folder / "pictures", folder / "names.parquet"
    write_pictures(pictures, WORDS.split()[:4])
    files = sorted(pictures.glob("*/*"))
    columns = {
        "text": [_name(file.stem) for file in files],
        "sequence": [[float(ord(character)) for character in file.stem] for file in files],
        "label": [file.parent.name for file in files],
    }
    parquet.write_table(pa.table(columns), names)
    for sort in SORTS:
        is_picture = sort == "picture_extractor"
        data: dict[str, Any] = {"multi_feature.data.path": str(pictures if is_picture else names)}
        data |= {} if is_picture else {"multi_feature.data": {"label": "label", "texts": ["text"]}}
        for kind in sorted_choices(sort):
            choice = f"multi_feature.{sort}.kind={kind}"
            yield Case(family="multi-feature", says=choice, assignments=[data, choice])


def _name(codes: str) -> str:
    """Return the name of an emoji, from the codes that its file is called by."""
    return " ".join(unicodedata.name(chr(int(code, 16)), code) for code in codes.split("-"))


def export(case: Case, folder: Path, num_steps: int) -> list[Difference]:
    """Train for some steps, export from the checkpoint, and return the largest difference of each graph.

    Raises:
        ExportError: It can't be exported, or answers differently.
    """
    trainer = {"max_steps": num_steps, "accelerator": "cpu", "precision": "32-true", "use_report": False}
    place = {"run_dir": str(folder / "run"), "trainer": {"use_progress_bar": False, **trainer}}
    settings = load_settings(model=case.family, presets=case.presets, assignments=[*case.assignments, place])
    run = family_container(bootstrap(settings)).training_run()
    run.looks_at_test = False
    report = export_graphs(from_checkpoint(run().best_checkpoint, device="cpu"), folder / "model.onnx")
    return [*report.differences.values()]


def main(
    family: Annotated[list[str] | None, typer.Option(help="Only these.")] = None,
    num_steps: Annotated[int, typer.Option(help="Of each training.")] = 10,
) -> None:
    """Print the largest difference of each choice's graphs, and end with 1 if any isn't exported."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    table = Table("family", "choice", "graphs", "largest difference")
    found: list[list[Difference]] = []
    for name in family or FAMILIES:
        with tempfile.TemporaryDirectory() as place:
            for number, case in enumerate(cases(name, Path(place))):
                differences, why = _exported(case, Path(place, f"{number}"), num_steps)
                found.append(differences)
                table.add_row(name, case.says, f"{len(differences)}", why)
                Console(stderr=True).print(name, case.says, len(differences), why, soft_wrap=True)
    console = Console(width=150)
    console.print(table)
    num_graphs, num_exported = sum(map(len, found)), sum(map(bool, found))
    largest = max((one.size for each in found for one in each), default=0.0)
    console.print(
        f"{num_exported} of {len(found)} exported, {num_graphs} graphs, at most {largest:.1e} apart"
    )
    raise typer.Exit(num_exported < len(found))


def _exported(case: Case, folder: Path, num_steps: int) -> tuple[list[Difference], str]:
    """Return the differences, and the largest one or why there is none."""
    try:
        differences = export(case, folder, num_steps)
    except ExportError as error:
        return [], str(error)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return differences, f"{max(one.size for one in differences):.1e}"


if __name__ == "__main__":
    typer.run(main)
