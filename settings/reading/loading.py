"""Settings in layers: defaults, presets, YAML files, environment variables, assignments."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from nested_lightning.settings.application import (
    ApplicationSettings,
    application_settings_model,
    expand_layers,
)
from nested_lightning.settings.describing.walking import dotted
from nested_lightning.settings.families import describe_family, families, find_family
from nested_lightning.settings.family import Family
from nested_lightning.settings.reading.environment import read_environment
from nested_lightning.settings.reading.errors import SettingsError, checked, collecting
from nested_lightning.settings.reading.layers import Layer, find_values, lacking_overrides
from nested_lightning.settings.reading.merging import flatten, merge_layers, nested, parse_assignment
from nested_lightning.settings.reading.patterns import separate_patterns
from nested_lightning.settings.reading.presets import preset_layer, refuse_rival_presets
from nested_lightning.settings.reading.short_options import option_layer, refuse_foreign_options

Source = Layer | Mapping[str, Any] | str
"""A layer, nested values that are one, or the text of one ``--set``."""


def load_settings(
    *,
    model: str | None = None,
    presets: Sequence[str] = (),
    config: str | Path | Sequence[str | Path] | None = None,
    environ: Mapping[str, str] | None = None,
    assignments: Sequence[Source] = (),
    family_values: Mapping[str, Any] | None = None,
    overrides: Collection[str] | None = (),
) -> ApplicationSettings:
    """Merge all layers, the later over the earlier, and check the result.

    Args:
        model: Name of the family; None: what a layer says.
        presets: Names of the family's presets, in order.
        config: YAML files, in order; presets are below them.
        environ: Environment variables, above the files; None: none are read.
        assignments: Values above these, nested or by dotted names, or texts as
            `settings.reading.merging.parse_assignment` takes them. Together they are one layer: their exact
            names win over their patterns.
        family_values: Nested values of the section of the family in use, above all others.
        overrides: Paths of what will be put in besides, see `bootstrap`: what was overridden in the training
            that a file is of has to be among them. None: it is known to whoever asks.

    Raises:
        SettingsError: With one line for each mistake.
    """
    layers = collect_layers(
        model=model,
        presets=presets,
        config=config,
        environ=environ,
        assignments=assignments,
        family_values=family_values,
    )
    if overrides is not None and (lacking := lacking_overrides(layers, overrides)):
        raise SettingsError(lacking)
    return resolve_layers(layers)


def collect_layers(
    *,
    model: str | None = None,
    presets: Sequence[str] = (),
    config: str | Path | Sequence[str | Path] | None = None,
    environ: Mapping[str, str] | None = None,
    assignments: Sequence[Source] = (),
    family_values: Mapping[str, Any] | None = None,
    below: Sequence[Layer] = (),
) -> list[Layer]:
    """Return the layers that `load_settings` merges, the lowest first, family and presets included.

    Takes what it takes, and layers that stand below the presets.

    Raises:
        SettingsError: A source can't be read, or no family or preset has the name; what is wrong with the
            values of the others is reported as well.
    """
    _refuse_other_types(presets=presets, assignments=assignments)
    if not isinstance(environ, Mapping | None):
        raise SettingsError([f"environ must be a mapping such as os.environ, and {environ!r} was given"])
    files = [config] if isinstance(config, str | Path) else [] if config is None else config
    if not isinstance(files, Sequence) or not all(isinstance(file, str | Path) for file in files):
        raise SettingsError([f"config must be a path or several, and {config!r} was given"])
    problems: list[str] = []
    layers: list[Layer] = []
    for file in files:
        with collecting(problems):
            layers += _read_file(Path(file))
    variables, unreadable = read_environment(environ or {}, application_settings_model())
    layers.append(variables)
    problems += unreadable
    assigned: list[Layer] = []
    for source in assignments:
        with collecting(problems):
            assigned.append(_as_layer(source))
    layers += _patterns_first(assigned)
    if model is not None:
        layers.append(Layer({"model": model}, origin="--model"))
    if problems and not any("model" in layer.values for layer in [*below, *layers]):
        raise SettingsError(problems)  # an unreadable layer may have named it
    try:
        layers = _add_family(layers, below, presets, family_values, problems)
    except SettingsError as error:
        raise SettingsError([*problems, *error.problems]) from None
    if problems:
        with collecting(problems):
            resolve_layers(layers)
        raise SettingsError(problems)
    return layers


def _patterns_first(layers: Sequence[Layer]) -> list[Layer]:
    model = application_settings_model()
    separated = [separate_patterns(layer, model) for layer in layers]
    return [
        *(wild for wild, _ in separated if wild.values),
        *(exact for _, exact in separated if exact.values),
    ]


def _refuse_other_types(**lists: object) -> None:
    for name, value in lists.items():
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise SettingsError([f"{name} must be a list, and {value!r} was given"])


def _add_family(
    layers: Sequence[Layer],
    lower: Sequence[Layer],
    presets: Sequence[str],
    family_values: Mapping[str, Any] | None,
    problems: list[str],
) -> list[Layer]:
    family = _family_of([*lower, *layers])
    refuse_foreign_options(family, family_values or {})
    below = [Layer(dict(family.defaults), origin=f"default of {family.name}", is_default=True), *lower]
    for preset in presets:
        with collecting(problems):
            below.append(preset_layer(family, preset))
    of_family = {family.section: dict(family_values or {})}
    above = [option_layer(of_family, family.section)] if family_values else []
    return [*below, *layers, *above]


def resolve_layers(layers: Sequence[Layer], notes: list[str] | None = None) -> ApplicationSettings:
    """Merge layers, the later over the earlier, and check the result.

    Args:
        layers: The lowest first.
        notes: Receives a line for each pattern, with what it met; and for each choice that was replaced, with
            what was dropped.

    Raises:
        SettingsError: With one line for each mistake, which begins with the place of its value.
    """
    layers = expand_layers(layers)
    refuse_rival_presets(layers)
    if notes is not None:
        notes += [note for layer in layers for note in layer.notes]
    find_family(_family_of(layers).name)
    model = application_settings_model()
    stages = merge_layers(layers, model, notes)
    settings = checked(model, stages[-1], layers)
    return settings.found_in(_provenance(settings, layers, stages))


def _provenance(
    settings: ApplicationSettings, layers: Sequence[Layer], stages: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """Return where each value that is no default was found, without the value itself, which may be secret."""
    places: dict[str, str] = {}
    defaults = [layer.origin for layer in layers if layer.is_default]
    for names in flatten(settings.to_plain()):
        (_, place), *_ = [*find_values(layers, stages, names), (None, "")]
        if place and place not in defaults:
            name = dotted(names)
            is_assignment = place.startswith("--set")
            places[name] = place.partition("=")[0].removesuffix(f" {name}") if is_assignment else place
    return places


def _read_file(file: Path) -> list[Layer]:
    from nested_lightning.settings.reading.yaml_file import read_settings_file  # imports YAML, which few need

    return read_settings_file(file)


def _as_layer(source: Source) -> Layer:
    if isinstance(source, str):
        return Layer(parse_assignment(source), origin=f"--set {source}")
    if not isinstance(source, Layer | Mapping):
        raise SettingsError([f"--set takes dotted.name=value or nested values, and {source!r} was given"])
    return source if isinstance(source, Layer) else Layer(nested(source), origin="--set")


def _family_of(layers: Sequence[Layer]) -> Family:
    for layer in reversed(layers):
        if isinstance(name := layer.values.get("model"), str):
            return describe_family(name)
    raise SettingsError([f"model: a value is needed (allowed: {', '.join(families())})"])
