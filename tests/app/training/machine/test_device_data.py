"""Where the data of a training lie."""

import pytest
import torch

from nested_lightning.app.data.batch_loader import BatchLoader
from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.training.machine.device_data import place_data

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")


def _loader() -> BatchLoader[FeatureBatch]:
    features: dict[str, torch.Tensor | None] = {"kar": torch.arange(20.0).view(10, 2), "fou": None}
    rows = FeatureBatch(features=features, target=torch.arange(10))
    return BatchLoader(data=rows, batch_size=4, is_shuffled=True, seed=1)


def test_rows_count_all_of_their_memory() -> None:
    assert _loader().data.num_bytes == 20 * 4 + 10 * 8


def test_on_a_cpu_nothing_is_placed() -> None:
    loader = _loader()
    before = loader.data

    place_data(loader, torch.device("cpu"))

    assert loader.data is before


def test_what_fits_is_kept_on_the_device_and_gathered_there() -> None:
    loader = _loader()

    loader.place(torch.device("meta"), limit_bytes=160)

    assert [batch.target.device.type for batch in loader if batch.target is not None] == ["meta"] * 3


@needs_cuda
def test_rows_come_in_the_same_order_from_a_gpu_whether_they_fit_or_not() -> None:
    device = torch.device("cuda", 0)
    expected = torch.cat([batch.target for batch in _loader() if batch.target is not None])
    for limit_bytes, is_pinned in ((160, False), (159, True)):
        loader = _loader()
        loader.place(device, limit_bytes=limit_bytes)
        batches = list(loader)
        targets = [batch.target for batch in batches if batch.target is not None]
        assert all(target.is_pinned() == is_pinned for target in targets)
        moved = [batch.to(device).target for batch in batches]
        torch.cuda.synchronize()
        assert torch.equal(torch.cat([each.cpu() for each in moved if each is not None]), expected)
