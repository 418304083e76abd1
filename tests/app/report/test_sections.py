"""Sections, charts and the page, each by itself."""

import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from nested_lightning.app.report.charts import MAX_POINTS, Axes, Series, draw_bars, draw_chart
from nested_lightning.app.report.classes import score_again
from nested_lightning.app.report.comparison import folds_test_table, paired_test
from nested_lightning.app.report.contents import MAX_ROWS, Section, Table, Text, make_sections
from nested_lightning.app.report.family_sections import SampleErrors
from nested_lightning.app.report.page import MAX_BYTES, write_page
from nested_lightning.app.report.privacy import without_places
from nested_lightning.app.report.scores import Resampling

ODD = "<b>&\"' $x^2$ \x07\ud800 _犬"


def test_broken_section_leaves_the_others() -> None:
    sections = make_sections(
        {"whole": lambda: [Text(text="fine")], "broken": lambda: [Text(text=str(1 // 0))]}
    )

    assert [block.text for section in sections for block in section.blocks if isinstance(block, Text)] == [
        "fine",
        "This section could not be made: ZeroDivisionError: integer division or modulo by zero",
    ]


def test_chart_is_svg_with_texts_and_no_colours_of_its_own() -> None:
    chart = draw_chart(ODD, {ODD: Series(xs=[1, 2], ys=[1.0, 2.0])}, Axes(x=ODD, y=ODD))

    root = ElementTree.fromstring(chart.svg)
    texts = "".join(root.itertext())
    assert "<b>&\"' $x^2$" in texts
    assert "\x07" not in texts
    assert set(re.findall("#[0-9a-f]{6}", chart.svg)) <= {"#000000", "#ffffff"}
    assert "var(--series-0)" in chart.svg


def test_lone_series_is_named_unless_the_axis_names_it() -> None:
    charts = [
        draw_chart("one", {name: Series(xs=[1, 2], ys=[1.0, 2.0])}, Axes(x="x", y="y")) for name in "ya"
    ]

    assert [len(re.findall("legend_", chart.svg)) > 0 for chart in charts] == [False, True]


def test_more_series_than_colours_have_lines_of_their_own() -> None:
    chart = draw_chart("many", {f"{i}": Series(xs=[1, 2], ys=[i, i]) for i in range(11)}, Axes(x="x", y="y"))

    assert len({*re.findall(r'style="fill: none; [^"]*series[^"]*"', chart.svg)}) == 11


def test_two_charts_of_one_page_share_no_names() -> None:
    first, second = (draw_bars(name, {"a": 1.0}, of="part", what="size") for name in ("one", "two"))

    ids = [set(re.findall(r'\bid="([^"]*)"', chart.svg)) for chart in (first, second)]
    assert ids[0].isdisjoint(ids[1])


def test_gaps_and_points_that_are_left_out_are_said() -> None:
    xs = list(range(3 * MAX_POINTS))
    ys = [math.inf if x == 7 else float(x) for x in xs]

    chart = draw_chart("long", {"loss": Series(xs=xs, ys=ys)}, Axes(x="step", y="loss"))

    assert "Not finite in loss, and so gaps: 1 value, from 7 to 7." in chart.notes
    assert f"{MAX_POINTS:,} of {len(xs):,} points of loss are drawn." in chart.notes
    assert chart.table is not None
    assert f"The first {MAX_ROWS} of {len(xs):,} rows are shown." in chart.table.notes


@pytest.mark.parametrize(("ys", "num_points"), [([], 0), ([1.0], 1), ([math.nan, math.nan], 0)])
def test_single_point_is_drawn_and_no_frame_without_points(ys: list[float], num_points: int) -> None:
    chart = draw_chart("few", {"loss": Series(xs=list(range(len(ys))), ys=ys)}, Axes(x="step", y="loss"))

    assert bool(chart.svg) == bool(num_points)
    assert bool(chart.notes) == (len(ys) > num_points)


def test_page_keeps_within_its_bytes_and_says_what_it_leaves_out() -> None:
    large = Table(title="large", columns=["a", "b"], rows=[["x" * 5000, "y" * 5000]] * MAX_ROWS)

    page = write_page("title", [Section(title=f"{i}", blocks=[large]) for i in range(3)])

    assert len(page) < MAX_BYTES
    assert page.count(b"This section is left out") == 3


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/you/data/a b.csv", "…/a b.csv"),
        (r"C:\Users\you\data.csv", "…/data.csv"),
        ("no such file: /srv/x/y.csv, looked in /tmp/z", "no such file: …/y.csv, looked in …/z"),
        ("/srv/x/y.csv: no such file (looked in /srv/x)", "…/y.csv: no such file (looked in …/x)"),
        ("in /home/jo smith/data/x.csv or /home/jo smith", "in …/x.csv or ~"),
        ("data/shapes.csv", "data/shapes.csv"),
        ("and/or 1 / 2 </b>", "and/or 1 / 2 </b>"),
        ("https://example.org/a", "https://example.org/a"),
    ],
)
def test_paths_lose_their_folders(text: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/jo smith")
    assert without_places(text) == shown


def test_secrets_are_hidden() -> None:
    hidden = without_places({"logger": {"api_key": "abcdefgh"}})

    assert hidden == {"logger": {"api_key": "***"}}


def test_intervals_hold_the_score_and_narrow_with_samples() -> None:
    def intervals_of(num: int) -> tuple[float, float]:
        right = np.random.default_rng(1).random(num) < 0.8
        resampling = Resampling(num_samples=num, score=lambda rows: {"accuracy": right[rows].mean()})
        return resampling.intervals({})["accuracy"]

    (low, high), (lower, higher) = intervals_of(1000), intervals_of(50)
    assert low < 0.8 < high
    assert 3 < (higher - lower) / (high - low) < 7  # about the root of 20


def test_intervals_of_many_samples_are_those_of_all_though_fewer_are_drawn() -> None:
    values = np.random.default_rng(1).standard_normal(100_000)

    resampling = Resampling(num_samples=len(values), score=lambda rows: {"mean": values[rows].mean()})

    low, high = resampling.intervals({"mean": 7.0})["mean"]
    assert resampling.num_drawn < len(values)
    assert low < 7 < high
    assert (high - low) == pytest.approx(2 * 1.96 / 100_000**0.5, rel=0.35)


def test_interval_of_a_score_that_is_less_in_all_draws_holds_it() -> None:
    resampling = Resampling(num_samples=50, score=lambda rows: {"distinct": len({*rows.tolist()})})

    low, high = resampling.intervals({"distinct": 50})["distinct"]

    assert low < 40
    assert high == 50


def test_quick_scores_are_those_of_the_evaluation() -> None:
    import torch

    from nested_lightning.app.evaluation_report import score_classes

    generator = torch.Generator().manual_seed(0)
    probabilities = torch.randn(200, 4, generator=generator).softmax(dim=1)
    target = torch.randint(0, 3, (200,), generator=generator)  # the last class never occurs

    quick = score_again(probabilities, target, probabilities.argmax(dim=1))

    exact = score_classes(target.numpy(), probabilities.double().numpy(), "abcd").scores
    assert {name: quick[name] for name in exact if name in quick} == pytest.approx(
        {name: value for name, value in exact.items() if name in quick}, abs=1e-5
    )


def errors(values: list[float], samples: str = "abcdefgh") -> SampleErrors:
    return SampleErrors(samples=list(samples), errors=values, of="is wrong")


def test_wrong_and_right_answers_are_compared_by_mcnemars_exact_test() -> None:
    found = paired_test(errors([1, 1, 1, 1, 1, 1, 0, 0]), errors([0, 0, 0, 0, 0, 0, 0, 1]))

    assert found is not None
    assert found.test.startswith("McNemar")
    assert found.mean_difference == pytest.approx(-5 / 8)
    assert found.p_value == pytest.approx(2 * (1 + 7) / 2**7)


def test_folds_are_compared_by_the_corrected_resampled_t_test() -> None:
    folds = {
        name: {"accuracy": {"mean": 0, "std": 0, "low": 0, "high": 0, "values": values}}
        for name, values in {"a": [0.5, 0.6, 0.7], "b": [0.6, 0.8, 0.7], "c": [0.6, 0.8, 0.7]}.items()
    }

    (table,) = folds_test_table("a", folds, same=["b"])

    # differences 0.1, 0.2, 0: mean 0.1, deviation 0.1, t = 1 / sqrt(1/3 + 1/2), 2 degrees of freedom
    assert isinstance(table, Table)
    assert table.rows == [["b", "accuracy", pytest.approx(0.1), pytest.approx(0.387628, abs=1e-5), 3]]
    assert "No test with a: c" in table.note


def test_other_samples_are_not_compared() -> None:
    values = [0.0] * 8

    assert paired_test(errors(values), errors(values, "abcdefgx")) is None
    equal = paired_test(errors(values), errors(values))
    assert equal is not None
    assert equal.p_value == 1
