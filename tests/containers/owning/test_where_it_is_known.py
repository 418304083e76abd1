"""A family of one's own is known where it was given, and nowhere else: names, pickles, sources."""

import hashlib
import pickle
import sys
import warnings
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
import torch

from nested_lightning import Part, SettingsError, UserError, bootstrap, family, from_checkpoint, load_settings
from nested_lightning.containers.owning.descriptor import family_of
from nested_lightning.containers.owning.source_files import family_in_file
from nested_lightning.settings.application import parse_settings
from nested_lightning.settings.families import knowing, read_family
from nested_lightning.settings.plugging import entry_points
from nested_lightning.settings.plugging.entry_points import FAMILIES, Plugin, PluginGroup
from tests.command_line import PROJECT, Program
from tests.containers.owning.classifier import corners
from tests.containers.owning.vaes import Curves, Pair, curve_pair

OWN = PROJECT / "tests" / "containers" / "owning"


def _train(folder: Path, own: Any) -> Path:
    trainer = {"max_epochs": 1, "accelerator": "cpu", "use_progress_bar": False}
    settings = {"run_dir": str(folder / "run"), "trainer": trainer}
    with knowing(own):
        application = bootstrap({"model": own.name, **settings})
    checkpoint: Path = application.corners.training_run()().best_checkpoint
    return checkpoint


def test_a_changed_source_is_a_note_when_the_checkpoint_is_opened(tmp_path: Path) -> None:
    file = tmp_path / "noted_corners.py"
    file.write_text((OWN / "classifier.py").read_text())
    own = family_in_file(f"{file}:corners")
    checkpoint = _train(tmp_path, own)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with knowing(own):
            from_checkpoint(checkpoint)
    file.write_text(file.read_text() + "\n# another comment\n")

    with knowing(own), pytest.warns(UserWarning, match=r"noted_corners\.py has changed since the checkpoint"):
        from_checkpoint(checkpoint)


def test_the_source_of_a_module_without_a_wiring_is_its_own_file(tmp_path: Path) -> None:
    file = tmp_path / "unwired_source.py"
    file.write_text(
        "from tests.containers.owning.small_training import Rows, Small\n\n\nclass Mine(Small): ...\n"
    )
    with knowing(own := family_in_file(f"{file}:Mine")):
        source = bootstrap({"model": own.name}).mine.data_spec().source

    assert source == hashlib.sha256(file.read_bytes()).hexdigest()


def test_settings_of_a_family_by_function_come_through_pickling() -> None:
    settings = bootstrap({"corners": {"net": {"hidden_features": 7}}}, family=corners).settings()
    copied = pickle.loads(pickle.dumps(settings))

    assert copied.family.name == "corners"
    assert copied.corners.net.hidden_features == 7


@pytest.mark.slow
def test_settings_of_a_family_by_file_come_into_another_process(forked_code: Program, tmp_path: Path) -> None:
    file = tmp_path / "sent_vaes.py"
    file.write_text((OWN / "vaes.py").read_text())
    own = family_in_file(f"{file}:curve_pair")
    with knowing(own):
        settings = parse_settings({"model": own.name, "curve_pair": {"latent_dim": 5}})
    (tmp_path / "settings.pickle").write_bytes(pickle.dumps(settings))
    program = (
        "import pickle, pathlib;"
        f"s = pickle.loads(pathlib.Path({str(tmp_path / 'settings.pickle')!r}).read_bytes());"
        "import nested_lightning as nl; m = nl.bootstrap(s).curve_pair.model();"
        "print(m.vaes['sine'].encoder.out_features)"
    )
    done = forked_code(program)

    assert done.stdout == "5\n", done.stderr


def test_two_families_of_one_name_do_not_meet() -> None:
    @family("curve-pair")
    def other(data: Curves, model: Part[Pair], size: int = 9) -> Pair:
        raise NotImplementedError

    first = bootstrap({}, family=curve_pair)
    second = bootstrap({"curve_pair": {"size": 3}}, family=other)

    assert first.settings().curve_pair.latent_dim == 3
    assert second.settings().curve_pair.size == 3
    assert first.settings().family is not second.settings().family


def test_two_files_of_one_name_do_not_meet(tmp_path: Path) -> None:
    families: list[Any] = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        text = (OWN / "vaes.py").read_text().replace("latent_dim: int = 3", f"latent_dim: int = {number}")
        (folder / "twin_vaes.py").write_text(text)
        families.append(family_in_file(f"{folder / 'twin_vaes.py'}:curve_pair"))

    assert [one.settings().latent_dim for one in families] == [1, 2]


def test_a_file_called_as_a_module_that_is_there_takes_nothing_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])  # its folder stays there, and is no place for other tests
    (tmp_path / "json.py").write_text((OWN / "vaes.py").read_text())
    before = sys.modules["json"]

    assert family_in_file(f"{tmp_path / 'json.py'}:curve_pair").name == "curve-pair"
    assert sys.modules["json"] is before


def test_a_file_that_is_imported_already_is_not_run_again() -> None:
    assert family_in_file(f"{OWN / 'vaes.py'}:curve_pair").defined_by[0].__globals__["Curves"] is Curves


def test_settings_can_not_name_a_file_to_run(tmp_path: Path) -> None:
    named = f"{OWN / 'vaes.py'}:curve_pair"
    (tmp_path / "own.yaml").write_text(f"model: {named}\n")

    with pytest.raises(SettingsError, match="settings name no code to run; give it by --model"):
        load_settings(config=tmp_path / "own.yaml")
    with pytest.raises(SettingsError, match="settings name no code to run"):
        load_settings(environ={"NESTED_LIGHTNING__MODEL": named})
    with pytest.raises(SettingsError, match="settings name no code to run"):
        bootstrap({"model": named})


def test_a_checkpoint_can_not_name_a_file_to_run(tmp_path: Path) -> None:
    own = corners.family  # type: ignore[attr-defined]
    content = torch.load(_train(tmp_path, own), weights_only=True)
    named = f"{OWN / 'classifier.py'}:corners"
    content["nested_lightning"] = content["nested_lightning"].replace('"corners",', f'"{named}",')
    torch.save(content, tmp_path / "naming.ckpt")

    with pytest.raises((SettingsError, UserError), match="settings name no code to run"):
        from_checkpoint(tmp_path / "naming.ckpt")


def test_a_package_offers_a_wiring_function_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("curve-pair", f"{curve_pair.__module__}:curve_pair", FAMILIES)
    plugin = Plugin(point=point, package="curves", version="1.0")
    monkeypatch.setattr(entry_points, "find_plugins", lambda group: [plugin])

    added = PluginGroup(FAMILIES, read=read_family).added

    assert added == [(plugin, family_of(curve_pair))]
    assert plugin.error is None
