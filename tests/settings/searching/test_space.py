"""What is searched: how it is written, where it stands, what is refused before the first trial."""

from typing import Annotated, Any, cast

import pytest
from pydantic import Field, create_model

from nested_lightning import SettingsError, load_settings
from tests.quick_first import quick_first

pytest.importorskip("optuna")

from optuna.distributions import CategoricalDistribution

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.searching.space import SearchSpace, _notes_on_lost, make_space
from nested_lightning.settings.slot import Slot

EXTRACTOR = "multi_feature.feature_extractor"
LR = "multi_feature.optimizer.lr"
WIDTH = f"{EXTRACTOR}.hidden_features"


def space_of(search: dict[str, Any], *, model: str = "multi-feature", **settings: Any) -> SearchSpace:
    """Return a space over the settings of a family."""
    return make_space(load_settings(model=model, assignments=[settings] if settings else []), search)


def refusals(search: dict[str, Any], **options: Any) -> list[str]:
    """Return what is said of a space that can't be."""
    with pytest.raises(SettingsError) as caught:
        space_of(search, **options)
    return caught.value.problems


def test_all_there_is_are_the_kinds_of_a_choice_or_the_words_of_a_setting() -> None:
    kinds, words = space_of({f"{EXTRACTOR}.kind": "*", "multi_feature.optimizer.is_fused": "*"}).parameters

    assert {kinds.choices, words.choices} == {
        ("plain", "normalized", "residual", "periodic", "linear"),
        (False, True),
    }


@pytest.mark.parametrize(
    ("path", "written", "message"),
    [
        ("multi_feature.optimizer.rate", "1,2", "there is no such setting"),
        (f"{EXTRACTOR}.hiden_features", "1,2", f"did you mean '{WIDTH}'"),
        (f"{EXTRACTOR}.hidden", "1,2", f"did you mean '{WIDTH}'"),
        (f"{EXTRACTOR}.kind", "plain,residul", "did you mean 'residual'"),
        (WIDTH, "int:0..256", f"{WIDTH} = 0: input should be greater than 0"),
        (WIDTH, "float:1..9", "valid integer"),
        (WIDTH, "16,many", f"{WIDTH} = 'many'"),
        ("multi_feature.modality_dropout", "float:0..1", "less than 1"),
        (f"{EXTRACTOR}.max_length", "1,2", "there is no such setting"),
        ("multi_feature.optimizer", "adam,sgd", "search one of them, as multi_feature.optimizer.kind"),
        (f"{EXTRACTOR}s", "a,b", f"search one of them, as {EXTRACTOR}s.NAME"),
        ("trainer", "a,b", "search one of them, as trainer.max_epochs"),
        (f"{LR}.x", "1,2", f"{LR} has no settings of its own"),
        (LR, "*", "give values or a range"),
        (LR, "1e-4..1e-2", "write single values as a,b,c, a range as int:1..9"),
        (LR, "float:1e-4..nan", "'float:1e-4..nan' can't be searched"),
        (WIDTH, "int:16..256:32", "steps of 32 from 16 don't meet 256; end at 240, or at 272"),
        (WIDTH, "int:16..64:-16", "a step is above 0"),
        (f"{EXTRACTOR}s.*.dropout", "float:0..0.5", "by their whole names, one by one"),
        ("variant.optimizer.lr", "0.1,0.2", "belongs to another model"),
        ("seed", "1,2", "is the same for all trials; set it by --set seed=VALUE"),
        ("trainer.monitor", "val_loss,val_accuracy", "is the same for all trials"),
        ("multi_feature.data.split.seed", "1,2", "is the same for all trials"),
    ],
)
def test_what_cannot_be_searched_is_refused_in_a_line_with_its_place(
    path: str, written: Any, message: str
) -> None:
    (line,) = refusals({path: written})

    assert line.startswith(f"--search {path.partition('.')[0]}")
    assert message in line


def test_all_mistakes_are_told_at_once() -> None:
    search = {
        "trainer.max_epoch": "1,2",
        "multi_feature.optimiser.lr": "1,2",
        "multi_feature.optimiser.kind": "*",
    }
    lines = refusals({LR: "float:-1..1", WIDTH: "int:0..9", **search})

    assert len(lines) == len(set(lines)) == 4


def test_a_setting_of_a_kind_is_asked_for_where_a_kind_that_has_it_is_drawn() -> None:
    space = space_of(
        {f"{EXTRACTOR}.dropout": "float:0..0.5", f"{EXTRACTOR}.kind": "plain,residual,normalized"}
    )

    kind, dropout = space.parameters
    assert kind.path == f"{EXTRACTOR}.kind"
    assert dropout.asked_when == {f"{EXTRACTOR}.kind": ("residual", "normalized")}


def test_a_setting_that_no_drawn_kind_has_is_refused() -> None:
    (line,) = refusals({f"{EXTRACTOR}.kind": "plain,linear", f"{EXTRACTOR}.num_frequencies": "int:1..4"})

    assert "belongs to periodic, and multi_feature.feature_extractor.kind is plain, linear" in line


def test_a_setting_of_a_choice_that_is_not_made_names_what_makes_it() -> None:
    decoder = "variant.variants.text.decoder"

    (line,) = refusals({f"{decoder}.hidden_features": "8,16"}, model="variant")
    (unknown,) = refusals({f"{decoder}.nope": "8,16"}, model="variant")

    assert f"belongs to recurrent, and {decoder}.kind is None; search {decoder}.kind too" in line
    assert "there is no such setting (allowed: kind)" in unknown


