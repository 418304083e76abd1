"""Combiners: shapes, and missing groups that count for nothing."""

import pytest
import torch
from torch import Tensor, nn

from nested_lightning.app.submodules.combiners import Concatenation, GatedSum, GroupAttention

WIDTHS = {"kar": 4, "fou": 4, "zer": 4}
COMBINERS = [Concatenation, GatedSum, GroupAttention]


def _vectors() -> list[Tensor]:
    torch.manual_seed(0)
    return [torch.randn(5, 4) for _ in WIDTHS]


@pytest.mark.parametrize("combiner_type", COMBINERS)
def test_combiner_gives_the_width_it_publishes(combiner_type: type[nn.Module]) -> None:
    combiner = combiner_type(in_features=WIDTHS)

    assert combiner(_vectors()).shape == (5, combiner.out_features)


@pytest.mark.parametrize("combiner_type", COMBINERS)
def test_full_presence_is_the_same_as_none(combiner_type: type[nn.Module]) -> None:
    combiner = combiner_type(in_features=WIDTHS)
    presence = torch.ones(5, 3, dtype=torch.bool)

    torch.testing.assert_close(combiner(_vectors(), presence), combiner(_vectors()))


@pytest.mark.parametrize("combiner_type", COMBINERS)
def test_the_vector_of_a_missing_group_changes_nothing(combiner_type: type[nn.Module]) -> None:
    combiner = combiner_type(in_features=WIDTHS)
    presence = torch.ones(5, 3, dtype=torch.bool)
    presence[2, 1] = False
    vectors = _vectors()
    before = combiner(vectors, presence)
    vectors[1] = vectors[1].clone()
    vectors[1][2] += 100

    torch.testing.assert_close(combiner(vectors, presence), before)


@pytest.mark.parametrize("combiner_type", COMBINERS)
def test_a_row_without_any_group_gives_finite_zeros(combiner_type: type[nn.Module]) -> None:
    combiner = combiner_type(in_features=WIDTHS)
    presence = torch.ones(5, 3, dtype=torch.bool)
    presence[0] = False

    combined = combiner(_vectors(), presence)

    assert combined.isfinite().all()
    assert not combined[0].any()


def test_gated_sum_is_a_weighted_mean() -> None:
    combiner = GatedSum(in_features=WIDTHS)
    same = torch.randn(5, 4)

    torch.testing.assert_close(combiner([same, same, same]), same)


@pytest.mark.parametrize("combiner_type", [GatedSum, GroupAttention])
def test_widths_that_differ_are_refused_by_name(combiner_type: type[nn.Module]) -> None:
    with pytest.raises(ValueError, match="kar gives 4, fou gives 8"):
        combiner_type(in_features={"kar": 4, "fou": 8})


def test_heads_that_do_not_share_the_width_evenly_are_refused() -> None:
    with pytest.raises(ValueError, match="6 features can't be shared by 4 heads"):
        GroupAttention(in_features={"kar": 6}, num_heads=4)
