"""``inspect``: what is in a checkpoint."""

from typing import Annotated, Any

import typer
import yaml

from nested_lightning.app.errors import counted
from nested_lightning.app.strict_json import to_json
from nested_lightning.commands.options import CheckpointArgument
from nested_lightning.commands.printing.console import (
    format_score,
    print_facts,
    print_line,
    print_table,
    starting,
)

_MOST_SIGNS = 500
_MOST_ITEMS = 2000


def inspect(
    checkpoint: CheckpointArgument,
    depth: Annotated[int, typer.Option("--depth", min=1, help="Names in the path of a submodule.")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Show family, submodules, data, settings, versions and metrics; no model is built."""
    with starting("Reading"):
        from nested_lightning.app.checkpoints.inspection import describe_checkpoint

        found = describe_checkpoint(checkpoint, depth=depth)
    if as_json:
        typer.echo(to_json(found.to_dict()))
        return
    print_facts(
        str(checkpoint),
        {
            "family": found.family,
            "weights and buffers": f"{found.num_weights:,}",
            "epoch": "-" if found.epoch is None else found.epoch,
            "steps": "-" if found.num_steps is None else found.num_steps,
            **{name: format_score(value) for name, value in found.metrics.items()},
            "format version": found.format_version,
            **found.versions,
            **{f"left out, as in {file}": counted(count, "tensor") for file, count in found.left_out.items()},
            **{f"{path} comes from": package for path, package in found.packages.items()},
        },
    )
    print_table(
        "Submodules", ["path", "weights and buffers"], [(k, f"{v:,}") for k, v in found.submodules.items()]
    )
    if found.overrides:
        print_table("Overridden", ["path", "with"], [*found.overrides.items()], numeric=False)
    for title, values in (("Data spec", found.data_spec), ("Settings", found.settings)):
        print_line((title, "bold"))
        shown = _shortened(values)  # a tokenizer has half a million characters, and 50,000 tokens
        text = yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100)
        print_line(text)


def _shortened(values: Any) -> Any:
    """Return nested plain values, with texts and lists that are too long to read cut short."""
    if isinstance(values, dict):
        return {name: _shortened(value) for name, value in values.items()}
    if isinstance(values, list):
        more = [f"… ({len(values):,} items)"] if len(values) > _MOST_ITEMS else []
        return [_shortened(value) for value in values[:_MOST_ITEMS]] + more
    is_long = isinstance(values, str) and len(values) > _MOST_SIGNS
    return f"{values[:_MOST_SIGNS]}… ({len(values):,} signs)" if is_long else values
