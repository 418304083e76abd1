"""What a submodule is worth: scores with its output replaced by its mean."""

import torch
from torch import Tensor, nn

from nested_lightning.app.report.contents import Table, Text
from nested_lightning.app.report.importance import collected, replaced_by_mean, submodule_importance


class Whole(nn.Module):
    """Returns one vector for each step, beside a state."""

    def forward(self, x: Tensor) -> tuple[Tensor, str]:
        return 2 * x, "state"


def test_output_of_sequences_and_of_tuples_is_replaced_by_the_mean_over_steps() -> None:
    module = Whole()
    short, long = torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[3.0, 4.0], [5.0, 9.0]]])

    with collected({"module": module}) as seen:
        module(short)
        module(long)
    with replaced_by_mean(module, seen["module"]):
        output, state = module(long)

    assert (output.tolist(), state) == ([[[6.0, 10.0], [6.0, 10.0]]], "state")
    assert module(long)[0].tolist() == (2 * long).tolist()


def test_submodules_without_a_mean_are_named() -> None:
    first, broken, unused = nn.Linear(2, 1), nn.Identity(), nn.Identity()
    rows = torch.randn(8, 2, generator=torch.Generator().manual_seed(0))

    def score() -> dict[str, float]:
        broken(rows.long())
        return {"loss": float(first(rows).square().mean())}

    *blocks, said = submodule_importance(
        {"first": first, "broken": broken, "unused": unused}, score, where=""
    )

    tables = [block for block in blocks if isinstance(block, Table)]
    assert [row[0] for row in tables[0].rows] == ["(nothing)", "first"]
    assert tables[0].rows[1][1] < tables[0].rows[0][1]  # a constant has no spread
    assert isinstance(said, Text)
    assert said.text.endswith("broken, unused.")
