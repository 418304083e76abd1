"""The standard library's sources, with the kind of token that each character belongs to."""

import hashlib
import sysconfig
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from nested_lightning.app.data.splits import Splitter
from nested_lightning.app.errors import UserError, counted
from nested_lightning.app.folders import list_files
from nested_lightning.app.foreign_files import foreign_file, regular_file
from nested_lightning.app.variant.sources.python_kinds import KINDS, label_characters
from nested_lightning.app.variant.sources.records import Labels, Origin, SequenceRecords, SourceContent
from nested_lightning.app.variant.windows import check_window

_LEFT_OUT = {
    "__pycache__",
    "dist-packages",
    "ensurepip",  # nothing but wheels
    "encodings",  # tables
    "idlelib",
    "lib2to3",
    "pydoc_data",  # one long text
    "site-packages",
    "test",
    "tests",
    "turtledemo",
}
_MIN_CHARACTERS = 200


@dataclass(frozen=True, kw_only=True)
class PythonSources:
    """Files of the running interpreter's standard library; each character's class is its kind of token.

    Files are split, so that no file of one part is in another; tests, tables and what was installed are left
    out. The hash in the data spec covers names and contents, since they differ between versions of Python.

    Args:
        root: Folder of the sources; None: the standard library's.
        max_files: Files to use at most, drawn with ``seed``; None: all.
        window, margin: Characters, see `cut_windows`.
        seed: Decides which files are used where ``max_files`` is set.
    """

    root: Path | None = None
    max_files: int | None = None
    window: int = 512
    margin: int = 32
    seed: int = 0

    def __post_init__(self) -> None:
        check_window(self.window, self.margin)

    def __call__(
        self, variant: str, splitter: Splitter, class_names: tuple[str, ...] | None
    ) -> SourceContent:
        """Read, label and split the files."""
        root = self.root or Path(sysconfig.get_path("stdlib"))
        texts = _read_all(root, self._choose(root, variant))
        records = SequenceRecords(
            inputs=list(texts.values()),
            labels=[_label(root / name, text) for name, text in texts.items()],
            origins=[Origin(name, 1) for name in texts],
        )
        split = splitter(np.zeros(len(texts), dtype=np.int64), pa.table({"file": list(texts)}))
        return SourceContent(
            kind="characters",
            class_names=KINDS,
            has_step_labels=True,
            parts=records.split(split),
            window=self.window,
            margin=self.margin,
            origin_hash=_hash(texts),
        )

    def _choose(self, root: Path, variant: str) -> list[str]:
        names = sorted(
            name.as_posix()
            for name in list_files(root)
            if name.suffix == ".py" and not _LEFT_OUT & {*name.parts}
        )
        if len(names) < 3:
            raise UserError(
                f"variant '{variant}': {root} has {counted(len(names), 'Python source')}, and 3 are needed:"
                " this interpreter came without the sources of its standard library. Run another one, set"
                f" variant.variants.{variant}.source.root to a folder of Python files, or leave the variant"
                f" out (variant.variants.{variant}.is_trained=false and is_evaluated=false)"
            )
        if self.max_files is None or self.max_files >= len(names):
            return names
        drawn = np.random.default_rng(self.seed).choice(len(names), self.max_files, replace=False)
        return [names[i] for i in sorted(drawn.tolist())]


def read_python(path: Path) -> str:
    """Return a Python source as text, in the encoding that it declares, with a line feed at the end of lines.

    Raises:
        UserError: The file can't be read, or isn't in that encoding.
    """
    regular_file(path)
    with foreign_file(path):
        try:
            with tokenize.open(path) as file:
                return file.read()
        except (SyntaxError, UnicodeDecodeError) as error:
            raise UserError(f"isn't text in the encoding that it declares ({error})") from None


def _read_all(root: Path, names: Sequence[str]) -> dict[str, str]:
    texts = {name: read_python(root / name) for name in names}
    long_enough = {name: text for name, text in texts.items() if len(text) >= _MIN_CHARACTERS}
    return long_enough if len(long_enough) >= 3 else texts


def _label(path: Path, text: str) -> Labels:
    with foreign_file(path):
        return label_characters(text)


def _hash(texts: dict[str, str]) -> str:
    digest = hashlib.sha256()
    for name, text in texts.items():
        digest.update(f"{name}\0{text}\0".encode(errors="surrogatepass"))
    return digest.hexdigest()
