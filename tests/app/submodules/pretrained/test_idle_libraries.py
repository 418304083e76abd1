"""Libraries of pretrained parts are imported by whoever chooses one of their kinds, and by nobody else."""

import json
import subprocess
import sys

import pytest

LIBRARIES = ("huggingface_hub", "peft", "timm", "tokenizers", "torchvision", "transformers")

_IMPORTED = """
import json, sys
{code}
print(json.dumps([name for name in sys.modules if name.partition(".")[0] in {libraries}]))
"""
_FAMILIES = """
import nested_lightning as nl
for name in ("multi-feature", "image-to-text", "vae-gan", "variant"):
    few = {"variant.variants.text.source.max_files": 20} if name == "variant" else {}
    getattr(nl.bootstrap({"model": name, **few}), name.replace("-", "_")).model()
"""


def _imported_by(code: str) -> set[str]:
    text = _IMPORTED.format(code=code, libraries=LIBRARIES)
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=True, timeout=300
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.slow
def test_families_import_no_more_of_them_than_lightning_itself_does() -> None:
    by_lightning = _imported_by("import pytorch_lightning, torchmetrics")

    assert _imported_by(_FAMILIES) <= by_lightning
