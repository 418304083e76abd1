from importlib import import_module

from nested_lightning.app.checkpoints.moved import MODULES, as_now


def test_every_module_is_where_it_is_said_to_be() -> None:
    for module in MODULES.values():
        import_module(module)


def test_former_names_become_present_ones_and_others_stay() -> None:
    head = "nested_lightning.app.submodules.heads:LinearHead"

    assert as_now("multi_feature.head", "app.submodules.heads:LinearHead") == ("multi_feature.head", head)
    assert as_now("multi_feature.head", "my_app.heads:Head") == ("multi_feature.head", "my_app.heads:Head")
    assert as_now("training.trainer", "a ready Trainer") == ("trainer.lightning_trainer", "a ready Trainer")
    assert as_now("learning.training.progress", "app.training.progress:TrainingProgress") == (
        "learning.trainer.progress",
        "nested_lightning.app.training.reporting.progress:TrainingProgress",
    )
    assert as_now("multi_feature.feature_extractors.training", "linear")[0].endswith(".training")
