"""Small data files of all families, and what reads each."""

import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from nested_lightning.app.data.splits import RandomSplitter
from nested_lightning.app.image_to_text.captioned_pictures import CaptionLimit, PictureReader
from nested_lightning.app.multi_feature.column_groups import GroupByPrefix
from nested_lightning.app.multi_feature.data import MultiFeatureDataModule
from nested_lightning.app.pictures.decoding import Squaring
from nested_lightning.app.vae_gan.data import VaeGanDataModule
from nested_lightning.app.vae_gan.domain_groups import EachAlone
from nested_lightning.app.variant.data import VariantDataModule
from nested_lightning.app.variant.sampling import ProportionalSampling
from nested_lightning.app.variant.sources.file import SequenceFile
from nested_lightning.app.variant.sources.python import PythonSources
from tests.app.image_to_text.captioned_folder import write_folder


def write_table(folder: Path) -> Path:
    """Write a table as CSV."""
    rows = [f"{i * 0.5},{i % 7},{'red' if i % 2 else 'blue'},0{i % 3}" for i in range(60)]
    path = folder / "table.csv"
    path.write_text("\n".join(["a0,a1,colour,label", *rows]) + "\n")
    return path


def write_gzip(folder: Path) -> Path:
    """Write a gzipped CSV file."""
    path = folder / "table.csv.gz"
    path.write_bytes(gzip.compress(write_table(folder).read_bytes(), mtime=0))
    return path


def write_parquet(folder: Path) -> Path:
    """Write a Parquet file."""
    columns = {"a0": [i * 0.5 for i in range(60)], "label": [f"0{i % 3}" for i in range(60)]}
    parquet.write_table(pa.table(columns), folder / "table.parquet")
    return folder / "table.parquet"


def write_sequences(folder: Path) -> Path:
    """Write sequences as JSONL."""
    rows = [{"text": "abc"[: 1 + i % 3], "label": "xy"[i % 2], "n": i} for i in range(20)]
    (folder / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / "own.jsonl"


def write_vectors(folder: Path) -> Path:
    """Write sequences of vectors as Parquet."""
    rows = [{"vectors": [[i, 0.5], [1.0, i]], "labels": ["x", "y"]} for i in range(20)]
    parquet.write_table(pa.Table.from_pylist(rows), folder / "own.parquet")
    return folder / "own.parquet"


def write_python(folder: Path) -> Path:
    """Write Python sources."""
    for number in range(4):
        lines = f"def f{number}(x):  # é\n    if len([x]) > 1:\n        return f'{{x}}' + \"a\"\n"
        (folder / f"m{number}.py").write_text(lines * 10)
    return folder


def write_captions(folder: Path) -> Path:
    """Write pictures with captions."""
    return write_folder(folder, copies=1)


def write_domains(folder: Path) -> Path:
    """Write pictures in sub-folders."""
    for number, file in enumerate(sorted((write_folder(folder / "all", copies=2) / "images").iterdir())):
        (folder / "data" / "ab"[number % 2]).mkdir(parents=True, exist_ok=True)
        file.rename(folder / "data" / "ab"[number % 2] / file.name)
    return folder / "data"


def zipped(write: Callable[[Path], Path]) -> Callable[[Path], Path]:
    """Return what writes the same as a zip archive."""

    def write_zip(folder: Path) -> Path:
        inside = write(folder / "inside")
        with zipfile.ZipFile(folder / "data.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(inside.rglob("*.*")):
                archive.write(file, file.relative_to(inside))
        return folder / "data.zip"

    return write_zip


def read_table_data(path: Path) -> object:
    """Read as multi-feature does."""
    options: dict[str, Any] = {"splitter": RandomSplitter(), "grouping": GroupByPrefix(), "label": "label"}
    return MultiFeatureDataModule(
        path=path, batch_size=8, eval_batch_size=8, missing="mean", **options
    ).data_spec


def read_captions_data(path: Path) -> object:
    """Read as image-to-text does."""
    return PictureReader()(path, squaring=Squaring(size=8), limit=CaptionLimit(unit="words", max_length=50))


def read_variant_data(path: Path) -> object:
    """Read as variant does."""
    source = PythonSources(root=path, window=32, margin=4) if path.is_dir() else SequenceFile(path=path)
    options: dict[str, Any] = {"sampling": ProportionalSampling(), "splitter": RandomSplitter()}
    return VariantDataModule(sources={"own": source}, batch_size=4, **options).data_spec


def read_domains_data(path: Path) -> object:
    """Read as vae-gan does."""
    options: dict[str, Any] = {"grouping": EachAlone(), "splitter": RandomSplitter()}
    return VaeGanDataModule(path=path, image_size=8, batch_size=4, eval_batch_size=4, **options).data_spec


KINDS: dict[str, tuple[Callable[[Path], Path], Callable[[Path], object]]] = {
    "multi-feature CSV": (write_table, read_table_data),
    "multi-feature CSV, gzipped": (write_gzip, read_table_data),
    "multi-feature Parquet": (write_parquet, read_table_data),
    "image-to-text folder": (write_captions, read_captions_data),
    "image-to-text zip": (zipped(write_captions), read_captions_data),
    "variant JSONL": (write_sequences, read_variant_data),
    "variant Parquet": (write_vectors, read_variant_data),
    "variant Python": (write_python, read_variant_data),
    "vae-gan folder": (write_domains, read_domains_data),
    "vae-gan zip": (zipped(write_domains), read_domains_data),
}
