"""Puts a `VariantModel` together from injected factories and the data's spec."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from torch import nn

from nested_lightning.app.assembly.assembler import Assembler
from nested_lightning.app.assembly.errors import CompositionError, WidthError
from nested_lightning.app.assembly.names import escape_name
from nested_lightning.app.checkpoints.recipe import Recipe
from nested_lightning.app.errors import did_you_mean
from nested_lightning.app.training.optimization import OptimizerFactory, ScheduleFactory
from nested_lightning.app.variant.model import VariantModel
from nested_lightning.app.variant.spec import VariantDataSpec, VariantSpec

Factory = Callable[..., Any]


def assemble_variant(
    *,
    data_spec: VariantDataSpec,
    adapter: Factory,
    trunk: Factory,
    decoder: Factory,
    loss: Factory,
    balance: Factory,
    assembler: Assembler,
    optimizer: OptimizerFactory,
    schedule: ScheduleFactory,
    weights: Mapping[str, float] | None = None,
    frozen: Collection[str] = (),
    recipe: Recipe | None = None,
    configured_variants: Iterable[str] = (),
) -> VariantModel:
    """Build an adapter, a decoder and a loss for each variant of the data, and what they share.

    Args:
        data_spec: The variants and their classes.
        adapter: Called with a variant's name and ``in_features``.
        decoder: Called with a variant's name, ``in_features`` and ``out_features``, the number of classes.
        loss: Called with a variant's name.
        balance: Called with ``weights`` and ``num_sequences``, both by the variant's name.
        assembler: Seeds, names and checks each of them.
        optimizer: See `VariantModel`.
        schedule: See `VariantModel`.
        trunk: Called with ``in_features``; gives None where there is no trunk.
        weights: Weight of a variant's loss by name; 1 where none is named.
        frozen: See `VariantModel`.
        recipe: See `VariantModel`.
        configured_variants: Variants that have settings of their own; each must be in the data.

    Raises:
        CompositionError: Submodules don't fit together, or a configured variant isn't in the data.
    """
    _check_names(configured_variants, data_spec, assembler)
    variants = {variant.name: variant for variant in data_spec.variants}
    adapters = {name: _build_adapter(variant, adapter, assembler) for name, variant in variants.items()}
    widths = {
        name: (
            assembler.locate(f"adapters.{escape_name(name)}"),
            assembler.published_width(f"adapters.{escape_name(name)}", module),
        )
        for name, module in adapters.items()
    }
    shared = _build_trunk(widths, trunk, assembler)
    if shared is not None:
        width = assembler.published_width("trunk", shared)
        widths = dict.fromkeys(variants, (assembler.locate("trunk"), width))
    decoders = {}
    for name, variant in variants.items():
        place, (giver, given) = f"decoders.{escape_name(name)}", widths[name]
        decoders[name] = assembler.build(
            place, decoder, name, in_features=given, out_features=len(variant.class_names)
        )
        assembler.check_width(place, decoders[name], giver=giver, given=given)
        _check_classes(place, decoders[name], variant, assembler)
    return VariantModel(
        adapters=adapters,
        trunk=shared,
        decoders=decoders,
        losses={name: assembler.build(f"losses.{escape_name(name)}", loss, name) for name in variants},
        balance=assembler.build(
            "balance",
            balance,
            weights={name: (weights or {}).get(name, 1.0) for name in variants},
            num_sequences={name: variant.num_sequences for name, variant in variants.items()},
        ),
        num_classes={name: len(variant.class_names) for name, variant in variants.items()},
        frozen=[name for name in frozen if name in variants],
        optimizer=optimizer,
        schedule=schedule,
        recipe=recipe,
    )


def _check_names(configured: Iterable[str], data_spec: VariantDataSpec, assembler: Assembler) -> None:
    for name in configured:
        if name not in data_spec.names:
            path = f"{assembler.locate('variants')}.{name}"
            assembler.report(
                CompositionError(
                    f"{path}: the data has no such variant{did_you_mean(name, data_spec.names)}"
                    f" (variants: {', '.join(data_spec.names)})",
                    path=path,
                )
            )


def _build_adapter(variant: VariantSpec, adapter: Factory, assembler: Assembler) -> nn.Module:
    place = f"adapters.{escape_name(variant.name)}"
    module = assembler.build(place, adapter, variant.name, in_features=variant.in_features)
    given = "vectors" if variant.kind == "vectors" else "tokens"
    taken = getattr(module, "takes", given)
    if taken != given:
        assembler.report(
            CompositionError(
                f"{assembler.locate(place)} ({type(module).__name__}) takes {taken}, but the variant"
                f" '{variant.name}' consists of {variant.kind}: choose another kind of adapter",
                path=assembler.locate(place),
            )
        )
    assembler.check_width(
        place, module, giver=f"the data's variant '{variant.name}'", given=variant.in_features
    )
    return module


def _build_trunk(
    widths: Mapping[str, tuple[str, int]], trunk: Factory, assembler: Assembler
) -> nn.Module | None:
    _, width = next(iter(widths.values()))
    module = assembler.build_optional("trunk", trunk, in_features=width)
    if module is not None:
        for giver, given in widths.values():
            assembler.check_width("trunk", module, giver=giver, given=given)
    return module


def _check_classes(place: str, decoder: nn.Module, variant: VariantSpec, assembler: Assembler) -> None:
    given = getattr(decoder, "out_features", len(variant.class_names))
    if given != len(variant.class_names):
        assembler.report(
            WidthError(
                giver=assembler.locate(place),
                given=given,
                taker=f"the data's variant '{variant.name}', which has that many classes,",
                taken=len(variant.class_names),
            )
        )
