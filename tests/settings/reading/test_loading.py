"""Settings in layers: each layer can set every field, the later wins."""

from pathlib import Path

import pytest
import yaml

from nested_lightning import SettingsError, load_settings, parse_settings
from nested_lightning.settings.reading.merging import parse_assignment


def test_defaults_of_the_family_stand_where_nothing_is_set() -> None:
    settings = load_settings(model="multi-feature")

    assert settings.trainer.max_epochs == 60
    assert settings.trainer.num_threads == "auto"
    assert settings.multi_feature.optimizer.lr == 1e-3


def test_later_layers_win_field_by_field(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("seed: 1\ntrainer: {max_epochs: 1, accumulate_grad_batches: 1, max_steps: 1}\n")

    settings = load_settings(
        model="multi-feature",
        config=file,
        environ={
            "NESTED_LIGHTNING__TRAINER__ACCUMULATE_GRAD_BATCHES": "2",
            "NESTED_LIGHTNING__TRAINER__MAX_STEPS": "2",
        },
        assignments=[parse_assignment("trainer.max_steps=3")],
    )

    assert settings.seed == 1
    assert settings.trainer.max_epochs == 1
    assert settings.trainer.accumulate_grad_batches == 2
    assert settings.trainer.max_steps == 3


def test_a_preset_is_below_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("model: multi-feature\nmulti_feature: {head: {kind: normalized, dropout: 0.5}}\n")

    settings = load_settings(presets=["plain"], config=file)

    assert settings.multi_feature.feature_extractor.kind == "plain"
    assert settings.multi_feature.head.dropout == 0.5


def test_variables_reach_nested_choices_without_naming_their_kind() -> None:
    settings = load_settings(
        model="multi-feature",
        environ={
            "NESTED_LIGHTNING__MULTI_FEATURE__FEATURE_EXTRACTOR__HIDDEN_FEATURES": "7",
            "NESTED_LIGHTNING__MULTI_FEATURE__FEATURE_EXTRACTORS__KAR__KIND": "linear",
            "NESTED_LIGHTNING__TRAINER__EARLY_STOPPING_PATIENCE": "null",
            "NESTED_LIGHTNING__MULTI_FEATURE__DATA__CATEGORICAL": '["colour"]',
            "NESTED_LIGHTNING__MULTI_FEATURE__OPTIMIZER__BETAS": "[0.5, 0.9]",
            "NESTED_LIGHTNING__MULTI_FEATURE__DATA__GROUPING__KIND": "explicit",
            "NESTED_LIGHTNING__MULTI_FEATURE__DATA__GROUPING__GROUPS": '{"A": ["x"]}',
            "HOME": "/nowhere",
        },
    )

    assert settings.multi_feature.feature_extractor.hidden_features == 7
    assert settings.multi_feature.feature_extractors["kar"].kind == "linear"
    assert settings.trainer.early_stopping_patience is None
    assert settings.multi_feature.data.categorical == ["colour"]
    assert settings.multi_feature.optimizer.betas == (0.5, 0.9)
    assert settings.multi_feature.data.grouping.groups == {"A": ["x"]}


def test_no_environment_is_read_unless_it_is_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NESTED_LIGHTNING__SEED", "7")

    assert load_settings(model="multi-feature").seed == 0
    assert parse_settings({"model": "multi-feature"}).seed == 0


def test_a_groups_extractor_without_kind_starts_from_the_extractor_of_all_groups() -> None:
    settings = load_settings(
        model="multi-feature",
        assignments=[
            parse_assignment(
                "multi_feature.feature_extractor={kind: plain, hidden_features: 9, out_features: 5}"
            ),
            parse_assignment("multi_feature.feature_extractors.kar.hidden_features=11"),
            parse_assignment("multi_feature.feature_extractors.fou.kind=linear"),
        ],
    )

    kar, fou = (
        settings.multi_feature.feature_extractors["kar"],
        settings.multi_feature.feature_extractors["fou"],
    )
    assert (kar.kind, kar.hidden_features, kar.out_features) == ("plain", 11, 5)
    assert (fou.kind, fou.out_features) == ("linear", 32)


def test_a_dot_in_a_groups_name_is_written_percent_encoded() -> None:
    settings = load_settings(
        model="multi-feature",
        assignments=[parse_assignment("multi_feature.feature_extractors.a%2Eb.kind=linear")],
    )

    assert list(settings.multi_feature.feature_extractors) == ["a.b"]


@pytest.mark.parametrize("presets", [[], ["seed"], ["plain"], ["seed", "plain"]])
def test_settings_to_yaml_to_settings_is_the_identity(presets: list[str]) -> None:
    settings = load_settings(
        model="multi-feature",
        presets=presets,
        assignments=[parse_assignment("multi_feature.feature_extractors.kar.out_features=16")],
    )

    assert parse_settings(yaml.safe_load(yaml.safe_dump(settings.to_plain()))) == settings


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("sed=1", "sed = 1: unknown name; did you mean 'seed'?"),
        ("max_epoch=3", "max_epoch = 3: unknown name; did you mean 'trainer.max_epochs'?"),
        ("trainer.max_epoch=3", "trainer.max_epoch = 3: unknown name; did you mean 'max_epochs'?"),
        (
            "multi_feature.objective.class_weights.x=-1",
            "class_weights.x = -1: input should be greater than 0",
        ),
        ("multi_feature.head=linear", "head = 'linear': choose by multi_feature.head.kind (allowed: "),
        ("trainer=5", "trainer = 5: has settings of its own"),
        ("trainer.max_epochs=0", "trainer.max_epochs = 0: input should be greater than 0"),
        (
            "multi_feature.head.kind=linaer",
            "multi_feature.head.kind = 'linaer': unknown choice; did you mean 'linear'?",
        ),
        (
            "multi_feature.feature_extractors.kar={kind: linear, dropout: 0.1}",
            "multi_feature.feature_extractors.kar.dropout = 0.1: unknown name",
        ),
        (
            "multi_feature.data.missing=eror",
            "input should be 'error', 'mean' or 'drop'; did you mean 'error'?",
        ),
        (
            "multi_feature.optimizer.lr=.inf",
            "multi_feature.optimizer.lr = .inf: input should be a finite number",
        ),
        (
            "multi_feature.data.grouping.kind=explicit",
            "multi_feature.data.grouping.groups: a value is needed",
        ),
    ],
)
def test_a_mistake_is_told_with_name_value_and_nearest_name(assignment: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(model="multi-feature", assignments=[parse_assignment(assignment)])

    assert len(caught.value.problems) == 1
    assert message in caught.value.problems[0]


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        (
            "NESTED_LIGHTNING__SEDE",
            "1",
            "NESTED_LIGHTNING__SEDE = '1': unknown variable; did you mean 'NESTED_LIGHTNING__SEED'?",
        ),
        (
            "NESTED_LIGHTNING__TRAINR__MAX_EPOCHS",
            "1",
            "NESTED_LIGHTNING__TRAINR__MAX_EPOCHS = '1': unknown variable;"
            " did you mean 'NESTED_LIGHTNING__TRAINER__MAX_EPOCHS'?",
        ),
        ("NESTED_LIGHTNING__TRAINER__MAX_EPOCH", "1", "trainer.max_epoch = 1: unknown name"),
        (
            "NESTED_LIGHTNING__TRAINER",
            "{no json",
            "NESTED_LIGHTNING__TRAINER: trainer = '{no json': is not JSON",
        ),
        ("NESTED_LIGHTNING__SEED", "null", "seed = None: input should be a valid integer"),
        ("NESTED_LIGHTNING__SEED__X", "1", "seed = {'x': 1}: input should be a valid integer"),
        ("NESTED_LIGHTNING_SEED", "1", "the name of every variable starts with NESTED_LIGHTNING__"),
    ],
)
def test_a_variable_that_names_no_setting_is_refused(variable: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError, match=r"NESTED_LIGHTNING|trainer|seed") as caught:
        load_settings(model="multi-feature", environ={variable: value})

    assert message in str(caught.value)


