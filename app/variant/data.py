"""The data of the variant family: sequences of several kinds, each with classes of its own."""

import warnings
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Unpack

from typing_extensions import override

from nested_lightning.app.data.fingerprint import fingerprint
from nested_lightning.app.data.split_data import Loading, SplitDataModule
from nested_lightning.app.data.splits import PartName, Splitter
from nested_lightning.app.errors import UserError, counted, did_you_mean
from nested_lightning.app.folders import list_files
from nested_lightning.app.foreign_files import file_or_folder
from nested_lightning.app.submodules.pretrained.texts import TextPreparation
from nested_lightning.app.tables.json_lines import plain_name
from nested_lightning.app.variant.encoding import fit_variant
from nested_lightning.app.variant.loader import VariantLoader
from nested_lightning.app.variant.sampling import VariantSampling
from nested_lightning.app.variant.sequences import Sequences, encode_records
from nested_lightning.app.variant.sources.file import SequenceFile
from nested_lightning.app.variant.sources.records import SequenceSource, SourceContent
from nested_lightning.app.variant.sources.rows import SUFFIXES, holds_rows
from nested_lightning.app.variant.spec import VariantDataSpec, VariantSpec, unknown_variant


class VariantDataModule(SplitDataModule[VariantDataSpec, Mapping[str, Sequences]]):
    """Reads the sequences of each variant once, splits and encodes them, and keeps them in memory.

    Args:
        path: Files to use instead of ``sources``: a folder with a JSONL or Parquet file for each variant, or
            one such file, named like its variant; None: what ``sources`` say.
        sources: Where each variant's sequences come from, by the variant's name.
        splitter: Chooses what trains, chooses and tests a model.
        sampling: Picks the variant of each training batch.
        batch_sizes: Those of single variants, by name.
        batches_per_epoch: Batches of an epoch; None: as many as all sequences make.
        untrained: Variants that are left out of training.
        preparations: Gives by a variant's name how a pretrained encoder wants its texts; None: as none does.
        unevaluated: Variants that are left out of validation and test. One that training leaves
            out as well isn't read.
        **loading: See `SplitDataModule`.
    """

    def __init__(
        self,
        *,
        path: Path | None = None,
        sources: Mapping[str, SequenceSource],
        splitter: Splitter,
        sampling: VariantSampling,
        batch_sizes: Mapping[str, int] | None = None,
        batches_per_epoch: int | None = None,
        untrained: Collection[str] = (),
        unevaluated: Collection[str] = (),
        preparations: Callable[[str], TextPreparation | None] = lambda _: None,
        **loading: Unpack[Loading],
    ) -> None:
        super().__init__(**loading)
        self._path = path
        self._sources = sources
        self._splitter = splitter
        self._sampling = sampling
        self._batch_sizes = batch_sizes or {}
        self._batches_per_epoch = batches_per_epoch
        self._untrained = untrained
        self._unevaluated = unevaluated
        self._preparations = preparations

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all parts as they are split and encoded, see `app.data.fingerprint`."""
        return fingerprint(
            {
                part: {name: (each.steps, each.labels, each.starts) for name, each in sequences.items()}
                for part, sequences in self._parts[1].items()
            }
        )

    @override
    def _facts(self) -> Mapping[str, Any]:
        variants = self.data_spec.variants
        place = self._path or "as variant.variants say"
        return {"files": str(place), **{spec.name: self._described(spec) for spec in variants}}

    def _described(self, spec: VariantSpec) -> str:
        parts = [part[spec.name] for part in self._parts[1].values() if spec.name in part]
        lengths = [length for part in parts for length in part.shortest_and_longest]
        number = counted(sum(map(len, parts)), "sequence" if spec.window is None else "window")
        steps = f"{min(lengths)} to {max(lengths)} {spec.kind}" if lengths else spec.kind
        return f"{number} of {steps}, {counted(len(spec.class_names), 'class')}"

    @override
    def _num_samples(self, name: PartName) -> int:
        return sum(map(len, self.part(name).values()))

    @override
    def train_dataloader(self) -> VariantLoader:
        """Return batches of one variant each, as ``sampling`` picks them."""
        data = {name: part for name, part in self.part("train").items() if name not in self._untrained}
        if not data:
            raise UserError(
                "there is nothing to train on: every variant is left out of training, frozen, or without"
                " sequences in the training part; see variant.variants and variant.data.split"
            )
        return VariantLoader(
            data=data,
            batch_sizes={name: self._batch_sizes.get(name, self.batch_size) for name in data},
            sampling=self._sampling,
            batches_per_epoch=self._batches_per_epoch,
            seed=self._seed,
        )

    def evaluated_part(self, name: PartName) -> Mapping[str, Sequences]:
        """Return a part without the variants that are left out of evaluation."""
        return {key: part for key, part in self.part(name).items() if key not in self._unevaluated}

    @override
    def _eval_loader(self, name: PartName) -> VariantLoader:
        data = self.evaluated_part(name)
        return VariantLoader(data=data, batch_sizes=dict.fromkeys(data, self.eval_batch_size))

    @override
    def _read_parts(self) -> tuple[VariantDataSpec, dict[PartName, dict[str, Sequences]]]:
        contents = {name: self._read(name, source) for name, source in self._choose_sources().items()}
        spec = self._given_spec or VariantDataSpec(
            variants=tuple(self._fit(name, content) for name, content in contents.items())
        )
        parts: dict[PartName, dict[str, Sequences]] = {"train": {}, "val": {}, "test": {}}
        for part, sequences in parts.items():
            for name, content in contents.items():
                if len(content.parts[part]):
                    sequences[name] = encode_records(content.parts[part], spec.find(name))
        return spec, parts

    def _fit(self, name: str, content: SourceContent) -> VariantSpec:
        is_text = content.kind != "vectors"
        return fit_variant(name, content, self._preparations(name) if is_text else None)

    def _read(self, name: str, source: SequenceSource) -> SourceContent:
        known = self._given_spec.find(name) if self._given_spec else None
        content = source(name, self._splitter, known.class_names if known else None)
        if known is None:
            return content
        if (content.kind, content.has_step_labels) != (known.kind, known.has_step_labels):
            each = "step" if known.has_step_labels else "sequence"
            raise UserError(
                f"variant '{name}': the model was trained on {known.kind} with a label for each {each},"
                " and this data is of another kind"
            )
        if known.origin_hash not in (None, content.origin_hash) and content.origin_hash is not None:
            warnings.warn(
                f"variant '{name}': these aren't the files that the model was trained on (another version of"
                " Python?); its training part may be among what is scored now",
                stacklevel=2,
            )
        return content

    def _choose_sources(self) -> Mapping[str, SequenceSource]:
        if self._path is not None:
            return self._sources_at(self._path)
        unused = set(self._untrained) & set(self._unevaluated)
        sources = {name: source for name, source in self._sources.items() if name not in unused}
        for name, source in sources.items():
            if isinstance(source, SequenceFile) and source.path is None:
                others = [other for other in sources if other != name]
                raise UserError(
                    f"variant '{name}' has no data{did_you_mean(name, others)} (others: {', '.join(others)}):"
                    f" set variant.variants.{name}.source.path to a JSONL or Parquet file, or"
                    " variant.data.path to a folder with one for each variant"
                )
        return sources

    def _sources_at(self, path: Path) -> Mapping[str, SequenceSource]:
        files = [path]
        if file_or_folder(path).is_dir():
            inside = list_files(path, max_depth=1)
            files = [path / name for name in inside if holds_rows(name)]
        if not files:
            raise UserError(f"{path}: holds no file that ends in {', '.join(SUFFIXES)}")
        known = self._given_spec.names if self._given_spec else tuple(self._sources)
        sources: dict[str, SequenceSource] = {}
        for file in files:
            name = plain_name(file).stem
            if self._given_spec and name not in known:
                raise UserError(f"{file}: {unknown_variant(name, known)}; name the file like its variant")
            if name in sources:
                raise UserError(f"{path}: two files are named for the variant '{name}'")
            chosen = self._sources.get(name)
            own = chosen if isinstance(chosen, SequenceFile) else SequenceFile()
            sources[name] = own.at(file)
        lacking = [] if self._given_spec else [name for name in self._sources if name not in sources]
        if lacking:
            raise UserError(
                f"{path}: has no file for the variant '{lacking[0]}'{did_you_mean(lacking[0], sources)}"
                f" (files: {', '.join(file.name for file in files)})"
            )
        return sources
