"""How a `VariantModel` is wired from its parts and the data spec."""

from collections.abc import Collection, Iterable, Mapping

from nested_lightning.app.assembly import protocols
from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.assembly.names import escape_name
from nested_lightning.app.assembly.widths import Width
from nested_lightning.app.assembly.wiring.parts import Part, Parts, part, parts
from nested_lightning.app.assembly.wiring.published import check_taken, published, refuse_unknown, report
from nested_lightning.app.variant.model import VariantModel
from nested_lightning.app.variant.spec import VariantDataSpec, VariantSpec


def variant(
    data: VariantDataSpec,
    model: Part[VariantModel],
    adapters: Parts[protocols.SequenceAdapter] = parts(),
    trunk: Part[protocols.SequenceTrunk | None] = part(),
    decoders: Parts[protocols.SequenceDecoder] = parts(),
    losses: Parts[protocols.SequenceLoss] = parts(),
    balance: Part[protocols.LossBalance] = part(),
    optimizer: Part[protocols.Optimizer] = part(),
    schedule: Part[protocols.Schedule | None] = part(),
    weights: Mapping[str, float] | None = None,
    frozen: Collection[str] = (),
    configured_variants: Iterable[str] = (),
) -> VariantModel:
    """Wire an adapter, a decoder and a loss for each variant of the data, and what they share.

    Args:
        data: The variants and their classes.
        model: The composite.
        adapters: Each takes ``in_features``.
        trunk: Takes ``in_features``; gives None where there is no trunk.
        decoders: Each takes ``in_features`` and ``out_features``, the number of classes.
        losses: Each takes nothing.
        balance: Takes ``weights`` and ``num_sequences``, both by the variant's name.
        optimizer: Handed on.
        schedule: Handed on.
        weights: Weight of a variant's loss by name; 1 where none is named.
        frozen: See `VariantModel`; names that aren't in the data are left out.
        configured_variants: Variants that have settings of their own; each must be in the data.

    Raises:
        CompositionError: Parts don't fit together, or a configured variant isn't in the data.
    """
    no_such = {"what": "the data has no such variant", "are": "variants: {}"}
    refuse_unknown(configured_variants, data.names, at="variant.variants", **no_such)
    variants = {each.name: each for each in data.variants}
    fitted = {name: _adapt(each, adapters) for name, each in variants.items()}
    widths = {name: published(adapter) for name, adapter in fitted.items()}
    shared = trunk(in_features=next(iter(widths.values())))
    if shared is not None:
        for width in list(widths.values())[1:]:
            check_taken(shared, in_features=width)
        widths = dict.fromkeys(variants, published(shared))
    return model(
        adapters=fitted,
        trunk=shared,
        decoders={
            name: decoders[name](in_features=widths[name], out_features=_num_classes(each))
            for name, each in variants.items()
        },
        losses={name: losses[name]() for name in variants},
        balance=balance(
            weights={name: (weights or {}).get(name, 1.0) for name in variants},
            num_sequences={name: each.num_sequences for name, each in variants.items()},
        ),
        num_classes={name: len(each.class_names) for name, each in variants.items()},
        frozen=[name for name in frozen if name in variants],
        optimizer=optimizer,
        schedule=schedule,
    )


def _num_classes(each: VariantSpec) -> Width:
    taker = f"the data's variant '{each.name}', which has that many classes,"
    return Width(len(each.class_names), taker)


def _adapt(each: VariantSpec, adapters: Parts[protocols.SequenceAdapter]) -> protocols.SequenceAdapter:
    adapter = adapters[each.name](in_features=Width(each.in_features, f"the data's variant '{each.name}'"))
    given = "vectors" if each.kind == "vectors" else "tokens"
    taken = getattr(adapter, "takes", given)
    if taken != given:
        path = f"variant.adapters.{escape_name(each.name)}"
        report(
            CompositionError(
                f"{path} ({type(adapter).__name__}) takes {taken}, but the variant"
                f" '{each.name}' consists of {each.kind}: choose another kind of adapter",
                path=path,
            )
        )
    return adapter
