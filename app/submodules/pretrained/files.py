"""The files of a part that was trained elsewhere: what it is, and its weights."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import safetensors.torch
import yaml
from torch import Tensor

from nested_lightning.app.errors import UserError, name_list
from nested_lightning.app.foreign_files import file_or_folder, foreign_file, regular_file, sha256_of

NONE = "none"
"""What stands for weights that aren't taken from anywhere."""
HUB = "hub:"
_SUFFIX = ".safetensors"
_PICKLED = {".bin", ".pt", ".pth", ".ckpt", ".pkl"}
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)


@dataclass(frozen=True)
class PretrainedFiles:
    """A folder or a file of safetensors, as a setting names it.

    Args:
        named: A folder, a file, or ``hub:NAME@REVISION``, which was fetched before.

    Raises:
        UserError: There is no such place, or nothing of it is on this machine.
    """

    named: str

    @cached_property
    def place(self) -> Path:
        """The folder or the file."""
        if self.named.startswith(HUB):
            from nested_lightning.app.submodules.pretrained.hub import find_fetched

            return find_fetched(self.named)
        return file_or_folder(Path(self.named).expanduser())

    @cached_property
    def weights(self) -> tuple[Path, ...]:
        """The files of weights, in the order of their names.

        Raises:
            UserError: There are none, or none but pickled ones.
        """
        if self.place.is_file():
            if self.place.suffix != _SUFFIX:
                raise _pickled(self.named, self.place)
            return (regular_file(self.place),)
        found = sorted(self.place.glob(f"*{_SUFFIX}"))
        if not found:
            pickled = [file for file in sorted(self.place.iterdir()) if file.suffix in _PICKLED]
            if pickled:
                raise _pickled(self.named, *pickled)
            raise UserError(f"{self.named} has no weights: a file that ends in {_SUFFIX} has to be in it")
        shards = {name for index in self.place.glob(f"*{_SUFFIX}.index.json") for name in self._shards(index)}
        if lacking := sorted(shards - {file.name for file in found}):
            raise UserError(f"{self.named} lacks {name_list(lacking)}, which its index names")
        if len(found) > 1 and not shards:
            names = name_list([file.name for file in found])
            raise UserError(f"{self.named} has several files of weights, {names}: name one of them")
        return tuple(file for file in found if not shards or file.name in shards)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the weights in hexadecimal; of several files, that of their digests."""
        digests = []
        for path in self.weights:
            digests.append(sha256_of(path))
            recorded = path.resolve().name  # a hub's cache calls large files by their digests
            if _DIGEST.fullmatch(recorded) and recorded != digests[-1]:
                raise UserError(f"{self.named}: {path.name} isn't what was fetched, as its digest is another")
        return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()

    @property
    def license(self) -> str | None:
        """The licence that the folder's README names, as hubs have it; None: it names none."""
        text = self._text("README.md")
        front = _FRONT_MATTER.match(text) if text else None
        try:
            values = yaml.safe_load(front[1]) if front else None
        except yaml.YAMLError:
            return None
        named = values.get("license") if isinstance(values, Mapping) else None
        return named if isinstance(named, str) else None

    def json(self, name: str) -> dict[str, Any] | None:
        """Return what a file beside the weights holds, an object of JSON; None: there is no such file."""
        text = self._text(name)
        if text is None:
            return None
        with foreign_file(self._folder / name):
            values = json.loads(text)
            if not isinstance(values, dict):
                raise UserError("it isn't an object of JSON")
            return values

    def text(self, name: str) -> str:
        """Return the text of a file beside the weights.

        Raises:
            UserError: There is none.
        """
        text = self._text(name)
        if text is None:
            raise UserError(f"{self.named} has no {name}; put it beside the weights")
        return text

    def tensors(self, sha256: str | None) -> dict[str, Tensor]:
        """Return the weights by name.

        Args:
            sha256: What `digest` has to be; None: it may be any.

        Raises:
            UserError: It is another one, or a file is damaged.
        """
        self.refuse_others(sha256)
        tensors: dict[str, Tensor] = {}
        for file in self.weights:
            with foreign_file(file):
                tensors |= safetensors.torch.load_file(file)
        return tensors

    def refuse_others(self, sha256: str | None) -> None:
        """Refuse weights that aren't those which were meant.

        Raises:
            UserError: Their digest is another one.
        """
        if sha256 is not None and self.digest != sha256:
            raise UserError(
                f"{self.named} holds other weights than were meant, as their SHA-256 isn't sha256; put those"
                " back, or leave sha256 out"
            )

    @property
    def _folder(self) -> Path:
        return self.place if self.place.is_dir() else self.place.parent

    def _shards(self, index: Path) -> set[str]:
        shards = (self.json(index.name) or {}).get("weight_map")
        with foreign_file(index):
            return {str(name) for name in dict(shards or {}).values()}

    def _text(self, name: str) -> str | None:
        file = self._folder / name
        if not file.exists():
            return None
        with foreign_file(regular_file(file)):
            return file.read_text(encoding="utf-8")


def _pickled(named: str, *files: Path) -> UserError:
    names = name_list([file.name for file in files])
    return UserError(
        f"{named}: {names} may be pickled, which can run code when it is read; weights are read from files"
        f" that end in {_SUFFIX} alone: convert them once, where you trust them"
    )
