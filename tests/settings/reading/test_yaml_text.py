"""Names arrive as they were written, and whatever a text holds, its fault is one line, found quickly."""

import os
import time
from pathlib import Path

import pytest
import yaml

from nested_lightning import SettingsError, load_settings, parse_settings

WORDS = [
    "1.10",
    "010",
    "yes",
    "on",
    "no",
    "1:30",
    "2001-01-01",
    "1e3",
    "0x1F",
    "0o17",
    "1_000",
    "+5",
    ".5",
    "=",
]


def _file(folder: Path, text: str) -> Path:
    path = folder / "my.yaml"
    path.write_bytes(text.encode(errors="surrogatepass"))
    return path


def test_names_arrive_as_they_were_written(tmp_path: Path) -> None:
    words = ", ".join(WORDS)
    grouping = f"{{kind: explicit, groups: {{010: [{words}], null: [1.0]}}}}"
    path = _file(tmp_path, f"multi_feature: {{data: {{label: 1.10, grouping: {grouping}}}}}")

    settings = load_settings(
        model="multi-feature", config=path, assignments=[f"multi_feature.data.excluded=[{words}]"]
    )

    data = settings.multi_feature.data
    assert data.label == "1.10"
    assert data.grouping.groups == {"010": WORDS, "null": ["1.0"]}
    assert data.excluded == WORDS


def test_numbers_arrive_as_numbers_and_can_be_written_again(tmp_path: Path) -> None:
    path = _file(tmp_path, "seed: 010\ntrainer: {max_steps: 0x1F}\nmulti_feature: {optimizer: {lr: 1e-3}}")

    settings = load_settings(model="multi-feature", config=path)

    assert (settings.seed, settings.trainer.max_steps, settings.multi_feature.optimizer.lr) == (10, 31, 1e-3)
    assert {type(settings.seed), type(settings.multi_feature.optimizer.lr)} == {int, float}
    assert parse_settings(yaml.safe_load(yaml.safe_dump(settings.to_plain()))) == settings


@pytest.mark.parametrize("word", ["yes", "on", "true", "True", "no", "off", "false"])
def test_a_truth_may_be_written_in_old_words(tmp_path: Path, word: str) -> None:
    settings = load_settings(
        model="multi-feature", config=_file(tmp_path, f"trainer: {{use_tensorboard: {word}}}")
    )

    assert settings.trainer.use_tensorboard is (word in ("yes", "on", "true", "True"))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("!!int ''", ":2:7: '' is no !!int"),
        ("!!bool x", ":2:7: 'x' is no !!bool"),
        ("!!timestamp x", ":2:7: the tag tag:yaml.org,2002:timestamp can't be used here"),
        ("!!seq x", ":2:7: the tag"),
        ("1:30", ":2:1: seed = '1:30'"),
        ("2024-99-99", ":2:1: seed = '2024-99-99'"),
        ("9" * 5000, ":2:1: seed = '999"),
        ('"a\\0b"', ":2:1: seed = 'a\\x00b'"),
        ('"\\ud800"', ":2:7: '\\ud800' has half a character"),
        ("\a", "can't be read as YAML"),
        ("\ud800", "can't be read"),
    ],
)
def test_a_value_that_is_none_is_the_files_or_the_options_fault(
    tmp_path: Path, value: str, message: str
) -> None:
    path = _file(tmp_path, f"# a number\nseed: {value}\n")

    with pytest.raises(SettingsError) as caught:
        load_settings(model="multi-feature", config=path)
    assert f"{path}" in str(caught.value)
    assert message in str(caught.value)
    with pytest.raises(SettingsError, match="--set seed"):
        load_settings(model="multi-feature", assignments=[f"seed={value}"])


@pytest.mark.parametrize("name", ["run_dir", "multi_feature.data.path", "multi_feature.data.label"])
def test_a_nul_character_is_in_no_text(tmp_path: Path, name: str) -> None:
    first, *rest = name.split(".")
    text = f'{first}: {"".join(f"{{{each}: " for each in rest)}"a\\0b"{"}" * len(rest)}'

    with pytest.raises(SettingsError, match=f"{name} = .*a NUL character can't stand here"):
        load_settings(model="multi-feature", config=_file(tmp_path, text))


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ("3", ":1:1: extends names a file"),
        ('"a\\0b"', "can't be read: embedded null"),
        ("/dev/zero", "a device or a pipe"),
        ("pipe", "a device or a pipe"),
        (".", "a folder"),
        ("x" * 300, "can't be read"),
    ],
)
def test_what_can_not_be_extended_is_refused(tmp_path: Path, base: str, message: str) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(SettingsError, match=message):
        load_settings(model="multi-feature", config=_file(tmp_path, f"extends: {base}"))


