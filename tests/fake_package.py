"""Packages that are installed nowhere but in a folder of a test."""

from collections.abc import Sequence
from pathlib import Path


def add_fake_package(
    site: Path,
    name: str,
    version: str,
    *,
    requires: Sequence[str] = (),
    code: str = "",
    entry_points: str = "",
) -> None:
    """Write a module and its metadata to a folder, which is to be on the path that Python searches.

    Args:
        site: The folder.
        name: Name of the package and of its module.
        version: The version that its metadata state.
        requires: What its metadata say that it needs.
        code: What runs when the module is imported.
        entry_points: What its entry points are, as in ``entry_points.txt``.
    """
    (site / f"{name}.py").write_text(code)
    metadata = site / f"{name}-{version}.dist-info"
    metadata.mkdir()
    needed = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}")
    (metadata / "entry_points.txt").write_text(entry_points)
