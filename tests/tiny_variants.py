"""Three tiny variants in files of a user's own, and settings that train on them in a moment."""

import json
import random
from pathlib import Path
from typing import Any


def write_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write a JSONL file."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_variants(folder: Path) -> Path:
    """Write letters (characters), points (vectors) and moods (tokens, one label each): 60, 40, 30 lines."""
    folder.mkdir(exist_ok=True)
    draw = random.Random(0)
    texts = ["".join(draw.choices("abcXYZ12", k=draw.randint(3, 9))) for _ in range(60)]
    points = [[[draw.gauss(0, 1) for _ in range(3)] for _ in range(draw.randint(2, 6))] for _ in range(40)]
    moods = [["so", draw.choice(["good", "bad"]), *["."] * draw.randint(1, 3)] for _ in range(30)]
    write_lines(folder / "letters.jsonl", [{"text": t, "labels": [_kind(c) for c in t]} for t in texts])
    write_lines(
        folder / "points.jsonl", [{"vectors": p, "labels": [int(x[0] > 0) for x in p]} for p in points]
    )
    write_lines(folder / "moods.jsonl", [{"tokens": m, "label": m[1]} for m in moods])
    return folder


def variant_settings(folder: Path, run_dir: Path, **more: Any) -> dict[str, Any]:
    """Nested settings that train two epochs on `write_variants` on the CPU."""
    return {
        "model": "variant",
        "run_dir": str(run_dir),
        "trainer": {"max_epochs": 2, "accelerator": "cpu", "use_progress_bar": False},
        "variant": {
            "data": {"path": str(write_variants(folder)), "batch_size": 4},
            "decoder": {"hidden_features": 8},
            "token_adapter": {"out_features": 6},
            "vector_adapter": {"kind": "projection", "out_features": 6},
            **more,
        },
    }


def _kind(character: str) -> str:
    return "digit" if character.isdigit() else "upper" if character.isupper() else "lower"
