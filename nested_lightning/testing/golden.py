"""Golden configurations: a model's settings and tensor shapes as a text to keep in a repository.

``assert_golden(Path("golden/corners.yaml"), bootstrap({...}, family=corners))`` in a test; where a change is
wanted, ``RENEW_GOLDEN=1 pytest`` writes the files anew.
"""

import os
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import Any

import torch
import yaml

from nested_lightning.app.seam.meta_device import on_meta
from nested_lightning.containers.application import ApplicationContainer
from nested_lightning.containers.starting.bootstrapping import family_container

RENEW = "RENEW_GOLDEN"
"""Variable by which `assert_golden` writes files rather than compare them."""


def golden_configuration(application: ApplicationContainer) -> str:
    """Return the effective settings, and the shape of each tensor of the model's state, as YAML.

    The model is built on ``meta``, of what is known of its data; these are read for it.

    Args:
        application: A ready container, of any family.
    """
    settings = yaml.safe_dump(application.settings().to_plain(), sort_keys=False, allow_unicode=True)
    family = family_container(application)
    family.data_spec()
    with on_meta():
        state = family.model().state_dict()
    return f"{settings}state:\n" + "".join(_lines(state))


def assert_golden(path: Path, application: ApplicationContainer) -> None:
    """Compare a container's `golden_configuration` with a file, or write that where ``RENEW_GOLDEN=1``.

    Raises:
        AssertionError: They differ, which it shows as a unified diff; or there is no such file.
    """
    now = golden_configuration(application)
    if os.environ.get(RENEW) == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(now, encoding="utf-8")
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    lines = unified_diff(before.splitlines(), now.splitlines(), str(path), "now", lineterm="")
    shown = "\n".join(lines)
    assert not shown, f"golden configuration (where this is wanted, {RENEW}=1 renews it):\n{shown}"


def _lines(state: dict[str, Any]) -> Iterator[str]:
    for name, value in state.items():
        if isinstance(value, torch.Tensor):
            dtype = "" if value.dtype == torch.float32 else f" # {str(value.dtype).removeprefix('torch.')}"
            yield f"  {name}: {list(value.shape)}{dtype}\n"
