"""What an evaluation gives: numbers for the whole, and numbers for each part."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class EvaluationReport:
    """Scores of a composite on one part of its data.

    Attributes:
        num_samples: Number of samples that were scored.
        scores: Scores of the whole by name.
        breakdown: Scores of each part by name, by the part's name, e.g. of each class.
        breakdown_by: What the parts are, e.g. ``class``.
        further_breakdowns: More of the same, by what their parts are.
    """

    num_samples: int
    scores: dict[str, float]
    breakdown: dict[str, dict[str, float]] = field(default_factory=dict)
    breakdown_by: str = "part"
    further_breakdowns: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)

    @property
    def breakdowns(self) -> dict[str, dict[str, dict[str, float]]]:
        """All breakdowns that there are, by what their parts are."""
        first = {self.breakdown_by: self.breakdown} if self.breakdown else {}
        return first | self.further_breakdowns

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, e.g. for JSON."""
        return {
            "num_samples": self.num_samples,
            "scores": self.scores,
            **{f"by_{parts.replace(' ', '_')}": scores for parts, scores in self.breakdowns.items()},
        }
