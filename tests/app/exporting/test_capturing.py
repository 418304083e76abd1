from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from nested_lightning.app.exporting.exportable import ExportError
from nested_lightning.app.exporting.writing import Format
from tests.app.exporting.proving import exportable_of, proven

ROWS = {f"{n} rows": (torch.arange(3.0 * n).reshape(n, 3).sin(),) for n in (17, 3, 2, 1)}


class WithInner(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.inner(sum(inputs))


class Branching(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x if x.sum() > 0 else -x


class Counting(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + x.new_zeros(len(x), 1)


class Drawing(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return (x + torch.randn(x.shape[0], 1)).softmax(dim=1)  # which doesn't change


class Dropping(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.dropout(x, 1e-9)


class Unwritten(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.special.i1(x)


@pytest.mark.parametrize(
    ("inner", "reason"),
    [
        (Branching(), r"depends on numbers in a tensor .*\(mine\.inner, test_capturing\.py:\d+\)$"),
        (Counting(), r"taken for a constant: .* \(mine\.inner, test_capturing\.py:\d+\)$"),
        (Drawing(), r"aten\.randn\.default draws random numbers by itself: .* \(mine\.inner\)$"),
        (Dropping(), r"aten\.dropout\.default draws random numbers by itself: .* \(mine\.inner\)$"),
        (Unwritten(), r"written as ONNX: prims\.bessel_i1\.default: .*\(mine\.inner\)$"),
    ],
)
def test_what_stands_in_the_way_is_told_in_a_line_with_its_path(inner: nn.Module, reason: str) -> None:
    with pytest.raises(ExportError, match=reason) as error:
        proven(exportable_of(WithInner(inner), ROWS))
    assert "\n" not in str(error.value)


class Sum(nn.Module):
    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return a - 2 * b


def test_a_tensor_that_is_given_twice_is_two_inputs() -> None:
    same = torch.ones(4, 2)
    cases = {"the same": (same, same), "others": (torch.ones(3, 2), torch.zeros(3, 2))}
    assert proven(exportable_of(Sum(), cases)).difference.size == 0


class HandingOn(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return x, x, x + 1


@pytest.mark.slow
def test_what_is_handed_on_as_it_was_has_its_own_name() -> None:
    made = proven(exportable_of(HandingOn(), ROWS, num_outputs=3))
    assert [port.name for port in made.graph.outputs] == ["y0", "y1", "y2"]


def test_names_are_kept_and_read_back() -> None:
    names = ["größe", "a b", "output", "y0", "linear", "inputs_0", "val_0"]
    rows = {case: inputs * len(names) for case, inputs in ROWS.items()}

    graph = proven(exportable_of(WithInner(nn.Linear(3, 2)), rows, inputs=names)).graph

    assert [port.name for port in graph.inputs] == names
    assert [(port.name, port.of) for port in graph.outputs] == [("y0_", "y0")]


@pytest.mark.parametrize("format_", ["onnx", "torch-export"])
def test_no_path_of_this_machine_is_in_a_file(format_: Format) -> None:
    made = proven(exportable_of(WithInner(nn.Linear(3, 2)), ROWS), format_)
    assert Path(__file__).name.encode() not in made.content({})


def test_what_draws_in_training_alone_is_exported_as_it_answers() -> None:
    layers = nn.Sequential(nn.Dropout(0.5), nn.RReLU(), nn.TransformerEncoderLayer(3, 1, 4, dropout=0.5))
    rows = {f"{n} rows": (ROWS[f"{n} rows"][0].unsqueeze(1),) for n in (17, 2)}
    assert proven(exportable_of(WithInner(layers), rows), "torch-export").difference.size == 0


@pytest.mark.slow
def test_as_many_rows_may_be_given_as_numbers_say() -> None:
    class Choosing(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x[x[:, 0] > 0]

    assert proven(exportable_of(Choosing(), ROWS), "torch-export").difference.size == 0


def test_a_model_that_fails_itself_is_told_with_its_place() -> None:
    class Refusing(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            if not torch.compiler.is_exporting() and x.shape[0] == 3:
                raise ValueError("no three rows")
            return x

    with pytest.raises(
        ExportError, match=r"^model: the model fails with 3 rows: ValueError: no three rows \(test_c"
    ):
        proven(exportable_of(Refusing(), ROWS))
