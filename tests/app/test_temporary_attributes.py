import pytest
import torch

from nested_lightning.app.temporary_attributes import temporary_attributes


class Counter:
    step = 1

    def __init__(self) -> None:
        self.count = 0

    @staticmethod
    def half(value: int) -> int:
        return value // 2

    @property
    def twice(self) -> int:
        return 2 * self.count

    @twice.setter
    def twice(self, value: int) -> None:
        self.count = value // 2


def test_attributes_of_an_object_its_class_and_a_property_are_back_after_an_error() -> None:
    counter = Counter()
    with temporary_attributes(counter, step=5, count=7):
        assert (counter.step, counter.count, counter.twice) == (5, 7, 14)
    with pytest.raises(ZeroDivisionError), temporary_attributes(counter, twice=8):
        counter.step = 1 // (counter.count - 4)
    assert vars(counter) == {"count": 0}


def test_a_property_of_a_module_is_set_again() -> None:
    deterministic = torch.utils.deterministic
    before = deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    with temporary_attributes(deterministic, fill_uninitialized_memory=not before):
        assert deterministic.fill_uninitialized_memory is not before  # type: ignore[attr-defined]
    assert deterministic.fill_uninitialized_memory is before  # type: ignore[attr-defined]


def test_a_static_method_of_a_class_is_one_again() -> None:
    with temporary_attributes(Counter, half=str):
        assert Counter.half(4) == "4"  # type: ignore[comparison-overlap]
    assert Counter().half(4) == 2
