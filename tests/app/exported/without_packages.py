"""A command in a process that ends badly if it has imported what it should do without."""


def script_without(*packages: str) -> str:
    """Return a program that runs the command line of its arguments, and looks for packages afterwards."""
    return f"""
import sys
from nested_lightning.commands.program import run
sys.argv = ["nested-lightning", *sys.argv[1:]]
try:
    run()
except SystemExit as end:
    assert not end.code, end.code
there = {{*{packages!r}}} & {{*sys.modules}}
assert not there, there
"""
