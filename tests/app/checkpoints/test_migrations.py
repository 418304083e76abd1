import json
from typing import Any

import torch

from nested_lightning.app.checkpoints.migrations import migrate
from nested_lightning.app.checkpoints.recipe import CHECKPOINT_KEY, FORMAT_VERSION


def test_convolutions_of_an_older_vae_gan_stay_without_normalisation() -> None:
    conv, mlp = {"kind": "conv"}, {"kind": "mlp"}
    vaes = {"8": {"encoder": conv, "decoder": mlp}}
    family = {"vae": {"encoder": mlp, "decoder": conv}, "vaes": vaes, "discriminator": conv}
    recipe = {"format_version": 5, "settings": {"vae_gan": family}}
    checkpoint = {CHECKPOINT_KEY: json.dumps(recipe)}

    migrate(checkpoint)

    migrated = json.loads(checkpoint[CHECKPOINT_KEY])
    plain = {"kind": "conv", "use_group_norm": False}
    assert migrated["format_version"] == FORMAT_VERSION
    assert migrated["settings"]["vae_gan"] == {
        "vae": {"encoder": mlp, "decoder": plain},
        "vaes": {"8": {"encoder": plain, "decoder": mlp}},
        "discriminator": conv,
    }


def test_classes_of_an_older_multi_feature_are_a_target_with_an_objective() -> None:
    spec = {"groups": [], "label": "kind", "class_names": ["a", "b"], "class_counts": [3, 4]}
    checkpoint: dict[str, Any] = {
        CHECKPOINT_KEY: json.dumps({"format_version": 6, "data_spec": spec}),
        "state_dict": {"class_weights": torch.ones(2)},
    }

    migrate(checkpoint)

    target = {"kind": "classes", "column": "kind", "names": ["a", "b"], "counts": [3, 4]}
    assert json.loads(checkpoint[CHECKPOINT_KEY])["data_spec"] == {"groups": [], "target": target}
    assert checkpoint["state_dict"].keys() == {"objective.class_weights"}
