"""The data of the vae-gan family: square pictures, each of which belongs to a domain."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import pyarrow as pa
import torch
from typing_extensions import override

from nested_lightning.app.data.data_summary import counts_of
from nested_lightning.app.data.split_data import Loading, SplitDataModule
from nested_lightning.app.data.splits import PartName, Splitter, note_given_parts
from nested_lightning.app.errors import UserError, counted, errors_naming, name_list
from nested_lightning.app.pictures.sizes import PictureSizes
from nested_lightning.app.vae_gan.batch import PictureBatch
from nested_lightning.app.vae_gan.domain_groups import DomainGrouping
from nested_lightning.app.vae_gan.picture_files import LabelledPictures, read_digits, read_picture_folders
from nested_lightning.app.vae_gan.spec import VaeGanDataSpec

DIGITS_SIZE = 8
SHIPPED_DIGITS = "the digits of scikit-learn"

Read = tuple[VaeGanDataSpec, Mapping[PartName, PictureBatch]]


class VaeGanDataModule(SplitDataModule[VaeGanDataSpec, PictureBatch]):
    """Reads pictures once, splits them, and keeps them in memory as tensors.

    Args:
        path: A folder or zip file with a sub-folder of pictures for each domain; None: scikit-learn's digits.
        image_size: Pixels to each side; pictures of another size are scaled. None: as the pictures are, see
            `PictureSizes.followed`. The digits have 8.
        channels: 1 for grey, 3 for colours; None: as the pictures are.
        grouping: Tells which domains share a VAE.
        **loading: See `SplitDataModule`.
    """

    samples = "pictures"

    def __init__(
        self,
        *,
        path: Path | None,
        image_size: int | None = None,
        channels: int | None = None,
        grouping: DomainGrouping,
        splitter: Splitter,
        **loading: Unpack[Loading],
    ) -> None:
        super().__init__(**loading)
        known = self._given_spec
        self._path = path
        self._image_size = known.image_size if known else image_size
        self._channels = known.channels if known else channels
        self._grouping = grouping
        self._splitter = splitter
        self._sizes: PictureSizes | None = None

    @override
    def _facts(self) -> Mapping[str, Any]:
        spec, parts = self.data_spec, self._parts[1].values()
        return {
            "file": str(self._path or SHIPPED_DIGITS),
            "pictures": [spec.channels, spec.image_size, spec.image_size],
            **({"in files": str(self._sizes)} if self._sizes else {}),
            "domains": counts_of(spec.domains, (part.domain for part in parts)),
            "VAEs": {name: {"domain": len(domains)} for name, domains in spec.groups.items()},
        }

    @override
    def _guesses(self) -> Sequence[str]:
        if self._sizes is None or self._image_size is not None:
            return ()
        return self._sizes.losses(self.data_spec.image_size, setting="vae_gan.data.image_size")

    @override
    def _read_parts(self) -> Read:
        with errors_naming(self._path or SHIPPED_DIGITS):
            return self._split(self._read())

    def _read(self) -> LabelledPictures:
        if self._path is not None:
            return read_picture_folders(self._path, image_size=self._image_size, channels=self._channels)
        if self._image_size not in (None, DIGITS_SIZE) or self._channels not in (None, 1):
            raise UserError(
                f"they are grey and have {DIGITS_SIZE} pixels to each side: leave vae_gan.data.image_size and"
                " vae_gan.data.channels as they are, or name pictures of your own by vae_gan.data.path"
            )
        return read_digits()

    def _split(self, data: LabelledPictures) -> Read:
        domains = self._given_spec.domains if self._given_spec else _sorted_names(data.labels)
        unknown = sorted(set(data.labels) - set(domains))
        if unknown:
            raise UserError(
                f"there are sub-folders {name_list(unknown)}, which the model does not know; its domains are"
                f" {name_list(domains, limit=20)}"
            )
        if self._given_spec is None:
            note_given_parts(data.folders, setting="vae_gan.data.split")
        self._check_sizes(data.labels)
        domain = torch.tensor([domains.index(label) for label in data.labels])
        self._sizes = data.sizes
        split = self._splitter(domain.numpy(), pa.table({}))
        batch = PictureBatch(pictures=torch.from_numpy(data.pictures), domain=domain)
        parts = {name: batch[torch.from_numpy(rows)] for name, rows in split.parts.items()}
        return self._given_spec or self._describe(data, domains, parts["train"]), parts

    def _check_sizes(self, labels: tuple[str, ...]) -> None:
        needed = self._splitter.min_class_size
        small = {name: count for name, count in Counter(labels).items() if count < needed}
        if small:
            raise UserError(
                f"this split needs {counted(needed, 'picture')} of each domain, and there are fewer of"
                f" {name_list(small)}: add pictures, take these sub-folders out, or change vae_gan.data.split"
            )

    def _describe(
        self, data: LabelledPictures, domains: tuple[str, ...], train: PictureBatch
    ) -> VaeGanDataSpec:
        counts = np.bincount(train.domain.numpy(), minlength=len(domains)).tolist()
        return VaeGanDataSpec(
            image_size=data.pictures.shape[-1],
            channels=data.pictures.shape[1],
            domains=domains,
            domain_counts=tuple(counts),
            groups=self._grouping(domains),
        )


def _sorted_names(labels: tuple[str, ...]) -> tuple[str, ...]:
    names = sorted(set(labels))
    return tuple(sorted(names, key=int)) if all(name.isdecimal() for name in names) else tuple(names)
