"""``--override``: what takes the place of a provider, and the ``--set`` that are its arguments."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from importlib import import_module
from operator import getitem
from pathlib import Path
from typing import Any

from nested_lightning.app.errors import UserError
from nested_lightning.settings.describing.walking import names_of
from nested_lightning.settings.reading.merging import merge, parse_assignment


@dataclass(frozen=True, kw_only=True)
class OverrideRequest:
    """One ``--override``: a provider's path, and what takes its place with which arguments.

    That is ``module:name`` or ``file.py:name`` of a class or function, or the kind of a registered choice.
    """

    path: str
    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def load(self) -> Any:
        """Return what takes the provider's place.

        Raises:
            UserError: It can't be imported, no such kind is registered, or it doesn't take the options.
        """
        from nested_lightning.containers.overrides.arguments import bind_arguments
        from nested_lightning.containers.overrides.restoring import build_choice

        if ":" not in self.name:
            return build_choice(self.path, self.name, self.options)
        return bind_arguments(self.path, _import(self), self.options)


def split_overrides(
    overrides: Sequence[str] | None, assignments: Sequence[str] | None
) -> tuple[list[OverrideRequest], list[str]]:
    """Return the overrides, and those ``--set`` that are settings; nothing is imported.

    Args:
        overrides: Each ``--override``.
        assignments: Each ``--set``; one below the path of an override is an argument of what takes its place.

    Raises:
        UserError: An override isn't written as it should be.
    """
    names = dict(_split(text) for text in overrides or [])
    own: dict[str, dict[str, Any]] = {path: {} for path in names}
    rest = []
    for text in assignments or []:
        path = _path_above(text, names)
        if path is None:
            rest.append(text)
        else:
            below = reduce(getitem, names_of(path), parse_assignment(text))
            own[path] = merge(own[path], below)
    requests = [OverrideRequest(path=path, name=name, options=own[path]) for path, name in names.items()]
    return requests, rest


def split_arguments(
    overrides: Sequence[str] | None, assignments: Sequence[str] | None
) -> list[OverrideRequest]:
    """Return the overrides of a command whose ``--set`` can be nothing but their arguments.

    Raises:
        UserError: An override isn't written as it should be, or a ``--set`` belongs to none.
    """
    requests, rest = split_overrides(overrides, assignments)
    if rest:
        raise UserError(f"--set {rest[0]}: belongs to no --override; the settings are those of the training")
    return requests


def load_overrides(requests: Sequence[OverrideRequest]) -> dict[str, Any]:
    """Return what takes the places of providers, by path; see `OverrideRequest.load`."""
    return {request.path: request.load() for request in requests}


def refuse_overrides_in_workers(requests: Sequence[OverrideRequest]) -> None:
    """Refuse overrides where workers of a cluster train.

    Raises:
        UserError: There is one; what it names was imported here, and the workers have only what is installed.
    """
    if requests:
        raise UserError("--override can't be used with --engine ray: register the part by a plug-in instead")


def _split(text: str) -> tuple[str, str]:
    path, equals, name = (part.strip() for part in text.partition("="))
    module, colon, attribute = name.partition(":")
    if not (equals and path and name) or (colon and not (module and attribute)):
        raise UserError(
            f"--override {text}: write it as PATH=MODULE:NAME, e.g. multi_feature.head=my_module:MyHead,"
            " as PATH=FILE.py:NAME, or as PATH=KIND with a registered kind"
        )
    return path, name


def _path_above(text: str, paths: Mapping[str, str]) -> str | None:
    name = text.partition("=")[0].strip()
    above = [path for path in paths if name.startswith(f"{path}.")]
    return max(above, key=len, default=None)


def _import(request: OverrideRequest) -> Any:
    from nested_lightning.containers.owning.source_files import folder_first

    written, _, name = request.name.rpartition(":")
    module = _module_of(Path(written)) if written.endswith(".py") else written
    with folder_first(Path.cwd()):
        try:
            found: Any = import_module(module)
        except Exception as error:
            raise UserError(
                f"--override {request.path}={request.name}: {module} can't be imported:"
                f" {type(error).__name__}: {error}"
            ) from error
    for part in name.split("."):
        if not hasattr(found, part):
            place = getattr(sys.modules[module], "__file__", None) or module
            raise UserError(f"--override {request.path}={request.name}: there is no '{part}' in {place}")
        found = getattr(found, part)
    return found


def _module_of(file: Path) -> str:
    """Return the name of the module in a file: of one that is imported already, or below the current folder.

    Raises:
        UserError: There is no such file, or it is in another folder, so that its module has no name here.
    """
    from nested_lightning.containers.owning.source_files import imported_from

    path = file.resolve()
    if (known := imported_from(path)) is not None:
        return known.__name__
    if not path.is_file():
        raise UserError(f"--override: there is no file {file}")
    if not path.is_relative_to(Path.cwd()):
        raise UserError(
            f"--override: {file} isn't below the current folder, so its module has no name here: add its"
            f" folder to PYTHONPATH, and write {path.stem}:NAME"
        )
    return ".".join(path.relative_to(Path.cwd()).with_suffix("").parts)
