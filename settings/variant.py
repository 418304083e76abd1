"""The family variant: one model, several input types, a decoder for each."""

from typing import Any

from pydantic import Field, NonNegativeFloat, model_validator

from nested_lightning.settings.base import Settings, plain_section
from nested_lightning.settings.choices.optimization import OPTIMIZERS, SCHEDULES, Optimizer, Schedule
from nested_lightning.settings.choices.sequence_adapters import (
    TOKEN_ADAPTERS,
    VECTOR_ADAPTERS,
    Adapter,
    TokenAdapter,
    VectorAdapter,
)
from nested_lightning.settings.choices.sequence_decoders import DECODERS, SequenceDecoder, Trunk
from nested_lightning.settings.choices.variant_losses import BALANCES, LOSSES, Balance, Loss
from nested_lightning.settings.choices.widths import HALF_WIDTH
from nested_lightning.settings.data.variant import SEQUENCE_SOURCES, SequenceDataSettings, SequenceSource
from nested_lightning.settings.family import Family, Preset
from nested_lightning.settings.numbers import Count
from nested_lightning.settings.predictor import RECORD_FORMATS, InputFiles, KeepOptions, PredictorInterface
from nested_lightning.settings.reading.merging import merge

SHIPPED_VARIANTS: dict[str, Any] = {
    "image": {"source": {"kind": "digits"}},
    "text": {"source": {"kind": "python"}},
}
"""The variants where no ``data.path`` is set; settings of variants are put over them."""

IMAGE_ADAPTER: dict[str, Any] = {"variants": {"image": {"adapter": {"kind": "picture"}}}}
"""Put over the shipped variants where no ``vector_adapter`` is set."""


class SingleVariantSettings(Settings):
    """One variant: where its sequences come from, what labels them, and what part it takes."""

    source: SequenceSource = SEQUENCE_SOURCES.field("Where its sequences come from.")
    adapter: Adapter | None = Field(
        None, description="From its steps to vectors; null: token_adapter or vector_adapter."
    )
    decoder: SequenceDecoder | None = Field(
        None, description="From vectors to its classes; null: the decoder of every variant."
    )
    loss: Loss | None = Field(None, description="Its loss; null: the loss of every variant.")
    weight: NonNegativeFloat = Field(1.0, description="Factor of its loss.")
    batch_size: Count | None = Field(None, description="Sequences of its training batch; null: as all.")
    is_frozen: bool = Field(False, description="Whether its adapter and decoder keep their weights.")
    is_trained: bool = Field(True, description="Whether training has batches of it.")
    is_evaluated: bool = Field(True, description="Whether validation and test have; neither: it isn't there.")


class VariantSettings(Settings):
    """A labeller of sequences of several kinds."""

    data: SequenceDataSettings = Field(SequenceDataSettings(), description="The sequences to learn from.")
    variants: dict[str, SingleVariantSettings] = Field(
        {}, description="Single variants by name; image and text are there where data.path is null."
    )
    token_adapter: TokenAdapter = TOKEN_ADAPTERS.field("Adapter of every variant of characters or tokens.")
    vector_adapter: VectorAdapter = VECTOR_ADAPTERS.field(
        "Adapter of every variant of vectors; until it is set, that of image is a picture's."
    )
    trunk: Trunk | None = Field(None, description="Shared by all, between adapters and decoders; null: none.")
    decoder: SequenceDecoder = DECODERS.field("Decoder of every variant.")
    loss: Loss = LOSSES.field("Loss of every variant.")
    balance: Balance = BALANCES.field("How the variants' losses are weighed.")
    optimizer: Optimizer = OPTIMIZERS.field("Optimiser.")
    schedule: Schedule = SCHEDULES.field("How the learning rate changes during training.")

    @model_validator(mode="before")
    @classmethod
    def _add_shipped_variants(cls, values: Any) -> Any:
        """Merge the settings of variants over those that ship, unless the data are the user's."""
        data, given = plain_section(values, "data"), plain_section(values, "variants")
        if data is None or given is None or data.get("path") is not None:
            return values
        plain = {
            name: item.model_dump() if isinstance(item, SingleVariantSettings) else item
            for name, item in given.items()
        }
        adapter = {} if "vector_adapter" in values else IMAGE_ADAPTER
        shipped = merge({"variants": SHIPPED_VARIANTS}, adapter)
        return values | merge(shipped, {"variants": plain})

    @property
    def sources(self) -> dict[str, SequenceSource]:
        """Source of each variant that is there, by name."""
        return {name: v.source for name, v in self.variants.items() if v.is_trained or v.is_evaluated}

    def own(self, field: str) -> dict[str, Any]:
        """Return what variants have of a field in the place of what all of them have, by name."""
        found = {name: getattr(v, field) for name, v in self.variants.items()}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def frozen(self) -> list[str]:
        """Variants that keep their weights."""
        return [name for name, v in self.variants.items() if v.is_frozen]

    @property
    def untrained(self) -> list[str]:
        """Variants without training batches; a frozen one has some only where there is a trunk to train."""
        return [
            name
            for name, v in self.variants.items()
            if not v.is_trained or (v.is_frozen and self.trunk is None)
        ]

    @property
    def unevaluated(self) -> list[str]:
        """Variants that validation and test leave out."""
        return [name for name, v in self.variants.items() if not v.is_evaluated]


ORIGINAL = Preset(
    summary="LSTMs that only read forwards, after a linear projection or an embedding.",
    values={
        "variant": {
            "decoder": {"kind": "recurrent", "is_bidirectional": False},
            "vector_adapter": {"kind": "projection"},
        }
    },
)


class LabelOptions(KeepOptions):
    """Which of the model's variants files hold."""

    variant: str | None = Field(None, description="What files hold, e.g. text; needed if not the only one.")


FAMILY = Family(
    name="variant",
    summary="One model for several input types, a decoder for each, chosen by the batch's type.",
    settings=VariantSettings,
    container="nested_lightning.containers.variant.VariantContainer",
    exported="nested_lightning.app.variant.exported.ExportedVariant",
    has_unused_parameters=True,
    predictor=PredictorInterface(
        summary="Label each step of texts, pictures or other sequences with the decoder of their variant.",
        inputs=InputFiles(
            name="files",
            description="Characters: a text file, e.g. Python source. Vectors: pictures of digits, or a "
            "folder of them in the order of their names. Any: a JSONL or Parquet file of sequences.",
            are_many=True,
        ),
        options=LabelOptions,
        formats={"text": (".txt",), **RECORD_FORMATS},
    ),
    defaults={
        "variant": {"data": {"split": {"kind": "random", "val_fraction": 0.1}}},
        "trainer": {"max_epochs": 3, "num_threads": 1, "gradient_clip_norm": 1.0, "monitor": "val_macro_f1"},
    },
    presets={"original": ORIGINAL, "half-width": HALF_WIDTH},
    batch_sizes=("data.batch_size", "variants.*.batch_size"),
)
