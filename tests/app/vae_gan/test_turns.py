"""Turns: which components step in which batches."""

from nested_lightning.app.vae_gan.turns import Turns


def test_a_kind_steps_in_every_nth_batch_and_its_steps_are_counted_so() -> None:
    turns = Turns(every_n_batches={"vaes": 3})

    batches = [batch for batch in range(8) if turns.has("vaes", batch)]

    assert batches == [0, 3, 6]
    assert turns.num_steps("vaes.3", 8) == len(batches)


def test_a_kind_that_is_not_named_steps_in_each_batch() -> None:
    turns = Turns(every_n_batches={"vaes": 3})

    assert all(turns.has("discriminators", batch) for batch in range(4))
    assert turns.num_steps("discriminators.shared", 4) == 4
