"""Ways to damage a checkpoint: each takes its bytes and its content, and returns other bytes."""

import io
import json
import os
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import torch

Content = dict[str, Any]


class RunsCode:
    """Makes a file where it is unpickled."""

    def __reduce__(self) -> Any:
        return os.system, ("touch executed",)


def flip_bit(data: bytearray, content: Content, chance: random.Random) -> bytes:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def cut(data: bytearray, content: Content, chance: random.Random) -> bytes:
    return bytes(data[: chance.randrange(len(data))])


def overwrite(data: bytearray, content: Content, chance: random.Random) -> bytes:
    place, length = chance.randrange(len(data)), chance.randrange(1, 400)
    data[place : place + length] = chance.randbytes(length)
    return bytes(data)


def wrong_type(data: bytearray, content: Content, chance: random.Random) -> bytes:
    place: Any = content
    for _ in range(chance.randrange(1, 6)):
        key = chance.choice([*place] if isinstance(place, dict) else [*range(len(place))])
        if not isinstance(place[key], dict | list) or not place[key] or chance.random() < 0.2:
            break
        place = place[key]
    strange = [None, -1, 10**30, "text", [], {}, [[1]], {"a": 1}, 1e308, b"bytes", torch.zeros(2, 3), True]
    key = chance.choice([*place] if isinstance(place, dict) else [*range(len(place))])
    place[key] = chance.choice(strange)
    return saved(content)


def hostile_path(data: bytearray, content: Content, chance: random.Random) -> bytes:
    named = chance.choice(
        ["{0}/checkpoints/../../victim", "victim", "/dev/zero", "file://victim", "https://a.b/c"]
    )
    named = named.format(Path("run").absolute())
    best = next(each for name, each in content["callbacks"].items() if name.startswith("BestCheckpoint"))
    best |= {"best_model_path": named, "kth_best_model_path": named, "last_model_path": named}
    best |= {"best_k_models": {named: torch.tensor(9e9)}, "best_model_score": torch.tensor(9e9)}
    return saved(content)


def hostile_recipe(data: bytearray, content: Content, chance: random.Random) -> bytes:
    recipe = json.loads(content["nested_lightning"])
    family = recipe["settings"]["multi_feature"]
    size = chance.choice([10**4, 2 * 10**8, 10**25, -1, "text", None, [1]])
    part = chance.choice([family["feature_extractor"], family["data"], recipe, recipe["data_spec"]])
    part[chance.choice([*part])] = size
    content["nested_lightning"] = json.dumps(recipe)
    return saved(content)


def hostile_pickle(data: bytearray, content: Content, chance: random.Random) -> bytes:
    size = chance.choice([10**9, 6 << 30, 10**15])
    values = [
        RunsCode(),
        torch.ones(1).expand(size),
        torch.empty(size, device="meta"),
        torch.eye(3).to_sparse(),
    ]
    steps = [
        b"c__builtin__\nbytearray\n\x8a\x08" + struct.pack("<q", size) + b"\x85R.",
        b"ctorch\nFloatStorage\n\x8a\x08" + struct.pack("<q", size) + b"\x85R.",
        b"c_codecs\nencode\nX\x01\x00\x00\x00aX\x03\x00\x00\x00hex\x86R.",
        b"}r\xff\xff\xff\x7f.",
        b"cos\nsystem\nX\x0e\x00\x00\x00touch executed\x85R.",
        b"]" + b"(" * 10**5 + b".",
        b"\x96" + struct.pack("<q", size) + b".",
        b")" + b"\x85" * 10**6 + b"K\x01s.",
    ]
    choice = chance.randrange(len(values) + len(steps))
    if choice < len(values):
        content[chance.choice(["state_dict", "extra", "callbacks"])] = {"weight": values[choice]}
        return saved(content)
    with ZipFile(io.BytesIO(data)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    written = io.BytesIO()
    with ZipFile(written, "w") as archive:
        for name, value in entries.items():
            archive.writestr(
                name, b"\x80\x02" + steps[choice - len(values)] if name.endswith("data.pkl") else value
            )
    return written.getvalue()


KINDS: list[Callable[[bytearray, Content, random.Random], bytes]] = [
    *(flip_bit, cut, overwrite, wrong_type, hostile_path, hostile_recipe, hostile_pickle)
]


def saved(content: Content) -> bytes:
    """Return what `torch.save` writes."""
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()
