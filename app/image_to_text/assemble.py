"""How an `ImageToText` is wired from its parts and the data spec."""

from nested_lightning.app.assembly import protocols
from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.assembly.widths import StandIn, Width
from nested_lightning.app.assembly.wiring.parts import Part, part
from nested_lightning.app.assembly.wiring.published import published, report
from nested_lightning.app.image_to_text.generation.search import Generation
from nested_lightning.app.image_to_text.model import ImageToText
from nested_lightning.app.image_to_text.spec import ImageToTextDataSpec

NUM_COLOURS = 3


def image_to_text(
    data: ImageToTextDataSpec,
    model: Part[ImageToText],
    image_encoder: Part[protocols.ImageEncoder] = part(),
    bridge: Part[protocols.Bridge] = part(),
    text_decoder: Part[protocols.TextDecoder] = part(),
    normalization: Part[protocols.Normalization] = part(),
    optimizer: Part[protocols.Optimizer] = part(),
    schedule: Part[protocols.Schedule | None] = part(),
    *,
    augmentation: protocols.Augmentation,
    generation: Generation,
) -> ImageToText:
    """Wire encoder, bridge and decoder, each from what the one before publishes.

    Args:
        data: Size and colours of the pictures, and the vocabulary.
        model: The composite.
        image_encoder: Takes ``in_features``, the number of colours, and ``picture_size``.
        bridge: Takes ``in_features`` and ``in_positions``, the encoder's ``out_features`` and
            ``out_positions``.
        text_decoder: Takes ``in_features`` and ``role``, the bridge's ``out_features`` and ``role``, and
            ``out_features``, the size of the vocabulary; where this is of a tokenizer of its own, also
            ``token_ids`` and ``max_length``.
        normalization: Takes ``mean`` and ``scale`` of the colours.
        optimizer: Handed on.
        schedule: Handed on.
        augmentation: Handed on.
        generation: Handed on.

    Raises:
        CompositionError: Parts don't fit together.
    """
    encoder = image_encoder(in_features=NUM_COLOURS, picture_size=data.picture_size)
    bridged = bridge(in_features=published(encoder), in_positions=published(encoder, "out_positions"))
    decoder = text_decoder(
        in_features=published(bridged),
        out_features=Width(len(data.tokens), "the data's vocabulary"),
        role=_published_role(bridged),
        **data.wired,
    )
    return model(
        image_encoder=encoder,
        bridge=bridged,
        text_decoder=decoder,
        normalization=normalization(mean=data.mean, scale=data.scale),
        vocabulary=data.vocabulary,
        augmentation=augmentation,
        max_length=data.max_length,
        generation=generation,
        optimizer=optimizer,
        schedule=schedule,
    )


def _published_role(bridge: protocols.Bridge) -> str:
    role = getattr(bridge, "role", None)
    if isinstance(role, str):
        return role
    if not isinstance(bridge, StandIn):
        path = "image_to_text.bridge"
        report(
            CompositionError(
                f"{path} ({type(bridge).__name__}) has no role: it says what the decoder does with the "
                "picture, so set role to initial_state, first_input, every_step or attention",
                path=path,
            )
        )
    return "attention"
