"""From the columns of all rows to the encoded rows of each part.

Shapes: N rows, G groups.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from nested_lightning.app.data.splits import PartName, Split
from nested_lightning.app.data.stratified import Rows
from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.encoding import Features, encode_groups
from nested_lightning.app.multi_feature.spec import GroupSpec
from nested_lightning.app.multi_feature.storage import FeatureStorage
from nested_lightning.app.tables.missing_values import Flags
from nested_lightning.app.tables.sample_columns import SampleColumns

_BLOCK_ROWS = 1 << 16
"""Rows that are encoded at once."""


def encode_parts(
    columns: SampleColumns,
    groups: Sequence[GroupSpec],
    presence: Flags,
    target: Tensor,
    split: Split,
    storage: FeatureStorage,
) -> dict[PartName, FeatureBatch]:
    """Encode the rows of the training, the validation and the test part, some rows at a time.

    Args:
        columns: The values by column, of [N] each.
        groups: The columns of each group and their statistics.
        presence: Bool of [N, G].
        target: Class indices, int64 of [N].
        split: The rows of each part.
        storage: Takes them.
    """
    widths = {
        group.name: group.width if presence[:, index].any() and group.columns[0].name in columns else None
        for index, group in enumerate(groups)
    }
    writers = {name: storage.new_part(widths, len(rows)) for name, rows in split.parts.items()}
    for start in range(0, len(target), _BLOCK_ROWS):
        stop = min(start + _BLOCK_ROWS, len(target))
        block = encode_groups(columns.slice(start, stop), groups, presence[start:stop])
        for name, rows in split.parts.items():
            first, last = np.searchsorted(rows, [start, stop])
            writers[name].write(int(first), _keep_rows(block, rows[first:last] - start))
        storage.release()
    return {
        name: writers[name].finish(
            presence=None if presence.all() else torch.from_numpy(presence[rows]), target=target[rows]
        )
        for name, rows in split.parts.items()
    }


def _keep_rows(block: Mapping[str, Features | None], rows: Rows) -> dict[str, Features | None]:
    return {name: None if values is None else values[rows] for name, values in block.items()}
