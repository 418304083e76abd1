import torch
from torch import Tensor, nn

from nested_lightning.app.exporting.recorded_calls import by_itself
from tests.app.exporting.proving import exportable_of, proven


class Inner(nn.Module):
    def forward(self, x: Tensor, minus: Tensor, *rest: Tensor, by: float = 1.0, plus: Tensor) -> Tensor:
        return by * (x - 2 * minus + 3 * plus) + sum(rest)


class Outer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Inner()

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x, x + 1, x + 2, plus=x + 3, by=2.0)


def test_inputs_have_the_names_of_the_parameters_that_they_are_given_for() -> None:
    outer = Outer()
    whole = exportable_of(outer, {f"{n} rows": (torch.arange(2.0 * n).reshape(n, 2),) for n in (3, 2)})

    alone = by_itself([whole], outer.inner, name="mine.inner")

    (x,) = whole.cases["2 rows"]
    given = dict(zip(alone.inputs, alone.cases["2 rows of model"], strict=True))
    assert {name: float((one - x).mean()) for name, one in given.items()} == {
        "x": 0.0,
        "minus": 1.0,
        "rest_0": 2.0,
        "plus": 3.0,
    }
    assert proven(alone).difference.size == 0


class Reordering(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Bilinear(2, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(input2=x[:, :3], input1=x[:, 3:])


def test_arguments_by_name_may_come_in_any_order() -> None:
    outer = Reordering()
    whole = exportable_of(outer, {f"{n} rows": (torch.ones(n, 5),) for n in (3, 2)})

    alone = by_itself([whole], outer.inner, name="mine.inner")

    assert [*zip(alone.inputs, (one.shape[1] for one in alone.example), strict=True)] == [
        ("input1", 2),
        ("input2", 3),
    ]
