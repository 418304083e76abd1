"""Small data specs of this project's own families, for models that are built in a moment without any file."""

from nested_lightning.app.data.data_spec import DataSpec
from nested_lightning.app.errors import UserError
from nested_lightning.app.image_to_text.spec import ImageToTextDataSpec
from nested_lightning.app.image_to_text.vocabulary import SPECIAL_TOKENS
from nested_lightning.app.multi_feature.group_specs import ColumnSpec, GroupSpec
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec
from nested_lightning.app.multi_feature.targets.specs import ClassTarget
from nested_lightning.app.vae_gan.spec import VaeGanDataSpec
from nested_lightning.app.variant.spec import VariantDataSpec, VariantSpec

CLASSES = ("one", "two", "three")


def small_spec(family: str) -> DataSpec:
    """Return the small data spec of a family.

    Raises:
        UserError: It has none, since a plug-in brought it.
    """
    if family not in _MAKERS:
        raise UserError(f"there is no small data spec of {family}: give few_samples a data_spec")
    return _MAKERS[family]()


def _multi_feature() -> DataSpec:
    groups = {"first": ("a", "b", "c"), "second": ("d", "e")}
    return MultiFeatureDataSpec(
        groups=tuple(
            GroupSpec(name=name, columns=tuple(ColumnSpec(name=column) for column in columns))
            for name, columns in groups.items()
        ),
        target=ClassTarget(column="label", names=CLASSES, counts=(2, 2, 2)),
    )


def _image_to_text() -> DataSpec:
    return ImageToTextDataSpec(
        picture_size=16,
        fit="pad",
        mean=(0.5, 0.5, 0.5),
        scale=(0.25, 0.25, 0.25),
        tokens=(*SPECIAL_TOKENS, "a", "cat", "dog"),
        unit="words",
        is_lowercase=True,
        max_length=5,
    )


def _variant() -> DataSpec:
    vectors = VariantSpec(
        name="image",
        kind="vectors",
        mean=(0.0,) * 16,
        scale=(1.0,) * 16,
        class_names=CLASSES,
        class_counts=(4, 4, 4),
        has_step_labels=True,
        num_sequences=3,
    )
    text = VariantSpec(
        name="text",
        kind="characters",
        vocabulary=("a", "b", "c"),
        class_names=CLASSES[:2],
        class_counts=(4, 4),
        has_step_labels=True,
        num_sequences=3,
    )
    return VariantDataSpec(variants=(vectors, text))


def _vae_gan() -> DataSpec:
    return VaeGanDataSpec(
        image_size=6,
        channels=1,
        domains=("dot", "line"),
        domain_counts=(4, 4),
        groups={"dot": ("dot",), "line": ("line",)},
    )


_MAKERS = {
    "multi-feature": _multi_feature,
    "image-to-text": _image_to_text,
    "variant": _variant,
    "vae-gan": _vae_gan,
}
