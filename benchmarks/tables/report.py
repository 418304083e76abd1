"""Results as tables: for a terminal, or as Markdown."""

from collections.abc import Callable, Sequence

from rich.table import Table

from benchmarks.tables.models import OURS
from benchmarks.tables.ranking import (
    REFERENCE,
    SCORES,
    TOLERATED,
    Means,
    behind,
    mean_ranks,
    ranked_by,
    tables_of,
)

Cells = list[list[str]]
NAMES = {
    OURS: "**this project**",
    "hist_gradient_boosting": "HistGradientBoosting",
    "hist_gradient_boosting_all_rows": "HistGradientBoosting, all rows",
    "lightgbm": "LightGBM",
    "catboost": "CatBoost",
    "svm": "RBF SVM",
    "linear": "ridge or logistic",
    "realmlp": "RealMLP-TD",
}
HEADS = {"auroc": "AUROC", "log_loss": "log loss", "rmse": "RMSE", "r2": "R²", "seconds": "training, s"}


def by_rank(found: Means) -> Cells:
    """Return mean ranks and the score of each table that ranks go by: a row for each model, best first."""
    goes_by = {table: ranked_by(found, table) for table in tables_of(found)}
    others = [mean_ranks(found, ("rmse", score)) for score in ("accuracy", "log_loss")]
    rows = [
        [
            _name(model),
            *(f"{one:.2f}" for one in (rank, *(other[model] for other in others))),
            *(_number(found[table, model][by]) for table, by in goes_by.items()),
        ]
        for model, rank in mean_ranks(found).items()
    ]
    scored = [f"{table}, {_head(by)}" for table, by in goes_by.items()]
    return [["model", "mean rank", "classes by accuracy", "by log loss", *scored], *rows]


def against_reference(found: Means) -> Cells:
    """Return how far ours is behind `REFERENCE` on each table, and whether that is near enough."""
    rows = []
    for table in tables_of(found):
        for score in sorted(TOLERATED.keys() & found.get((table, OURS), {}).keys()):
            distance = behind(found, table, OURS, score)
            shown = f"{distance:+.1%}" if score == "rmse" else f"{distance:+.4f}"
            verdict = "yes" if distance <= TOLERATED[score] else "**no**"
            rows.append([table, _head(score), shown, verdict])
    return [["table", "score", f"behind {_name(REFERENCE)}", "within the goal"], *rows]


def all_figures(found: Means) -> Cells:
    """Return every score of every model on every table."""
    columns = [*SCORES, "seconds", "count"]
    rows = [
        [table, _name(model), *(_number(found[table, model].get(name)) for name in columns)]
        for table in tables_of(found)
        for model in mean_ranks(found)
    ]
    return [["table", "model", *map(_head, columns[:-1]), "trainings"], *rows]


PARTS: dict[str, Callable[[Means], Cells]] = {
    "Mean rank, and what it goes by": by_rank,
    "Beside HistGradientBoosting": against_reference,
    "All figures": all_figures,
}


def as_table(title: str, cells: Cells) -> Table:
    """Return a table for a terminal."""
    head, *rows = cells
    table = Table(*head, title=title)
    for row in rows:
        table.add_row(*row)
    return table


def as_markdown(cells: Cells) -> str:
    """Return a table as Markdown."""
    head, *rows = cells
    return "\n".join(_line(row) for row in (head, ["---"] * len(head), *rows)) + "\n"


def _line(row: Sequence[str]) -> str:
    return "| " + " | ".join(row).replace("  ", " ") + " |"


def _name(model: str) -> str:
    return NAMES.get(model, model.replace("_", " "))


def _head(score: str) -> str:
    return HEADS.get(score, score)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    return f"{value:.4f}" if abs(value) < 1 else f"{value:.4g}"
