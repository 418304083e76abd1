import json

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
