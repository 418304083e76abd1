"""A head of several networks that are trained as one."""

import pytest
import torch

from nested_lightning.app.submodules.heads import MemberHead


def _head(*, num_members: int = 3, dropout: float = 0.0) -> MemberHead:
    torch.manual_seed(0)
    return MemberHead(
        in_features=5, out_features=2, num_members=num_members, hidden_features=8, dropout=dropout
    )


def test_each_member_gives_outputs_of_its_own() -> None:
    outputs = _head()(torch.randn(7, 5))

    assert outputs.shape == (7, 3, 2)
    assert not torch.allclose(outputs[:, 0], outputs[:, 1])


@pytest.mark.parametrize("member", range(3))
def test_a_member_learns_from_its_own_outputs_alone(member: int) -> None:
    head = _head()

    head(torch.randn(7, 5))[:, member].square().sum().backward()

    last = head.layers[-1].weight.grad.unflatten(0, (3, 8))  # type: ignore[union-attr, operator]
    first = head.layers[0].weight.grad.unflatten(0, (3, 8))  # type: ignore[union-attr, operator]
    assert [bool(one.any()) for one in last] == [index == member for index in range(3)]
    assert [bool(one.any()) for one in first] == [index == member for index in range(3)]


def test_every_parameter_gets_a_gradient() -> None:
    head = _head(dropout=0.3)

    head(torch.randn(32, 5)).square().sum().backward()

    assert all(p.grad is not None and p.grad.any() for p in head.parameters())
