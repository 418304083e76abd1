"""Libraries of pretrained parts are imported by whoever chooses one of their kinds, and by nobody else."""

import json
import subprocess
import sys

import pytest

LIBRARIES = ("huggingface_hub", "peft", "timm", "tokenizers", "torchvision", "transformers")

_IMPORTED_BY_FAMILIES = f"""
import json, sys

def imported():
    return {{name for name in sys.modules if name.partition(".")[0] in {LIBRARIES}}}

import pytorch_lightning, torchmetrics
by_lightning = imported()
import nested_lightning as nl
for name in ("multi-feature", "image-to-text", "vae-gan", "variant"):
    few = {{"variant.variants.text.source.max_files": 20}} if name == "variant" else {{}}
    getattr(nl.bootstrap({{"model": name, **few}}), name.replace("-", "_")).model()
print(json.dumps(sorted(imported() - by_lightning)))
"""


@pytest.mark.slow
def test_families_import_no_more_of_them_than_lightning_itself_does() -> None:
    command = [sys.executable, "-c", _IMPORTED_BY_FAMILIES]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)

    assert json.loads(done.stdout.splitlines()[-1]) == []
