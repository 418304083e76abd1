from dataclasses import dataclass

import numpy as np
import pytest
import torch

from nested_lightning.app.data.fingerprint import fingerprint


@dataclass(frozen=True)
class Rows:
    values: torch.Tensor
    names: tuple[str, ...]


def rows() -> Rows:
    return Rows(values=torch.arange(6.0).view(2, 3), names=("a", "b"))


def test_fingerprint_is_the_same_everywhere() -> None:
    assert fingerprint({"train": rows()}) == fingerprint({"train": rows()})
    assert fingerprint([1, "a", None, b"x"]) == (
        "sha256:dd8536607435ad7c3198a6d038acc51202af768b0539f103e9b9309a29bb6d83"
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (rows(), Rows(values=rows().values, names=("ab",))),
        (rows(), Rows(values=rows().values.flatten(), names=("a", "b"))),
        (rows(), Rows(values=rows().values.double(), names=("a", "b"))),
        (["a", "bc"], ["ab", "c"]),
        ([["a"], "b"], ["a", ["b"]]),
        (["1"], [1]),
        ({"train": rows(), "val": None}, {"train": None, "val": rows()}),
    ],
)
def test_other_data_have_another_fingerprint(one: object, other: object) -> None:
    assert fingerprint(one) != fingerprint(other)


def test_arrays_and_views_count_by_their_values() -> None:
    values = torch.arange(12).view(3, 4)
    assert fingerprint(values.T) == fingerprint(values.T.contiguous())
    assert fingerprint(values) == fingerprint(values.numpy())
    assert fingerprint(np.zeros(0)) == fingerprint(torch.zeros(0, dtype=torch.float64))


def test_what_has_no_bytes_of_its_own_is_refused() -> None:
    with pytest.raises(TypeError, match="a set has no fingerprint"):
        fingerprint({"names": {"a"}})
