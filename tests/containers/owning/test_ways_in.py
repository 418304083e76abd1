"""What a stranger's module meets at the door: loose types, parts that nothing gives, its data."""

from pathlib import Path
from typing import Any

import pytest
from torch import nn

from nested_lightning import Part, SettingsError, UserError, bootstrap, family, part
from tests.containers.owning.small_training import Rows, Small


class Loose(Small):
    """Its containers don't say of what they are."""

    def __init__(self, betas=(0.9, 0.99), sizes: list = [4], more: dict[str, Any] = {}) -> None:  # type: ignore[no-untyped-def, type-arg]  # noqa: B006
        super().__init__()
        self.betas, self.sizes, self.more = betas, sizes, more


class Injected(Small):
    """Takes parts and a number without a type."""

    def __init__(self, encoder: nn.Module, width, lr: float = 0.1) -> None:  # type: ignore[no-untyped-def]
        super().__init__()


class Wired(Small):
    """Takes a part."""

    def __init__(self, last: nn.Linear) -> None:
        super().__init__()
        self.last = last


def wire(model: Part[Wired], last: Part[nn.Linear] = part(nn.Linear)) -> Wired:
    """Wire a part, without a look at the data."""
    return model(last=last(4, 1))


def test_containers_that_do_not_say_of_what_they_are_are_settings() -> None:
    own = family("loose", model=Loose, data=Rows)
    given = {"betas": [0.5, 0.9], "sizes": [1, [2, "x"]], "more": {"a": {"b": None}}}
    model = bootstrap({"loose": given}, family=own).loose.model()

    assert (model.betas, model.sizes, model.more) == ((0.5, 0.9), [1, [2, "x"]], {"a": {"b": None}})
    with pytest.raises(SettingsError, match=r"loose\.betas"):
        bootstrap({"loose": {"betas": 0.5}}, family=own)


def test_a_module_whose_arguments_nothing_gives_is_refused_with_what_to_do() -> None:
    with pytest.raises(UserError, match=r"Injected takes encoder, width, .* write a wiring function"):
        family("injected", model=Injected, data=Rows)


def test_a_family_has_its_datamodule_though_its_function_does_not_look_at_it(tmp_path: Path) -> None:
    settings = {"run_dir": str(tmp_path / "run"), "trainer.max_steps": 1, "trainer.accelerator": "cpu"}
    with_data: Any = family("with-data", data=Rows)(wire)
    without: Any = family("without-data")(wire)

    assert bootstrap(settings, family=with_data).train().num_steps == 1
    with pytest.raises(UserError, match=r"nothing to train on: .* data: MyDataModule"):
        bootstrap(settings | {"run_dir": str(tmp_path / "no")}, family=without).train()
