"""Puts an `ImageToText` together from injected factories and the data's spec."""

from collections.abc import Callable, Sequence
from typing import Any

from pytorch_lightning import Callback
from torch import Tensor, nn

from nested_lightning.app.assembly.assembler import Assembler
from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.assembly.stand_in import StandIn
from nested_lightning.app.checkpoints.recipe import Recipe
from nested_lightning.app.image_to_text.generation.search import Generation
from nested_lightning.app.image_to_text.model import ImageToText
from nested_lightning.app.image_to_text.spec import ImageToTextDataSpec
from nested_lightning.app.training.optimization import OptimizerFactory, ScheduleFactory

NUM_COLOURS = 3


def assemble_image_to_text(
    *,
    data_spec: ImageToTextDataSpec,
    image_encoder: Callable[..., Any],
    bridge: Callable[..., Any],
    text_decoder: Callable[..., Any],
    normalization: Callable[..., Any],
    augmentation: Callable[[Tensor], Tensor],
    generation: Generation,
    assembler: Assembler,
    optimizer: OptimizerFactory,
    schedule: ScheduleFactory,
    label_smoothing: float = 0.0,
    num_samples: int = 8,
    recipe: Recipe | None = None,
    callbacks: Sequence[Callback] = (),
) -> ImageToText:
    """Build encoder, bridge and decoder, each from what the one before publishes.

    Args:
        data_spec: Size and colours of the pictures, and the vocabulary.
        image_encoder: Called with ``in_features``, the number of colours, and ``picture_size``.
        bridge: Called with ``in_features`` and ``in_positions``, the encoder's ``out_features`` and
            ``out_positions``.
        text_decoder: Called with ``in_features`` and ``role``, the bridge's ``out_features`` and ``role``,
            and ``out_features``, the size of the vocabulary.
        normalization: Called with ``mean`` and ``scale`` of the colours.
        augmentation: See `ImageToText`.
        generation: See `ImageToText`.
        assembler: Seeds, names and checks each of them.
        optimizer: See `ImageToText`.
        schedule: See `ImageToText`.
        label_smoothing: See `ImageToText`.
        num_samples: See `ImageToText`.
        recipe: See `ImageToText`.
        callbacks: See `ImageToText`.

    Raises:
        CompositionError: Submodules don't fit together.
    """
    encoder = assembler.build(
        "image_encoder", image_encoder, in_features=NUM_COLOURS, picture_size=data_spec.picture_size
    )
    features = assembler.published_width("image_encoder", encoder)
    positions = assembler.published_width("image_encoder", encoder, "out_positions")
    bridged = assembler.build("bridge", bridge, in_features=features, in_positions=positions)
    assembler.check_width("bridge", bridged, giver=assembler.locate("image_encoder"), given=features)
    width = assembler.published_width("bridge", bridged)
    num_tokens = len(data_spec.tokens)
    decoder = assembler.build(
        "text_decoder",
        text_decoder,
        in_features=width,
        out_features=num_tokens,
        role=_published_role(assembler, bridged),
    )
    assembler.check_width("text_decoder", decoder, giver=assembler.locate("bridge"), given=width)
    return ImageToText(
        image_encoder=encoder,
        bridge=bridged,
        text_decoder=decoder,
        normalization=assembler.build(
            "normalization", normalization, mean=data_spec.mean, scale=data_spec.scale
        ),
        augmentation=augmentation,
        vocabulary=data_spec.vocabulary,
        max_length=data_spec.max_length,
        generation=generation,
        optimizer=optimizer,
        schedule=schedule,
        label_smoothing=label_smoothing,
        num_samples=num_samples,
        recipe=recipe,
        callbacks=callbacks,
    )


def _published_role(assembler: Assembler, bridge: nn.Module) -> str:
    role = getattr(bridge, "role", None)
    if isinstance(role, str):
        return role
    if not isinstance(bridge, StandIn):
        path = assembler.locate("bridge")
        assembler.report(
            CompositionError(
                f"{path} ({type(bridge).__name__}) has no role: it says what the decoder does with the "
                "picture, so set role to initial_state, first_input, every_step or attention",
                path=path,
            )
        )
    return "attention"
