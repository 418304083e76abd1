"""A part starts from the tensors of another library's file: by settings, or as its wiring declares."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from nested_lightning import (
    Part,
    Parts,
    UserError,
    bootstrap,
    bootstrap_from,
    family,
    part,
    parts,
    resume_training,
)
from nested_lightning.app.training.runs.result import TrainingResult
from nested_lightning.app.training.runs.run import TrainingRun
from tests.containers.owning.small_training import Rows, Small

PATH = "tuned.first"


class Injected(Small):
    """Has what it is given."""

    def __init__(self, first: nn.Module) -> None:
        pl.LightningModule.__init__(self)
        self.first = first  # type: ignore[assignment]
        self.last = nn.Linear(4, 1)


def own_family(**declared: Any) -> Any:
    """Return a family whose part ``first`` is declared so."""

    @family("tuned")
    def tuned(
        data: Rows, model: Part[Injected], first: Part[nn.Module] = part(nn.Linear, **declared)
    ) -> Injected:
        """A part of two."""
        return model(first=first(3, 4))

    return tuned


def file_of(folder: Path, prefix: str = "", more: Mapping[str, Tensor] | None = None) -> Path:
    """Return a file as any library writes it, with the weights of a layer from three to four numbers."""
    tensors = {
        f"{prefix}weight": torch.full((4, 3), 0.5),
        f"{prefix}bias": torch.full((4,), 0.25),
        **(more or {}),
    }
    save_file(tensors, folder / "foreign.safetensors")
    return folder / "foreign.safetensors"


def run_of(own: Any, folder: Path, **policy: Any) -> TrainingRun:
    """Return a training of two epochs."""
    trainer = {"max_epochs": 2, "accelerator": "cpu", "use_progress_bar": False}
    policies = {"submodules": {PATH: policy}} if policy else {}
    settings = {"run_dir": str(folder / "run"), "trainer": trainer, **policies}
    run: TrainingRun = bootstrap(settings, family=own).tuned.training_run()
    return run


def is_kept(run: TrainingRun) -> bool:
    first: Any = run.model.first
    return bool((first.weight == 0.5).all() and (first.bias == 0.25).all())


@pytest.mark.parametrize(("prefix", "init_path"), [("", None), ("net.0.", "net.0")])
def test_a_whole_file_or_what_its_names_begin_with_is_the_part(
    prefix: str, init_path: str | None, tmp_path: Path
) -> None:
    more = {"other.weight": torch.ones(2)} if prefix else {}
    run = run_of(
        own_family(),
        tmp_path,
        init_from=str(file_of(tmp_path, prefix, more)),
        init_path=init_path,
        freeze=True,
    )

    result = run()

    assert is_kept(run)
    assert result.init_parts[PATH]["taken"] == 2
    assert result.init_parts[PATH]["path"] == (init_path or "all of it")


def test_what_a_file_lacks_is_refused_or_by_choice_left_out_and_kept_in_the_results(tmp_path: Path) -> None:
    given = {"bias": torch.zeros(9), "fc.weight": torch.ones(2)}
    file = str(file_of(tmp_path, more=given))
    message = r"fc\.weight is not in the model; bias has shape \(9,\) there, \(4,\) here; .*init_partly=true"
    with pytest.raises(UserError, match=message):
        run_of(own_family(), tmp_path / "refused", init_from=file)()

    run = run_of(own_family(), tmp_path, init_from=file, init_partly=True, freeze=True)
    with pytest.warns(UserWarning, match="1 of 2 tensors, 12 numbers"):
        result = run()

    assert (run.model.first.weight == 0.5).all()  # type: ignore[union-attr]
    taken = json.loads(result.run_folder.results_file.read_text())["init_parts"][PATH]
    assert taken["file"] == file
    assert len(taken["sha256"]) == 64
    assert (taken["taken"], taken["unexpected"]) == (1, ["fc.weight"])
    assert list(taken["other_shape"]) == ["bias"]
    assert "fc.weight is not in the model" in result.run_folder.log_file.read_text()


def test_a_file_in_which_nothing_fits_is_refused_even_so(tmp_path: Path) -> None:
    file = str(file_of(tmp_path, "net."))
    with pytest.raises(UserError, match=r"submodules\.tuned\.first\.init_from: .*differ: weight is not"):
        run_of(own_family(), tmp_path / "partly", init_from=file, init_partly=True)()
    with pytest.raises(UserError, match="has no weights at nett"):
        run_of(own_family(), tmp_path / "misspelt", init_from=file, init_path="nett")()


def test_a_wiring_declares_what_its_part_starts_from_and_settings_go_before_it(tmp_path: Path) -> None:
    own = own_family(init_from=file_of(tmp_path, "net."), init_path="net", freeze=True)
    run = run_of(own, tmp_path / "declared")
    run()
    assert is_kept(run)

    other = run_of(own, tmp_path / "other", freeze=False)
    other()
    assert not is_kept(other)
    with pytest.raises(UserError, match="what is off by default has no freeze"):
        part(None, nn.Linear, freeze=True)


class Several(Small):
    """Has a dictionary of parts, of which it uses the first."""

    def __init__(self, branches: Mapping[str, nn.Module]) -> None:
        pl.LightningModule.__init__(self)
        self.branches = nn.ModuleDict(dict(branches))
        self.first = self.branches["one"]  # type: ignore[assignment]
        self.last = nn.Linear(4, 1)


def test_several_parts_may_start_from_a_file_each_by_its_own_name(tmp_path: Path) -> None:
    file = tmp_path / "foreign.safetensors"
    names = {"branches.one": 0.5, "branches.two": 0.75}
    tensors = {
        f"{name}.{tensor}": torch.full(shape, value)
        for name, value in names.items()
        for tensor, shape in (("weight", (4, 3)), ("bias", (4,)))
    }
    save_file(tensors, file)

    @family("tuned")
    def tuned(
        data: Rows,
        model: Part[Several],
        branches: Parts[nn.Module] = parts(nn.Linear, init_from=file, init_path="branches.*", freeze=True),
    ) -> Several:
        """Several parts."""
        return model(branches={name: branches[name](3, 4) for name in ("one", "two")})

    run = run_of(tuned, tmp_path)
    result = run()

    found: Any = run.model.branches
    assert (found["one"].weight == 0.5).all()
    assert (found["two"].weight == 0.75).all()
    assert {path: one["taken"] for path, one in result.init_parts.items()} == {
        "tuned.branches.one": 2,
        "tuned.branches.two": 2,
    }


def test_a_resumed_training_still_knows_what_was_taken(tmp_path: Path) -> None:
    own = own_family()
    file = file_of(tmp_path)
    run_of(own, tmp_path, init_from=str(file))()
    file.unlink()

    result = resume_training(tmp_path / "run", {"trainer": {"max_epochs": 3}}, family=own)()

    assert TrainingResult.read(result.run_folder).init_parts == result.init_parts
    assert result.init_parts[PATH]["taken"] == 2


def test_weights_that_were_trained_since_are_not_replaced_by_those_that_the_wiring_declares(
    tmp_path: Path,
) -> None:
    own = own_family(init_from=file_of(tmp_path))
    result = run_of(own, tmp_path)()

    settings = {"run_dir": str(tmp_path / "on"), "trainer": {"max_epochs": 1}}
    on = bootstrap_from(result.best_checkpoint, settings, family=own).tuned.training_run()
    assert on().init_parts == {}
