"""Batches shared by another number of processes than before."""

from dataclasses import replace

import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.containers.starting.batch_sharing import share_batches
from nested_lightning.settings.families import find_family

MULTI_FEATURE = find_family("multi-feature")


def test_as_many_samples_are_in_the_batches_of_all_processes() -> None:
    settings = {"multi_feature": {"data": {"batch_size": 24}}}
    shared = share_batches(settings, MULTI_FEATURE, before=1, now=2)
    assert shared == {"multi_feature": {"data": {"batch_size": 12}}}


def test_a_number_that_does_not_divide_a_batch_is_refused() -> None:
    settings = {"multi_feature": {"data": {"batch_size": 25}}}
    with pytest.raises(UserError, match=r"multi_feature\.data\.batch_size: a batch of 25 samples"):
        share_batches(settings, MULTI_FEATURE, before=1, now=2)


def test_a_family_without_a_setting_of_batches_is_refused() -> None:
    own = replace(MULTI_FEATURE, batch_sizes=("data.rows_per_batch",))
    with pytest.raises(UserError, match="no setting of multi_feature says how large a batch is"):
        share_batches({"multi_feature": {"data": {"batch_size": 24}}}, own, before=2, now=1)
