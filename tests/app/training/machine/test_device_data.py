"""Where the data of a training lie: those of all families alike."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from nested_lightning.app.data.batch_loader import BatchLoader, PlaceableLoader
from nested_lightning.app.data.tensor_batch import TensorBatch, find_tensors, num_bytes
from nested_lightning.app.image_to_text.batch import CaptionBatch
from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.training.machine.device_data import place_data
from nested_lightning.app.vae_gan.batch import PictureBatch
from nested_lightning.app.variant.loader import VariantLoader
from nested_lightning.app.variant.sampling import ProportionalSampling
from nested_lightning.app.variant.sequences import Sequences

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")

ROWS: dict[str, TensorBatch] = {
    "multi-feature": FeatureBatch(
        {"kar": torch.arange(20.0).view(10, 2), "fou": None}, None, torch.arange(10)
    ),
    "image-to-text": CaptionBatch(
        pictures=torch.arange(120, dtype=torch.uint8).view(10, 3, 2, 2),
        text=torch.arange(40).view(10, 1, 4),
        captions=tuple((f"picture {number}",) for number in range(10)),
    ),
    "vae-gan": PictureBatch(pictures=torch.arange(40.0).view(10, 1, 2, 2), domain=torch.arange(10)),
}
SIZES = {"multi-feature": 20 * 4 + 10 * 8, "image-to-text": 120 + 40 * 8, "vae-gan": 40 * 4 + 10 * 8}


def _tokens() -> Sequences:
    steps = [torch.arange(1, 3 + number, dtype=torch.int32) for number in range(6)]
    labels = [torch.zeros(len(each), dtype=torch.uint8) for each in steps]
    return Sequences.cut(variant="tokens", steps=steps, labels=labels, has_step_labels=True)


def _vectors() -> Sequences:
    steps = [torch.full((2 + number % 2, 3), float(number)) for number in range(5)]
    labels = [torch.tensor([number], dtype=torch.uint8) for number in range(5)]
    return Sequences.cut(variant="vectors", steps=steps, labels=labels, has_step_labels=False)


def _variants(is_shuffled: bool) -> VariantLoader:
    return VariantLoader(
        data={"tokens": _tokens(), "vectors": _vectors()},
        batch_sizes={"tokens": 4, "vectors": 2},
        sampling=ProportionalSampling() if is_shuffled else None,
    )


def _loader(family: str, is_shuffled: bool = True) -> PlaceableLoader[Any]:
    if family == "variant":
        return _variants(is_shuffled)
    return BatchLoader(data=ROWS[family], batch_size=4, is_shuffled=is_shuffled, seed=1)


def _contents(batches: list[Any], read: Callable[[Tensor], object]) -> list[dict[str, object]]:
    return [{name: _content(value, read) for name, value in vars(batch).items()} for batch in batches]


def _content(value: Any, read: Callable[[Tensor], object]) -> object:
    if isinstance(value, dict):
        return {key: _content(each, read) for key, each in value.items()}
    return read(value) if isinstance(value, Tensor) else value


def _values(batches: list[Any]) -> list[dict[str, object]]:
    return _contents(batches, lambda tensor: (tensor.dtype, tensor.tolist()))


all_families = pytest.mark.parametrize("family", [*ROWS, "variant"])
all_loaders = pytest.mark.parametrize(
    ("family", "is_shuffled"), [(family, order) for family in [*ROWS, "variant"] for order in (False, True)]
)


@pytest.mark.parametrize("family", ROWS)
def test_rows_count_all_of_their_memory(family: str) -> None:
    assert num_bytes(ROWS[family]) == SIZES[family]


def test_sequences_count_steps_labels_and_where_windows_lie() -> None:
    assert num_bytes(_tokens()) == 27 * 4 + 27 + 6 * 8 + 6 * 3 * 8
    assert num_bytes(_tokens().gather(torch.tensor([0, 1]))) == 2 * 3 * (8 + 1 + 8)


@all_families
def test_on_a_cpu_nothing_is_placed(family: str) -> None:
    loader = _loader(family)
    before = loader.data

    place_data(loader, torch.device("cpu"))

    assert loader.data is before


@all_loaders
def test_placed_on_the_cpu_a_loader_yields_the_same(family: str, is_shuffled: bool) -> None:
    plain, placed = _loader(family, is_shuffled), _loader(family, is_shuffled)

    placed.place(torch.device("cpu"), limit_bytes=1000)

    for _ in range(2):
        assert _values(list(placed)) == _values(list(plain))


@all_loaders
def test_what_fits_is_kept_on_the_device_and_gathered_there(family: str, is_shuffled: bool) -> None:
    plain, placed = _loader(family, is_shuffled), _loader(family, is_shuffled)

    placed.place(torch.device("meta"), limit_bytes=1000)

    batches = list(placed)
    assert all(tensor.is_meta for batch in batches for tensor in find_tensors(batch))
    assert _contents(batches, _kind) == _contents(list(plain), _kind)


def _kind(tensor: Tensor) -> object:
    return tensor.dtype, tensor.shape


@all_loaders
def test_what_does_not_fit_stays_and_its_batches_are_pinned(
    monkeypatch: pytest.MonkeyPatch, family: str, is_shuffled: bool
) -> None:
    monkeypatch.setattr(Tensor, "pin_memory", lambda tensor: tensor.to("meta"))  # stands for pinned memory
    loader = _loader(family, is_shuffled)
    size = num_bytes(loader.data)

    loader.place(torch.device("meta"), limit_bytes=size - 1)

    assert not any(tensor.is_meta for tensor in find_tensors(loader.data))
    assert all(tensor.is_meta for batch in loader for tensor in find_tensors(batch))


def test_data_are_placed_once() -> None:
    loader = _loader("multi-feature")
    loader.place(torch.device("meta"), limit_bytes=1000)
    before = loader.data

    loader.place(torch.device("meta"), limit_bytes=0)

    assert loader.data is before
    assert all(tensor.is_meta for batch in loader for tensor in find_tensors(batch))


def test_data_of_a_kind_of_their_own_stay_where_they_are() -> None:
    loader = BatchLoader(data=range(10), batch_size=4)  # type: ignore[type-var]

    loader.place(torch.device("meta"), limit_bytes=1000)

    assert [list(batch) for batch in loader] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


@pytest.fixture(scope="module")
def other_device() -> torch.device:
    """Return one that every torch has: it computes on the CPU, and refuses tensors that aren't its own."""
    pytest.importorskip("torch._lazy.ts_backend").init()
    return torch.device("lazy", 0)


@all_loaders
def test_another_device_gives_the_same_values_and_meets_no_index_of_the_cpu(
    other_device: torch.device, family: str, is_shuffled: bool
) -> None:
    placed = _loader(family, is_shuffled)

    placed.place(other_device, limit_bytes=1000)

    batches = list(placed)
    assert all(tensor.device == other_device for batch in batches for tensor in find_tensors(batch))
    assert _values([batch.to("cpu") for batch in batches]) == _values(list(_loader(family, is_shuffled)))


@needs_cuda
@all_loaders
def test_batches_from_a_gpu_are_the_same_whether_the_data_fit_or_not(family: str, is_shuffled: bool) -> None:
    device = torch.device("cuda", 0)
    for limit_bytes, is_pinned in ((1000, False), (1, True)):
        loader = _loader(family, is_shuffled)
        loader.place(device, limit_bytes=limit_bytes)
        batches = list(loader)
        assert all(tensor.is_pinned() == is_pinned for batch in batches for tensor in find_tensors(batch))
        moved = [batch.to(device) for batch in batches]
        torch.cuda.synchronize()
        assert _values([batch.to("cpu") for batch in moved]) == _values(list(_loader(family, is_shuffled)))
