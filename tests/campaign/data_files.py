"""Seeded mutations of small data files of all families, each read in a process with limits.

Run ``python -m tests.campaign.data_files --seed 0 --count 500``. A case holds if its data are read, or are
refused in one line, within the limits of memory and time.
"""

import argparse
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from nested_lightning.app.errors import UserError
from tests.campaign.data_kinds import KINDS

MAX_SECONDS = 20
MAX_BYTES = 800 << 20
"""Beyond what the process has before it reads."""

_TOKENS = (
    *(
        b'"',
        b"\n",
        b"\r",
        b"\0",
        b",",
        b";",
        b"\t",
        b"'",
        b"\\",
        b"{",
        b"}",
        b"[" * 2000,
        b"\xff\xfe",
        b"\xef\xbb\xbf",
    ),
    *(
        b"NaN",
        b"null",
        b"-Infinity",
        b"1e999",
        b"9" * 5000,
        b"\\ud800",
        b"e\xcc\x81",
        b"\xe9",
        b"\xe2\x80\xa8",
    ),
    *(
        b"../../etc/passwd",
        b"/dev/zero",
        b"x" * 300,
        b"=1+1",
        b"[/b]",
        b"1,200",
        b"12%",
        b"PAR1",
        b"PK\x03\x04",
    ),
)


def mutate(path: Path, draw: random.Random) -> str:
    """Change a file, or one in a folder, and return how."""
    files = sorted(path.rglob("*.*")) if path.is_dir() else [path]
    file = draw.choice([one for one in files if one.is_file()])
    kind = draw.choice(["flip", "cut", "insert", "insert", "repeat", "remove", "replace"])
    if path.is_dir() and draw.random() < 0.2:
        file.unlink()
        target = draw.choice(["/dev/zero", "/", str(path), "gone"])
        file.symlink_to(target)
        return f"{file.name}: link to {target}"
    content = bytearray(file.read_bytes())
    start = draw.randrange(len(content) + 1)
    stop = min(len(content), start + draw.choice([1, 4, 64, 4096]))
    token = draw.choice(_TOKENS)
    if kind == "flip" and start < len(content):
        content[start] ^= 1 << draw.randrange(8)
    elif kind == "cut":
        del content[start:]
    elif kind == "repeat":
        content[start:start] = content[start:stop] * draw.choice([1, 1000])
    else:
        content[start : stop if kind == "replace" else start] = b"" if kind == "remove" else token
    file.write_bytes(content)
    return f"{file.name}: {kind} at {start}"


def judge(read: Callable[[Path], object], path: Path) -> str:
    """Read in a child process; return ``read``, ``refused``, or how it failed."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _read_and_leave(read, path)
    _, status, usage = os.wait4(child, 0)
    if time.monotonic() - started > MAX_SECONDS:
        return "time"
    if (usage.ru_maxrss - before) << 10 > MAX_BYTES:
        return "memory"
    code = os.waitstatus_to_exitcode(status)
    return {0: "read", 2: "refused", 1: "traceback"}.get(code, f"exit status {code}")


def _read_and_leave(read: Callable[[Path], object], path: Path) -> None:
    signal.alarm(MAX_SECONDS + 1)
    warnings.simplefilter("ignore")
    try:
        read(path)
        os._exit(0)
    except UserError as error:
        is_good = "\n" not in str(error)
        sys.stderr.write("" if is_good else f"several lines: {error}\n")
        os._exit(2 if is_good else 1)
    except BaseException:
        traceback.print_exc(limit=-4)
        sys.stderr.flush()
        os._exit(1)


def run(seed: int, count: int) -> dict[str, Counter[str]]:
    """Try ``count`` mutations, the kinds of file in turn; return the outcomes of each kind."""
    outcomes: dict[str, Counter[str]] = {name: Counter() for name in KINDS}
    names = list(KINDS)
    for number in range(count):
        name = names[number % len(names)]
        write, read = KINDS[name]
        draw = random.Random(f"{seed} {number}")
        with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
            path = write(Path(folder))
            changes = [mutate(path, draw) for _ in range(draw.choice([1, 1, 1, 2, 4])) if path.exists()]
            outcome = judge(read, path)
        outcomes[name][outcome] += 1
        if outcome not in ("read", "refused"):
            sys.stdout.write(f"{name}, case {number}: {outcome} after {changes}\n")
    return outcomes


def main() -> int:
    """Run it and print a table; return 1 if a case failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=500)
    options = parser.parse_args()
    outcomes = run(options.seed, options.count)
    for name, counts in outcomes.items():
        for outcome, times in sorted(counts.items()):
            sys.stdout.write(f"{name:<28}{outcome:<9}{times:>7}\n")
    return int(any(counts.keys() - {"read", "refused"} for counts in outcomes.values()))


if __name__ == "__main__":
    sys.exit(main())
