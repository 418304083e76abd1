"""Which weights of another model are taken: by path, shape and meaning."""

from typing import Any

import torch
from torch import Tensor

from nested_lightning.app.training.meanings import Meaning, Transfer, match, meanings_of_lists


def classes(*names: str, part: str = "head", binds: Any = "entries") -> list[Meaning]:
    return [Meaning(part=part, what="classes", names=names, binds=binds)]


def numbered(*shape: int) -> Tensor:
    return torch.arange(1.0, 1 + torch.Size(shape).numel()).reshape(shape)


def matched(
    wanted: dict[str, Tensor], given: dict[str, Tensor], now: list[Meaning], there: list[Meaning]
) -> Transfer:
    return match(wanted, given, now=now, there=there)


def test_rows_are_taken_by_the_names_of_their_classes() -> None:
    own = {"head.weight": torch.zeros(3, 5), "head.bias": torch.zeros(3)}
    other = {"head.weight": numbered(3, 5), "head.bias": numbered(3)}

    result = matched(own, other, classes("c", "new", "a"), classes("a", "b", "c"))

    assert result.taken["head.bias"].tolist() == [3, 0, 1]
    assert torch.equal(result.taken["head.weight"][[0, 2]], other["head.weight"][[2, 0]])
    assert result.lines() == ["head: 2 of 3 classes are there, not new"]


def test_a_list_of_another_length_is_matched_by_names_too() -> None:
    result = matched(
        {"head.bias": torch.zeros(4)}, {"head.bias": numbered(2)}, classes(*"abcd"), classes(*"da")
    )

    assert result.taken["head.bias"].tolist() == [2, 0, 0, 1]


def test_rows_and_columns_of_one_matrix_are_matched_at_once() -> None:
    def inputs(*names: str) -> Meaning:
        return Meaning(part="head", what="groups", names=names)

    result = matched(
        {"head.weight": torch.zeros(2, 3)},
        {"head.weight": numbered(2, 3)},
        [*classes("b", "a"), inputs("z", "y", "x")],
        [*classes("a", "b"), inputs("x", "y", "z")],
    )

    assert result.taken["head.weight"].tolist() == [[6, 5, 4], [3, 2, 1]]
    assert not result.remarks


def test_what_may_belong_to_other_names_is_not_taken() -> None:
    square = {"head.0.weight": numbered(2, 2), "head.0.bias": numbered(2), "head.1.weight": numbered(1, 4)}
    for now, there in (
        (classes("a", "b"), classes("b", "a")),  # rows or columns: nobody knows
        (classes("a", "b", part="", binds="sizes"), classes("a", "c", part="", binds="sizes")),
        (classes("a", "b"), classes("c", "d")),
        (classes("a", "b"), []),
    ):
        result = matched(square, square, now, there)
        assert list(result.taken) == ["head.1.weight"]
        assert result.lines() == ["head.0: belongs to other classes there"]
    assert not matched(square, square, classes("a", binds="part"), classes("b", binds="part")).taken


def test_equal_names_take_everything_as_it_is() -> None:
    square = {"head.weight": numbered(2, 2)}

    assert matched(square, square, classes("a", "b"), classes("a", "b")).taken == square


def test_the_rest_is_listed_with_the_reason() -> None:
    result = match(
        {"one.weight": torch.zeros(2, 3), "own": torch.zeros(1), "scale.mean": torch.zeros(3)},
        {"one.weight": torch.zeros(2, 4), "theirs": torch.zeros(1), "scale.mean": torch.zeros(3)},
        now=(),
        there=(),
        made_anew=("scale",),
    )

    assert not result.taken
    assert set(result.lines()) == {
        "one: has shape (2, 4) there, (2, 3) here",
        "own: is not in the file",
        "theirs: is not in the model",
        "scale: follows from the data and the settings",
    }


def test_lists_of_texts_in_unknown_data_may_name_entries() -> None:
    found = [*meanings_of_lists({"values": {"names": ["a", "b"], "shape": [1, 2]}, "split": {}})]

    assert found == [Meaning(part="", what="data.values.names", names=("a", "b"), binds="sizes")]


def test_a_tensor_without_a_shape_yet_is_taken_where_no_names_have_changed() -> None:
    own: dict[str, Tensor] = {"head.weight": torch.nn.LazyLinear(3).weight}

    assert matched(own, {"head.weight": numbered(3, 5)}, [], []).taken
    assert not matched(own, {"head.weight": numbered(3, 5)}, classes("a"), classes("b")).taken