def test_a_range_has_to_fit_each_kind_that_it_is_asked_for() -> None:
    search = {"multi_feature.optimizer.kind": "adam,torch", LR: "float:1e-4..1e-2"}

    lines = refusals(search)

    assert any("multi_feature.optimizer.name: a value is needed" in line for line in lines)


@pytest.mark.parametrize(
    ("model", "path", "kind"),
    quick_first(
        [
            ("multi-feature", "multi_feature.feature_extractors.kar", "residual"),
            ("vae-gan", "vae_gan.vaes.3.encoder", "conv"),
            ("variant", "variant.variants.text.adapter", "perceptron"),
            ("image-to-text", "image_to_text.image_encoder", "plain"),
        ],
        num_quick=2,
    ),
)
def test_slots_at_every_depth_and_single_items_are_searched(model: str, path: str, kind: str) -> None:
    space = space_of({f"{path}.kind": "*"}, model=model)

    assert kind in space.parameters[0].choices


def test_a_single_item_starts_from_what_is_shared() -> None:
    item = "multi_feature.feature_extractors.kar"

    space = space_of({f"{item}.hidden_features": "int:4..8"}, **cast("Any", {WIDTH: 6}))

    assert space.defaults() == {f"{item}.hidden_features": 6}


def test_a_single_item_follows_what_is_drawn_for_all() -> None:
    dropout = "multi_feature.feature_extractors.kar.dropout"

    space = space_of({dropout: "float:0..0.5", f"{EXTRACTOR}.kind": "plain,residual,normalized"})

    _, parameter = space.parameters
    assert parameter.asked_when == {f"{EXTRACTOR}.kind": ("residual", "normalized")}
    drawn = space.settings.changed({f"{EXTRACTOR}.kind": "residual", dropout: 0.25}).multi_feature
    kar = drawn.feature_extractors["kar"]
    assert (kar.kind, kar.dropout) == ("residual", 0.25)


def test_an_item_whose_kind_is_searched_or_that_has_settings_follows_nothing() -> None:
    kar, fou = (f"multi_feature.feature_extractors.{name}" for name in ("kar", "fou"))
    kinds = {f"{one}.kind": "plain,normalized" for one in (EXTRACTOR, kar)}

    space = space_of(
        {**kinds, f"{kar}.dropout": "0,0.1", f"{fou}.dropout": "0,0.1"}, **{f"{fou}.kind": "residual"}
    )

    conditions = {one.path: one.asked_when for one in space.parameters}
    assert conditions[f"{kar}.dropout"] == {f"{kar}.kind": ("normalized",)}
    assert conditions[f"{fou}.dropout"] == {}


def test_what_is_set_for_one_kind_alone_is_told_and_a_single_value_sets_it_for_others() -> None:
    kinds = {f"{EXTRACTOR}.kind": "plain,linear"}

    eight: dict[str, Any] = {WIDTH: 8}
    alone = space_of(kinds, **eight)
    both = space_of({**kinds, WIDTH: "8"}, **eight)

    (note,) = alone.notes
    assert note.endswith(f"{WIDTH} = 8 is set for periodic alone; --search {WIDTH}=8 sets it for plain too")
    assert both.notes == ()
    assert both.parameters[1].distribution == CategoricalDistribution((8,))


def test_the_first_trial_is_what_the_settings_say_where_it_exists() -> None:
    search = {f"{EXTRACTOR}.kind": "plain,normalized", f"{EXTRACTOR}.dropout": "float:0..0.5", LR: "0.1,0.2"}

    assert space_of(search).defaults() == {f"{EXTRACTOR}.kind": "periodic", LR: 0.001}
    assert space_of(search, **{f"{EXTRACTOR}.kind": "normalized"}).defaults() == {
        f"{EXTRACTOR}.kind": "normalized",
        f"{EXTRACTOR}.dropout": 0.3,
        LR: 0.001,
    }


def test_all_kinds_are_those_that_need_no_setting_of_their_own() -> None:
    space = space_of({"multi_feature.optimizer.kind": "*"})

    (parameter,) = space.parameters
    assert parameter.choices == ("adam", "adamw", "sgd")
    (note,) = space.notes
    assert "without torch: multi_feature.optimizer.name: a value is needed" in note


def test_another_space_has_another_document() -> None:
    first, second = (space_of({LR: f"float:1e-4..{high}"}).document() for high in (0.1, 0.2))

    assert first == space_of({LR: "float:1e-4..0.1"}).document()
    assert first != second


def test_a_default_that_is_made_for_each_object_is_nothing_that_was_set() -> None:
    class Base(ChoiceSettings):
        width: int = Field(default_factory=lambda: 3)

    class One(Base, kind="one", target=".One"):
        """One."""

    class Other(Base, kind="other", target=".Other"):
        """Another."""

    slot = Slot(base=Base, default="one", choices=[One, Other])
    whole = create_model("Whole", part=(Annotated[Base, slot], slot.field("A part.")))
    told = [
        [*_notes_on_lost(cast("Any", whole.model_validate(given)), "part.kind", slot, ["other"], ())]
        for given in ({}, {"part": {"kind": "one", "width": 4}})
    ]

    assert told[0] == []
    assert "part.width = 4 is set for one alone" in told[1][0]