@pytest.mark.parametrize("sign", "|>,;:-#&*!%@?`/+=")
def test_a_sign_alone_is_assigned_without_quotation_marks(sign: str) -> None:
    for written in (sign, f" {sign} ", f'"{sign}"'):
        assert parse_assignment(f"data.label_separator={written}") == {"data": {"label_separator": sign}}


@pytest.mark.parametrize("text", ["seed", "=1", "trainer..max_epochs=1", "seed=[1"])
def test_an_assignment_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="--set"):
        parse_assignment(text)


@pytest.mark.parametrize(("content", "message"), [("a: [1", "is not YAML"), ("- 1", "names with values")])
def test_a_file_that_holds_no_settings_is_refused(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(content)

    with pytest.raises(SettingsError, match=message):
        load_settings(model="multi-feature", config=file)


def test_an_empty_file_sets_nothing(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("# nothing yet\n")

    assert load_settings(model="multi-feature", config=file) == load_settings(model="multi-feature")


def test_an_unknown_family_and_an_unknown_preset_are_told_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="did you mean 'multi-feature'"):
        load_settings(model="multi-featur")
    with pytest.raises(SettingsError, match="allowed: seed, plain"):
        load_settings(model="multi-feature", presets=["sead"])
    with pytest.raises(SettingsError, match="model: a value is needed"):
        load_settings()


def test_what_is_wrong_in_files_variables_and_options_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "my.yaml"
    file.write_text("model: multi-feature\nmulti_feature: {head: {kind: linaer}}\n")

    with pytest.raises(SettingsError) as caught:
        load_settings(
            config=file,
            presets=["sead"],
            environ={"NESTED_LIGHTNING_SEED": "1", "NESTED_LIGHTNING__TRAINER__MAX_EPOCHS": "no"},
            assignments=["seed", "multi_feature.head.dropout=2", "trainer.max_steps=0"],
        )

    places = [problem.split(": ")[0] for problem in caught.value.problems]
    assert sorted(places) == sorted(
        [
            "--preset sead",
            "--set seed",
            "--set trainer.max_steps=0",
            "NESTED_LIGHTNING_SEED",
            "NESTED_LIGHTNING__TRAINER__MAX_EPOCHS",
            f"{file}:2:24",  # the head's kind: what else is set for it can't be judged
        ]
    )


@pytest.mark.parametrize(
    "assignment",
    [
        "trainer.max_epochs=true",
        "seed=false",
        "trainer.devices=[true]",
        "multi_feature.optimizer.betas=[0.9, true]",
        "multi_feature.objective.class_weights={a: true}",
    ],
)
def test_true_and_false_are_no_numbers(assignment: str) -> None:
    with pytest.raises(SettingsError, match="a number is needed here, not true or false"):
        load_settings(model="multi-feature", assignments=[assignment])


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("trainer.max_steps=0", "no step trains nothing"),
        ("multi_feature.data.split.val_fraction=0.9", "leave no rows to train on"),
        ("multi_feature.data.split={kind: fold, fold: 5}", "fold 5 of 5"),
        ("run_dir=[5]", "a path is needed"),
        ("variant.decoder.hidden=5", "did you mean 'hidden_features'"),
    ],
)
def test_values_that_can_not_train_are_refused(assignment: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_settings(model="multi-feature", assignments=[assignment])


@pytest.mark.parametrize(("path", "text"), [("optimizer", '{"lr": 0.5'), ("optimizer.betas", "[0.9, 0.99")])
def test_a_variable_that_is_not_json_is_said_to_be_none_where_a_choice_or_a_pair_is_wanted(
    path: str, text: str
) -> None:
    variable = f"NESTED_LIGHTNING__MULTI_FEATURE__{path.upper().replace('.', '__')}"
    with pytest.raises(SettingsError, match=rf"multi_feature\.{path} = .* is not JSON; write a list"):
        load_settings(model="multi-feature", environ={variable: text})