def test_a_file_that_several_extend_is_read_once_below_them(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("seed: 1\ntrainer: {max_epochs: 1, max_steps: 1}\n")
    (tmp_path / "a.yaml").write_text("extends: base.yaml\ntrainer: {max_epochs: 2}\n")
    (tmp_path / "b.yaml").write_text("extends: base.yaml\ntrainer: {max_steps: 2}\n")

    settings = load_settings(model="multi-feature", config=_file(tmp_path, "extends: [a.yaml, b.yaml]\n"))

    assert (settings.seed, settings.trainer.max_epochs, settings.trainer.max_steps) == (1, 2, 2)


def _merges(link: str) -> str:
    return "\n".join(["a0: &a0 {x: 1}", *(f"a{i}: &a{i} {link.format(i - 1)}" for i in range(1, 40))])


@pytest.mark.parametrize(
    "text",
    [
        _merges("{{<<: [*a{0}, *a{0}]}}"),
        _merges("{{? [*a{0}, *a{0}] : 1}}"),
        "\n".join(["? &b0 [x]\n: 1", *(f"? &b{i} [*b{i - 1}, *b{i - 1}]\n: 1" for i in range(1, 40))]),
        "[" * 1_000_000,
        pytest.param("a: [" + "1," * 1_000_000 + "]", marks=pytest.mark.slow),
        "a: " + "x" * 10_000_000,
        "x" * 1_000_000 + ": 1",
        "seed: " + "9" * 1_000_000,
        "\n".join(f"n{i}: 1" for i in range(1000)),
        "trainer: {" + ", ".join(f"max_epoch{i}: 1" for i in range(1000)) + "}",
        pytest.param("trainer: {max_epochs: [" + "1, " * 50_000 + "]}", marks=pytest.mark.slow),
    ],
    ids=[
        "merges",
        "keys",
        "root keys",
        "nesting",
        "values",
        "text",
        "name",
        "digits",
        "names",
        "near names",
        "list",
    ],
)
def test_hostile_text_costs_little_time_and_few_words(tmp_path: Path, text: str) -> None:
    path = _file(tmp_path, text)
    began_at_s = time.process_time()

    with pytest.raises(SettingsError) as caught:
        load_settings(model="multi-feature", config=path)

    assert time.process_time() - began_at_s < 5
    assert len(caught.value.problems) <= 21
    assert max(map(len, caught.value.problems)) <= 1000


def test_a_chain_of_files_that_each_name_the_next_one_twice_is_read_quickly(tmp_path: Path) -> None:
    for i in range(25):
        (tmp_path / f"{i}.yaml").write_text(f"extends: [{i + 1}.yaml, {i + 1}.yaml]\nseed: {i}\n")
    (tmp_path / "25.yaml").write_text("model: multi-feature\n")
    began_at_s = time.process_time()

    assert load_settings(config=tmp_path / "0.yaml").seed == 0
    assert time.process_time() - began_at_s < 1


def test_a_chain_of_many_files_is_refused(tmp_path: Path) -> None:
    for i in range(200):
        (tmp_path / f"{i}.yaml").write_text(f"extends: {i + 1}.yaml\n")

    with pytest.raises(SettingsError, match="builds upon more than 100 files"):
        load_settings(config=tmp_path / "0.yaml")


@pytest.mark.slow
def test_a_name_or_a_value_of_a_python_caller_is_not_repeated_whole() -> None:
    for values in ({"seed": 10**5000}, {"x" * 10**6: 1}, {"trainer": {"max_epochs": list(range(10**6))}}):
        with pytest.raises(SettingsError) as caught:
            parse_settings({"model": "multi-feature", **values})

        assert len(str(caught.value)) <= 1000


@pytest.mark.parametrize("value", [str(WORDS).replace("'", '"'), f"[{', '.join(WORDS)}]"])
def test_names_in_variables_arrive_as_they_were_written(value: str) -> None:
    prefix = "NESTED_LIGHTNING__MULTI_FEATURE__"
    weights = "{yes: 2, no: 1, on: 3, 1.10: 4, 010: 5}"

    settings = load_settings(
        model="multi-feature",
        environ={
            f"{prefix}DATA__EXCLUDED": value,
            f"{prefix}DATA__LABEL": "1.10",
            f"{prefix}CLASS_WEIGHTS": weights,
        },
    )

    assert settings.multi_feature.data.excluded == WORDS
    assert settings.multi_feature.data.label == "1.10"
    assert settings.multi_feature.objective.class_weights == {"yes": 2, "no": 1, "on": 3, "1.10": 4, "010": 5}


def test_a_number_in_a_variable_means_what_it_means_in_a_file() -> None:
    prefix = "NESTED_LIGHTNING__"

    settings = load_settings(
        model="multi-feature",
        environ={f"{prefix}TRAINER__LIMIT_TRAIN_BATCHES": "1", f"{prefix}RUN_DIR": "010"},
    )

    assert repr(settings.trainer.limit_train_batches) == "1"  # one batch, not all of them
    assert settings.run_dir == Path("010")


def test_a_list_in_a_variable_that_is_nested_too_deeply_is_a_mistake() -> None:
    with pytest.raises(SettingsError, match=r"trainer\.plugins = .* is not JSON"):
        load_settings(model="multi-feature", environ={"NESTED_LIGHTNING__TRAINER__PLUGINS": "[" * 10_000})
