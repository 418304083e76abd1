"""The data of the multi-feature family: a table whose columns form groups, but for those to be predicted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from pyarrow import compute
from typing_extensions import override

from nested_lightning.app.data.data_summary import counts_of
from nested_lightning.app.data.fingerprint import fingerprint
from nested_lightning.app.data.split_data import SplitDataModule
from nested_lightning.app.data.splits import PartName, Split, Splitter, note_given_parts
from nested_lightning.app.data.stratified import Rows
from nested_lightning.app.errors import RowError, UserError, errors_naming, name_list
from nested_lightning.app.lifetime import Lifetime
from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.column_groups import (
    ExplicitGroups,
    Grouping,
    check_columns,
    group_apart,
    select_columns,
)
from nested_lightning.app.multi_feature.encoding import columns_there, fit_groups, note_unseen
from nested_lightning.app.multi_feature.group_specs import Sort
from nested_lightning.app.multi_feature.own_columns import WithOwnColumns
from nested_lightning.app.multi_feature.picture_tables import (
    CLASS,
    ClassFolders,
    pictures_beside,
    source_of,
)
from nested_lightning.app.multi_feature.sorts import find_sorts, read_own_columns
from nested_lightning.app.multi_feature.spec import MissingPolicy, MultiFeatureDataSpec
from nested_lightning.app.multi_feature.storage import MemoryStorage, Truth, encode_parts
from nested_lightning.app.multi_feature.table_pictures import TablePictures
from nested_lightning.app.multi_feature.targets.guessing import Guess
from nested_lightning.app.multi_feature.targets.reading import TargetColumns, WantedTarget, read_targets
from nested_lightning.app.multi_feature.targets.row_weights import read_weights
from nested_lightning.app.multi_feature.targets.specs import ClassTarget, targets_by_column, truth_by_column
from nested_lightning.app.multi_feature.token_column import TokenColumn
from nested_lightning.app.pictures.decoding import Fit
from nested_lightning.app.pictures.sizes import PictureSizes
from nested_lightning.app.tables.column_values import Numbers, is_missing, text_values
from nested_lightning.app.tables.missing_values import Flags, find_missing, refuse_missing
from nested_lightning.app.tables.sample_columns import SampleColumns
from nested_lightning.app.tables.table_sources import GivenTable, ShippedTable, TableSource

SHIPPED_LABEL = "digit"

Read = tuple[MultiFeatureDataSpec, Mapping[PartName, FeatureBatch]]


@dataclass(frozen=True)
class _Samples:
    """The rows of a table that take part, before they are encoded."""

    table: pa.Table
    groups: Mapping[str, Sequence[str]]
    columns: SampleColumns
    targets: TargetColumns
    weight: Numbers | None
    presence: Flags
    numbers: Rows

    def keep(self, rows: Flags, table_columns: Sequence[str]) -> "_Samples":
        """Return those samples, and of the table no more than the named columns."""
        there = [name for name in table_columns if name in self.table.column_names]
        return _Samples(
            table=self.table.select(there).filter(pa.array(rows)) if there else self.table,
            groups=self.groups,
            columns=self.columns.keep(rows),
            targets=self.targets.keep(rows),
            weight=None if self.weight is None else self.weight[rows],
            presence=self.presence[rows],
            numbers=self.numbers[rows],
        )


def _usual_labels(source: TableSource) -> tuple[str, ...]:
    """Return the label column of data that have one by nature."""
    if isinstance(source, ClassFolders):
        return (CLASS,)
    return (SHIPPED_LABEL,) if isinstance(source, ShippedTable) else ()


class MultiFeatureDataModule(SplitDataModule[MultiFeatureDataSpec, FeatureBatch]):
    """Reads a table once, splits and encodes it, and keeps what comes of it in a storage.

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
        preparations: Says by group how its pretrained extractor wants pictures or texts, see
            `PicturePreparation` and `TextPreparation`; None: it isn't one.
        picture_folder: Where pictures lie, see `PictureFinder`.
        splitter: Chooses the rows of each part.
        storage: Where the rows lie, see `app.multi_feature.storage`; None: in memory.
        batch_size: Samples of a training batch.
        eval_batch_size: Samples of a validation or test batch.
        seed: Decides the order of the training batches.
        data_spec: The facts that a trained model was built from; its groups, statistics, classes and policies
            are then used as they are, instead of ``grouping``, ``categorical`` and the rest.
        lifetime: Gives what calls `close` at its end, and is asked whenever the file is read.
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
        batch_size: int,
        eval_batch_size: int,
        seed: int = 0,
        data_spec: MultiFeatureDataSpec | None = None,
        lifetime: Callable[[], Lifetime] = Lifetime,
    ) -> None:
        super().__init__(
            batch_size=batch_size, eval_batch_size=eval_batch_size, seed=seed, data_spec=data_spec
        )
        self._source = source_of(path)
        known = data_spec.target_columns if data_spec else _usual_labels(self._source)
        kinds = objectives or dict.fromkeys((label,) if label else known, objective)
        self._wanted = WantedTarget(
            kinds=kinds, is_several=bool(objectives), positive=positive, separator=label_separator
        )
        self._target_guesses: Mapping[str, Guess] = {}
        self._weight = weight or (data_spec.weight if data_spec else None)
        self._grouping = grouping
        self._categorical = data_spec.categorical if data_spec else tuple(categorical)
        self._excluded = tuple(excluded)
        self._missing: MissingPolicy = data_spec.missing if data_spec else missing
        self._allow_missing_groups = data_spec.allow_missing_groups if data_spec else allow_missing_groups
        self._splitter = splitter
        self._storage = storage or MemoryStorage()
        self._picture_sizes: dict[str, PictureSizes] = {}
        self._sorts: Mapping[str, Sort] = sorts or {}
        self._preparations, self._group_of = preparations, dict[str, str]()
        self._pictures = partial(
            TablePictures,
            size=picture_size,
            fit=picture_fit,
            preparations=partial(self._preparation, sort="picture"),
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

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all parts as they are split and encoded, see `app.data.fingerprint`."""
        return fingerprint(list(self._parts[1].values()), release=self._storage.release)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the container's lifetime behind, since the datamodule is in another process then."""
        return vars(self) | {"_lifetime": Lifetime}

    def close(self) -> None:
        """Give up the rows and their files; whoever asks for rows again has the table read again."""
        for name in ("_parts", "fingerprint"):
            self.__dict__.pop(name, None)
        self._storage.close()

    @override
    def _facts(self) -> Mapping[str, Any]:
        spec, parts, sizes = self.data_spec, self._parts[1].values(), self._picture_sizes
        targets = targets_by_column(spec.target)
        return {
            "file": str(self._source),
            **({"digest": self.fingerprint} if isinstance(self._source, GivenTable) else {}),
            "rows": {"used": sum(map(len, parts)), "left out": self._num_left_out},
            "groups": {group.name: group.num_columns for group in spec.groups},
            **({"pictures": {one.name: one.layout.shape for one in spec.pictures}} if spec.pictures else {}),
            **({"in files": {name: str(one) for name, one in sizes.items()}} if sizes else {}),
            "objective": {name: self._reason(name, one.kind) for name, one in targets.items()},
            **{
                "classes" if len(targets) == 1 else f"classes of {name}": counts_of(
                    one.names, (truth_by_column(part.target, targets)[name] for part in parts)
                )
                for name, one in targets.items()
                if isinstance(one, ClassTarget)
            },
        }

    def _reason(self, column: str, kind: str) -> str:
        guess = self._target_guesses.get(column)
        return f"{kind}, since {guess.reason}" if guess else kind

    @override
    def _guesses(self) -> Sequence[str]:
        spec, guess = self.data_spec, getattr(self._grouping, "guess", None)
        others = {one.name: one.column_names for one in spec.groups if one.columns}
        lost = [
            f"column '{one.column}': {loss}"
            for one in spec.pictures
            if (sizes := self._picture_sizes.get(one.column))
            for loss in sizes.losses(one.size, setting="multi_feature.data.picture_size")
        ]
        objectives = [
            f"the objective of '{column}' is {self._reason(column, kind)}; multi_feature.objective.kind"
            " says otherwise"
            for column, kind in self._uncertain()
        ]
        return [*filter(None, [others and guess and guess(others)]), *lost, *objectives]

    def _uncertain(self) -> Iterator[tuple[str, str]]:
        """Yield the columns of a user's that may be meant otherwise, with the kind of their objective."""
        if not isinstance(self._source, ShippedTable):
            yield from (
                (name, guess.kind) for name, guess in self._target_guesses.items() if not guess.is_sure
            )

    @override
    def _read_parts(self) -> Read:
        self._lifetime().add(self)
        text_columns = [*self._categorical, *self._splitter.reserved_columns, *self._wanted.kinds]
        table = self._source.read(text_columns=text_columns, reader=self._storage.reader)
        with errors_naming(self._source), closing(pictures_beside(self._source)) as source:
            pictures = self._pictures(table=table, source=source, sizes=self._picture_sizes)
            return self._encode(self._select(table, pictures))

    def _select(self, table: pa.Table, pictures: TablePictures) -> _Samples:
        known = self._given_spec.target if self._given_spec else None
        targets = read_targets(table, self._wanted, known)
        self._target_guesses = targets.guesses
        has_weight = self._weight in table.column_names or not self._given_spec
        weight = read_weights(table, self._weight) if self._weight and has_weight else None
        groups, sorts = self._groups(table, pictures)
        names = columns_there(table.column_names, groups, self._allow_missing_groups)
        own = read_own_columns(table, sorts, pictures)
        own |= {
            name: replace(column, preparation=self._preparation(name, "text"))
            for name, column in own.items()
            if isinstance(column, TokenColumn) and not self._given_spec
        }
        read = self._storage.read_columns(
            table,
            [name for name in names if name not in own],
            categorical=self._categorical,
            infer_categories=self._given_spec is None,
        )
        columns = WithOwnColumns(read, own)
        missing = find_missing(
            columns, groups, table.num_rows, allow_missing_groups=self._allow_missing_groups
        )
        numbers = np.arange(1, table.num_rows + 1)
        samples = _Samples(table, groups, columns, targets, weight, missing.presence, numbers)
        if self._missing == "drop":
            is_usable = ~(missing.is_incomplete | targets.is_missing | self._cannot_be_placed(table))
            self._num_left_out = int((~is_usable).sum())
            return samples.keep(is_usable, self._splitter.reserved_columns)
        refuse_missing(missing, is_filled_in=self._missing == "mean")
        targets.refuse_missing()
        return samples

    def _cannot_be_placed(self, table: pa.Table) -> Flags:
        """Return which rows lack what the splitter goes by, bool of [N]."""
        there = [name for name in self._splitter.reserved_columns if name in table.column_names]
        lacking = [is_missing(text_values(table.column(name))) for name in there]
        return np.any(lacking, axis=0) if lacking else np.zeros(table.num_rows, dtype=bool)

    def _groups(
        self, table: pa.Table, pictures: TablePictures
    ) -> tuple[Mapping[str, Sequence[str]], Mapping[str, Sort]]:
        """Return the columns of each group, and the sort of those that have one of their own."""
        if self._given_spec:
            return self._given_spec.column_names, self._given_spec.sorts
        reserved = {*self._wanted.kinds, self._weight, *self._splitter.reserved_columns}
        columns = [name for name in table.column_names if name not in reserved]
        excluded = select_columns(columns, self._excluded, setting="multi_feature.data.excluded")
        check_columns(columns, self._categorical, setting="multi_feature.data.categorical")
        features = [name for name in columns if name not in excluded]
        if "split" in features:
            words = compute.unique(text_values(table.column("split"))).drop_null().to_pylist()
            note_given_parts(words, setting="multi_feature.data.split")
        if not features:
            raise UserError(f"there are no features, only {name_list(table.column_names)}")
        for name, sort in self._sorts.items():
            check_columns(columns, [name], setting=f"multi_feature.data.{sort}s")
        grouping = self._grouping
        listed = grouping.sorts_of(features) if isinstance(grouping, ExplicitGroups) else {}
        sorts = find_sorts(
            table, features, given={**listed, **self._sorts}, categorical=self._categorical, pictures=pictures
        )
        groups = group_apart(grouping, features, sorts)
        self._group_of = {name: group for group, members in groups.items() for name in members}
        return groups, {
            name: "tokens" if sort == "text" and self._preparation(name, "text") else sort
            for name, sort in sorts.items()
            if name in self._group_of
        }

    def _preparation(self, column: str, sort: Sort) -> Any:
        """Return how the extractor of a column wants it."""
        return self._preparations(self._group_of.get(column, column), sort)

    def _encode(self, samples: _Samples) -> Read:
        targets = samples.targets
        strata = targets.strata(self._splitter.min_class_size)
        try:
            split = self._splitter(strata, samples.table)
        except RowError as error:
            raise error.within((samples.numbers - 1).tolist()) from None
        self._rows = {name: samples.numbers[rows] for name, rows in split.parts.items()}
        spec = self._given_spec or self._fit(samples, split)
        note_unseen(samples.columns, spec)
        weight = None if samples.weight is None else torch.from_numpy(samples.weight.astype(np.float32))
        truth = Truth(target=targets.encode(spec.target), weight=weight)
        return spec, encode_parts(samples.columns, spec.groups, samples.presence, truth, split, self._storage)

    def _fit(self, samples: _Samples, split: Split) -> MultiFeatureDataSpec:
        if len(split.train) == 0:
            raise UserError(
                "the training part has no row at all: choose another multi_feature.data.split; the kind"
                " whole is for evaluation only"
            )
        return MultiFeatureDataSpec(
            groups=fit_groups(samples.columns, samples.groups, split.train),
            target=samples.targets.fit(split.train),
            weight=self._weight,
            missing=self._missing,
            allow_missing_groups=self._allow_missing_groups,
        )
