"""What a check finds: faults, and what it couldn't examine."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that would go wrong, or do nothing, in a training.

    Attributes:
        path: Dotted path of the provider, setting or step where it stands; empty: it says so itself.
        what: What is wrong.
        hint: What to do; empty where there is nothing to say.
    """

    path: str
    what: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.path}: " if self.path else ""
        return f"{place}{self.what}" + (f"; {self.hint}" if self.hint else "")


@dataclass(frozen=True, kw_only=True)
class Unchecked:
    """What can't be checked; it may be right or wrong."""

    path: str
    why: str

    def __str__(self) -> str:
        return f"{self.path}: unchecked: {self.why}"


@dataclass
class Findings:
    """Everything that one check finds, each thing once."""

    faults: list[Fault] = field(default_factory=list)
    unchecked: list[Unchecked] = field(default_factory=list)

    def add(self, finding: Fault | Unchecked) -> None:
        """Add a finding, unless it is known already."""
        known: list[Fault] | list[Unchecked] = self.faults if isinstance(finding, Fault) else self.unchecked
        if finding not in known:
            known.append(finding)  # type: ignore[arg-type]

    def concerns(self, path: str) -> bool:
        """Return whether there is a finding at this very path."""
        findings: list[Fault | Unchecked] = [*self.faults, *self.unchecked]
        return any(finding.path == path for finding in findings)
