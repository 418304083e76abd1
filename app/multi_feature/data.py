"""The data of the multi-feature family: a table whose columns form groups, but for those to be predicted."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import cached_property, partial
from typing import Any, Unpack

import numpy as np
import pyarrow as pa
import torch
from typing_extensions import override

from nested_lightning.app.data.fingerprint import fingerprint
from nested_lightning.app.data.split_data import Loading, SplitDataModule
from nested_lightning.app.data.splits import PartName, Split, Splitter
from nested_lightning.app.data.stratified import Rows
from nested_lightning.app.errors import RowError, UserError, errors_naming
from nested_lightning.app.lifetime import Lifetime
from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.column_groups import Grouping
from nested_lightning.app.multi_feature.data_facts import DataFacts
from nested_lightning.app.multi_feature.encoding import note_unseen
from nested_lightning.app.multi_feature.fitting import fit_groups
from nested_lightning.app.multi_feature.group_specs import Sort
from nested_lightning.app.multi_feature.picture_column import TablePictures
from nested_lightning.app.multi_feature.picture_tables import pictures_beside, source_of
from nested_lightning.app.multi_feature.samples import SampleReader, Samples
from nested_lightning.app.multi_feature.spec import MissingPolicy, MultiFeatureDataSpec
from nested_lightning.app.multi_feature.storage import MemoryStorage, Truth, encode_parts
from nested_lightning.app.multi_feature.targets.guessing import Guess
from nested_lightning.app.multi_feature.targets.reading import WantedTarget
from nested_lightning.app.pictures.decoding import Fit
from nested_lightning.app.pictures.sizes import PictureSizes
from nested_lightning.app.tables.column_values import is_missing, number_values, text_values
from nested_lightning.app.tables.table_sources import GivenTable

Read = tuple[MultiFeatureDataSpec, Mapping[PartName, FeatureBatch]]


def _count_missing(column: pa.ChunkedArray, kind: str) -> int:
    if kind == "labels" or pa.types.is_nested(column.type):  # an empty text is a row without labels
        return column.null_count
    values = number_values(column) if kind in ("number", "boolean", "counts") else None
    return int(is_missing(text_values(column) if values is None else values).sum())


class MultiFeatureDataModule(SplitDataModule[MultiFeatureDataSpec, FeatureBatch]):
    """Reads a table once, splits and encodes it, and keeps the result in a storage.

    Args:
        path: A CSV (also gzipped) or Parquet file, several of them, see `read_table`, or a table in memory: a
            data frame of pandas or polars, one of Arrow's, a mapping of columns, see `to_table`, which isn't
            changed; None for the digits that ship with the project.
        label: The column to predict; None: the shipped file's, or those of ``objectives``.
        objective: Kind of what is learnt of it, one of `app.multi_feature.targets.reading.KINDS`; with any
            other the column decides.
        objectives: The same by column, where there are several; empty: ``label`` is the only one.
        positive: The class that counts as positive where there are two; None: the second in order.
        label_separator: Stands between the labels of a cell; None: cells of several labels are lists.
        weight: The column that says what each row counts in the loss; None: all count alike.
        grouping: Makes groups of the other columns, for instance ``GroupByPrefix()``.
        categorical: Columns whose values are categories, each of which becomes a feature. Columns of words
            with few different ones are taken for such without being named.
        excluded: Columns that are no features, or patterns such as ``note_*``.
        missing: What to do about missing values; see ``MultiFeatureDataSpec``.
        allow_missing_groups: Whether a row may lack all columns of a group.
        sorts: Columns of a sort of their own, where it isn't to be found, see `find_sorts`.
        picture_size: Pixels to each side of pictures; None: as they are, see `PictureSizes.followed`.
        picture_fit: How pictures become square; None: as the extractor wants it, else ``pad``.
        preparations: Says by group and sort how its pretrained extractor wants pictures or texts, see
            `PicturePreparation` and `TextPreparation`; None: it isn't one.
        picture_folder: Where pictures lie, see `PictureFinder`.
        splitter: Chooses the rows of each part.
        storage: Where the rows lie, see `app.multi_feature.storage`; None: in memory.
        lifetime: Gives what calls `close` at its end, and is asked whenever the file is read.
        **loading: See `SplitDataModule`.
    """

    def __init__(
        self,
        *,
        path: Any,
        label: str | None,
        objective: str = "auto",
        objectives: Mapping[str, str] | None = None,
        positive: str | None = None,
        label_separator: str | None = None,
        weight: str | None = None,
        grouping: Grouping,
        categorical: Sequence[str] = (),
        excluded: Sequence[str] = (),
        missing: MissingPolicy = "error",
        allow_missing_groups: bool = False,
        sorts: Mapping[str, Sort] | None = None,
        picture_size: int | None = None,
        picture_fit: Fit | None = None,
        preparations: Callable[[str, Sort], Any] = lambda *_: None,
        picture_folder: str | None = None,
        splitter: Splitter,
        storage: MemoryStorage | None = None,
        lifetime: Callable[[], Lifetime] = Lifetime,
        **loading: Unpack[Loading],
    ) -> None:
        super().__init__(**loading)
        known = self._given_spec
        self._source = source_of(path)
        labels = known.target_columns if known else self._source.usual_labels
        kinds = objectives or dict.fromkeys((label,) if label else labels, objective)
        self._splitter = splitter
        self._storage = storage or MemoryStorage()
        self._samples_of = SampleReader(
            known=known,
            wanted=WantedTarget(
                kinds=kinds, is_several=bool(objectives), positive=positive, separator=label_separator
            ),
            weight=weight or (known.weight if known else None),
            grouping=grouping,
            categorical=known.categorical if known else tuple(categorical),
            excluded=tuple(excluded),
            missing=known.missing if known else missing,
            allow_missing_groups=known.allow_missing_groups if known else allow_missing_groups,
            sorts=sorts or {},
            preparations=preparations,
            reserved=splitter.reserved_columns,
            storage=self._storage,
        )
        self._target_guesses: Mapping[str, Guess] = {}
        self._picture_sizes: dict[str, PictureSizes] = {}
        self._pictures = partial(
            TablePictures,
            size=picture_size,
            fit=picture_fit,
            folder=picture_folder,
            is_keeping=self._storage.is_in_memory,
        )
        self._lifetime = lifetime
        self._num_left_out = 0
        self._rows: dict[PartName, Rows] = {}

    def rows(self, name: PartName) -> Rows:
        """Return the numbers of the file's rows that `part` has, from 1, in its order."""
        self.setup()
        return self._rows[name]

    def missing_values(self) -> dict[str, int]:
        """Return how many cells of each column that is read are empty, in all rows of the file.

        They are read once more. A cell counts as empty that holds what stands for nothing there, such as NA.
        """
        table = self._source.read(text_columns=self._samples_of.text_columns, reader=self._storage)
        spec = self.data_spec
        kinds = {**{name: one.kind for name, one in spec.targets.items()}, **spec.kinds}
        there = [name for name in kinds if name in table.column_names]
        return {name: _count_missing(table.column(name), kinds[name]) for name in there}

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all parts as they are split and encoded, see `app.data.fingerprint`."""
        return fingerprint(list(self._parts[1].values()), release=self._storage.release)

    def __getstate__(self) -> dict[str, Any]:
        """Pickle without the container's lifetime, since the datamodule is then in another process."""
        return vars(self) | {"_lifetime": Lifetime}

    def close(self) -> None:
        """Give up the rows and their files; whoever asks for rows again has the table read again."""
        for name in ("_parts", "fingerprint"):
            self.__dict__.pop(name, None)
        self._storage.close()

    @override
    def _facts(self) -> Mapping[str, Any]:
        facts = self._understood.facts(self._parts[1].values(), num_left_out=self._num_left_out)
        digest = {"digest": self.fingerprint} if isinstance(self._source, GivenTable) else {}
        return {"file": str(self._source), **digest, **facts}

    @override
    def _guesses(self) -> Sequence[str]:
        return self._understood.guesses(self._samples_of.grouping)

    @property
    def _understood(self) -> DataFacts:
        return DataFacts(
            source=self._source,
            spec=self.data_spec,
            objectives=self._target_guesses,
            sizes=self._picture_sizes,
        )

    @override
    def _read_parts(self) -> Read:
        self._lifetime().add(self)
        table = self._source.read(text_columns=self._samples_of.text_columns, reader=self._storage)
        with errors_naming(self._source), closing(pictures_beside(self._source)) as source:
            pictures = self._pictures(table=table, source=source, sizes=self._picture_sizes)
            samples = self._samples_of(table, pictures)
            self._target_guesses = samples.targets.guesses
            self._num_left_out = table.num_rows - len(samples.numbers)
            try:
                return self._encode(samples)
            except RowError as error:
                raise error.within((samples.numbers - 1).tolist()) from None

    def _encode(self, samples: Samples) -> Read:
        targets = samples.targets
        split = self._splitter(targets.strata(self._splitter.min_class_size), samples.table)
        self._rows = {name: samples.numbers[rows] for name, rows in split.parts.items()}
        spec = self._given_spec or self._fit(samples, split)
        note_unseen(samples.columns, spec)
        weight = None if samples.weight is None else torch.from_numpy(samples.weight.astype(np.float32))
        truth = Truth(target=targets.encode(spec.target), weight=weight)
        return spec, encode_parts(samples.columns, spec.groups, samples.presence, truth, split, self._storage)

    def _fit(self, samples: Samples, split: Split) -> MultiFeatureDataSpec:
        if len(split.train) == 0:
            raise UserError(
                "the training part has no row at all: choose another multi_feature.data.split; the kind"
                " whole is for evaluation only"
            )
        return MultiFeatureDataSpec(
            groups=fit_groups(samples.columns, samples.groups, split.train),
            target=samples.targets.fit(split.train),
            weight=self._samples_of.weight,
            missing=self._samples_of.missing,
            allow_missing_groups=self._samples_of.allow_missing_groups,
        )
