"""``config``: provenance, comparison and schema from the command line."""

import json
from pathlib import Path

from tests.command_line import Program


def test_explain_shows_where_values_come_from_and_what_they_replaced(
    program: Program, tmp_path: Path
) -> None:
    (tmp_path / "my.yaml").write_text("model: multi-feature\nseed: 1\n")

    printed = program("config", "--config", "my.yaml", "--set", "seed=2", "--explain").stdout

    (line,) = [line for line in printed.splitlines() if "│ seed " in line]
    assert [cell.strip() for cell in line.strip("│").split("│")] == [
        "seed",
        "2",
        "--set seed=2",
        "1 (my.yaml:2:1)",
    ]


def test_diff_shows_what_differs_between_two_files(program: Program, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("model: multi-feature\nseed: 1\n")
    (tmp_path / "b.yaml").write_text("model: multi-feature\nseed: 2\n")

    printed = program("config", "--diff", "a.yaml", "b.yaml").stdout

    rows = [line for line in printed.splitlines() if line.startswith("│")]
    assert [cell.strip() for cell in rows[0].strip("│").split("│")] == ["seed", "1", "2"]
    assert len(rows) == 1


def test_the_schema_describes_every_family_and_choice(program: Program) -> None:
    schema = json.loads(program("config", "--schema").stdout)

    assert schema["properties"]["multi_feature"]
    assert schema["$defs"]["PlainFeatureExtractorSettings"]["properties"]["hidden_features"]["description"]


def test_a_replaced_choice_is_said(program: Program) -> None:
    done = program(
        *("config", "-m", "multi-feature", "--set", "multi_feature.head.dropout=0.5"),
        *("--set", "multi_feature.head.kind=linear"),
    )

    assert done.returncode == 0
    assert "linear replaces normalized, so dropout=0.5 is dropped" in done.stderr
