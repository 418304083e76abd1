"""Which settings must stay as they are while a sweep goes on."""

from nested_lightning.containers.sweeping.question import is_of_the_machine


def test_a_family_whose_name_begins_as_what_may_change_is_held_to_its_settings() -> None:
    names = [
        "prediction.batch_size",
        "prediction_net.width",
        "trainer.devices",
        "trainer.max_epochs",
        "run_dir",
    ]

    may_change = [name for name in names if is_of_the_machine(name)]

    assert may_change == ["prediction.batch_size", "trainer.devices", "run_dir"]
