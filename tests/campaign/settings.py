"""A campaign against the reader of settings: ``python -m tests.campaign.settings --seed 0 --count 10000``.

Each try damages a valid settings file or a ``--set`` at random, and reads it. It holds if the result is
settings or a `SettingsError`, in time and in few words; all else is a failure, printed with its cause.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from nested_lightning import SettingsError, families, load_settings, parse_settings
from nested_lightning.settings.application import application_settings_model
from nested_lightning.settings.describing.reference import setting_rows

MAX_S = 2.0
MAX_LINE = 1000
MAX_LINES = 40

# fmt: off
PIECES = [
    "!!int ''", "!!bool x", "!!timestamp x", "!!python/object:os.system x", "!!binary =", "!!set {a}", "!x",
    "1:30:45", "9" * 5000, "1e999", "-1e999", ".nan", "0x", "0o9", "1_0", "2024-99-99", "-0", "1" * 30,
    "{", "[", "[[[[", "{a: {b: {c: 1}}}", "[1, [2, [3]]]", "*a", "&a [*a]", "&a x", "<<: 5", "<<: *a",
    "? [a]\n: 1", '"\\0"', '"\\ud800"', "\0", "\a", "\ufeff", "\u2028", "é", "\t", "- ", "---\n", "...\n",
    "%YAML 1.1\n", "#", "'", '"', "|\n", ">-\n", "~", "null", "yes", "on", "010", "1.10", "x" * 3000,
    "extends: 3", "extends: /dev/zero\n", "extends: [self.yaml, nowhere.yaml]\n", "kind: nothing",
    "kind: [1]", "{kind: {kind: linear}}", "%2E", "%00", "%",
]
# fmt: on
WRONG = [None, 5, -1.5, "x", True, [], {}, [1], [[None]], {"kind": 1}, {"a": {"b": 1}}, 10**30]


@dataclass(frozen=True)
class Try:
    """One damaged input: the text of a file, and assignments."""

    kind: str
    model: str
    text: str
    assignments: tuple[str, ...] = ()


def make_tries(seed: int, count: int) -> Iterator[Try]:
    """Yield as many tries, the same ones for the same seed."""
    draw = random.Random(seed)
    valid = {name: _dump(load_settings(model=name).to_plain()) for name in families()}
    paths = _paths()
    kinds: list[Callable[[], tuple[str, str, tuple[str, ...]]]] = [
        lambda: ("characters", _damage(draw, valid[model]), ()),
        lambda: ("lines", _shuffle(draw, valid[model]), ()),
        lambda: ("values", _replace_value(draw, valid[model], draw.choice(PIECES)), ()),
        lambda: ("wrong types", _replace_node(draw, valid[model]), ()),
        lambda: ("--set", "", (f"{draw.choice(paths)}={_value(draw)}",)),
        lambda: ("damaged --set", "", (_damage(draw, f"{draw.choice(paths)}={_value(draw)}"),)),
        lambda: ("file and --set", _damage(draw, valid[model]), (f"{draw.choice(paths)}={_value(draw)}",)),
    ]
    for _ in range(count):
        model = draw.choice([*valid])
        yield _try_of(model, draw.choice(kinds)())


def _try_of(model: str, made: tuple[str, str, tuple[str, ...]]) -> Try:
    kind, text, assignments = made
    return Try(kind, model, text, assignments)


def judge(one: Try, folder: Path) -> str:
    """Read one try; return ``taken``, ``refused``, or what is wrong with how it was read."""
    path = folder / "self.yaml"
    path.write_bytes(one.text.encode("utf-8", errors="surrogatepass"))
    began_at_s = time.perf_counter()
    lines: list[str] = []
    try:
        settings = load_settings(model=one.model, config=path, assignments=list(one.assignments))
        parse_settings(settings.to_plain())
    except SettingsError as error:
        lines = str(error).splitlines()
    except Exception as error:
        return f"traceback: {type(error).__name__}: {error}"[:200]
    if (took_s := time.perf_counter() - began_at_s) > MAX_S:
        return f"slow: {took_s:.1f} s"
    if len(lines) > MAX_LINES or any(len(line) > MAX_LINE for line in lines):
        return f"long: {len(lines)} lines, the longest of {max(map(len, lines))} characters"
    return "refused" if lines else "taken"


def run(seed: int, count: int) -> tuple[Counter[tuple[str, str]], list[tuple[Try, str]]]:
    """Judge as many tries; return how many came out how, by kind of damage, and what failed."""
    outcomes: Counter[tuple[str, str]] = Counter()
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        for one in make_tries(seed, count):
            outcome = judge(one, Path(folder))
            outcomes[one.kind, outcome.split(":")[0]] += 1
            if outcome not in ("taken", "refused"):
                failures.append((one, outcome))
    return outcomes, failures


def _dump(values: Any) -> str:
    text: str = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
    return text


def _paths() -> list[str]:
    rows = setting_rows(application_settings_model())
    paths = [row.path.replace("NAME", "a").removesuffix(".…") for row in rows]
    return [*paths, "a", "a.b", "trainer", "multi_feature.feature_extractors", "variant.variants.image", "."]


def _value(draw: random.Random) -> str:
    plain = [
        *PIECES,
        str(draw.randint(-10, 10)),
        str(draw.random()),
        "true",
        "[]",
        "{}",
        "a: b",
        "auto",
        "1",
        "0.5",
        "linear",
    ]
    return draw.choice(plain)


def _damage(draw: random.Random, text: str) -> str:
    for _ in range(draw.randint(1, 3)):
        start = draw.randint(0, len(text))
        put_in = draw.choice(
            [draw.choice(PIECES), chr(draw.randint(0, 0xFFFF)), "", text[start : start + 20]]
        )
        text = text[:start] + put_in + text[start + draw.randint(0, 12) :]
    return text


def _shuffle(draw: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True)
    for _ in range(draw.randint(1, 3)):
        line = lines.pop(draw.randrange(len(lines)))
        again = [line, line] if draw.random() < 0.3 else [line]
        at = draw.randint(0, len(lines))
        lines[at:at] = again
    return "".join(lines)


def _replace_value(draw: random.Random, text: str, value: str) -> str:
    lines = text.splitlines()
    at = draw.choice([i for i, line in enumerate(lines) if ": " in line])
    lines[at] = f"{lines[at].partition(': ')[0]}: {value}"
    return "\n".join(lines)


def _replace_node(draw: random.Random, text: str) -> str:
    values = yaml.safe_load(text)
    node = values
    while True:
        name = draw.choice([*node])
        if not isinstance(node[name], dict) or not node[name] or draw.random() < 0.3:
            break
        node = node[name]
    node[name] = draw.choice(WRONG)
    return _dump(values)


def main() -> int:
    """Run a campaign and print its table; return 1 where anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=10_000)
    arguments = parser.parse_args()
    outcomes, failures = run(arguments.seed, arguments.count)
    for (kind, outcome), times in sorted(outcomes.items()):
        sys.stdout.write(f"{kind:<16}{outcome:<11}{times:>7}\n")
    for one, outcome in failures[:20]:
        sys.stdout.write(f"\n{outcome}\n{one.model} {one.assignments} {one.text[:2000]!r}\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
