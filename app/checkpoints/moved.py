"""Present paths of providers and classes that older recipes name by their former ones."""

import re

_MOVED = {
    "assembly": {"composition.assembler": "assembler"},
    "image_to_text": {
        "data.image_to_text": "data",
        "data.caption_files": "caption_files",
        "data.captioned_pictures": "captioned_pictures",
        "data.picture_augmentation": "augmentation",
        "data.picture_splits": "splits",
        "evaluation.image_to_text": "evaluate",
        "generation.beam": "generation.beam",
        "generation.greedy": "generation.greedy",
        "generation.sampling": "generation.sampling",
        "models.image_to_text": "model",
        "prediction.image_to_text": "predict",
        "training.caption_samples": "caption_samples",
    },
    "multi_feature": {
        "data.column_groups": "column_groups",
        "data.disk_storage": "disk_storage",
        "data.feature_storage": "storage",
        "data.multi_feature": "data",
        "evaluation.multi_feature": "evaluate",
        "models.multi_feature": "model",
        "prediction.multi_feature": "predict",
    },
    "training.machine": {
        "training.channels_last": "compilation",
        **{f"training.{name}": name for name in ("compilation", "determinism", "device_data")},
    },
    "training.reporting": {f"training.{name}": name for name in ("epoch_log", "metrics_file", "progress")},
    "training.runs": {
        "training.shared_run_folder": "run_folder",
        **{
            f"training.{name}": name
            for name in ("interruption", "last_checkpoint", "random_state", "run", "run_folder")
        },
        "training.running_metrics": "running_metrics",
    },
    "vae_gan": {
        "data.domain_groups": "domain_groups",
        "data.vae_gan": "data",
        "evaluation.vae_gan": "evaluate",
        "models.turns": "turns",
        "models.vae_gan": "model",
        "models.vae_gan_objective": "objective",
        "prediction.vae_gan": "predict",
        "training.collapse_watch": "collapse_watch",
        "training.picture_grids": "epoch_grids",
    },
    "variant": {
        "data.digit_sequences": "sources.digits",
        "data.python_sources": "sources.python",
        "data.sequence_file": "sources.file",
        "data.variant": "data",
        "data.variant_sampling": "sampling",
        "evaluation.variant": "evaluate",
        "models.variant": "model",
        "prediction.variant": "predict",
    },
}
"""Modules of what may take a provider's place, by the folder where they are since version 4."""

MODULES = {
    f"app.{before}": f"nested_lightning.app.{folder}.{now}"
    for folder, modules in _MOVED.items()
    for before, now in modules.items()
} | {"app.testing.told_submodule": "nested_lightning.testing.submodule_double"}
_RENAMED = {"ToldSubmodule": "SubmoduleDouble", "VariantSplitter": "SkinToneSplitter"}


def as_now(path: str, name: str) -> tuple[str, str]:
    """Return the paths that a provider, and what was put into its place, ``module:name``, have now."""
    path = re.sub(r"^((?:\w+\.)?)training\.", r"\1trainer.", path)
    path = re.sub(r"(^|\.)trainer\.trainer$", r"\1trainer.lightning_trainer", path)
    module, colon, attribute = name.partition(":")
    if not (colon and module.startswith("app.")):
        return path, name
    present = MODULES.get(module, f"nested_lightning.{module}")
    return path, f"{present}:{_RENAMED.get(attribute, attribute)}"
