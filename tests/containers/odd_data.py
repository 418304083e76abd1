"""Small data on which settings matter that plain ones leave without an effect."""

import random
from pathlib import Path

from PIL import Image

_BASES = "👋🙏👍👏🙌👐👊✋👂👃👆👇"
_TONES = ("", "🏻", "🏽", "🏿")


def write_odd_data(folder: Path) -> Path:
    """Write tables, one with gaps, one that names pictures, and wide ones with captions, one of them lost."""
    draw = random.Random(0)
    rows = [[f"{draw.gauss(0, 1):.3f}" for _ in range(4)] + ["uv"[row % 2]] for row in range(60)]
    rows[3][0] = rows[5][2] = ""
    rows[7][2] = rows[7][3] = ""
    lines = ["kar0,kar1,fou0,fou1,shape", *map(",".join, rows)]
    (folder / "gaps.csv").write_text("\n".join(lines) + "\n")
    names = [f"wide/{row % len(_BASES)}-{row % len(_TONES)}.png" for row in range(len(rows))]
    lines = [f"{line},{name}" for line, name in zip(lines[1:], names, strict=True) if ",," not in line]
    lines = [line for line in lines if not line.startswith(",")]
    (folder / "photos.csv").write_text("\n".join(["kar0,kar1,fou0,fou1,shape,photo", *lines]) + "\n")
    for name in ("wide", "lost"):
        _write_pictures(folder / name, draw)
    (folder / "lost" / "0-0.png").unlink()
    return folder


def _write_pictures(folder: Path, draw: random.Random) -> None:
    folder.mkdir()
    lines = ["file_name,caption,emoji"]
    for base, character in enumerate(_BASES):
        for tone, skin in enumerate(_TONES):
            picture = Image.new("RGB", (24, 12), (20 * base, 60 * tone, draw.randrange(256)))
            picture.paste((255, 255, 255), (0, 0, 6, 12))
            picture.save(folder / f"{base}-{tone}.png")
            lines.append(f"{base}-{tone}.png,Hand {base} of {'Tone' if tone else 'tone'},{character}{skin}")
    (folder / "captions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
