"""Classes of ``lightning.pytorch`` are refused in a sentence that names object and package."""

from pathlib import Path
from typing import Any

import pytest
from torch import nn

from nested_lightning import Part, UserError, bootstrap, family, part
from nested_lightning.containers.owning.source_files import family_in_file
from tests.containers.owning.auto_encoder import Reconstruction, Waves

OTHER = "lightning.pytorch.core.module"
OtherModule = type("LightningModule", (nn.Module,), {"__module__": OTHER})
OtherData = type("LightningDataModule", (), {"__module__": OTHER})


class Net(OtherModule):  # type: ignore[misc, valid-type]
    """A module of the other package."""


class Data(OtherData):  # type: ignore[misc, valid-type]
    """A datamodule of the other package."""


def test_a_module_or_a_datamodule_of_the_other_package_is_refused_when_it_is_declared() -> None:
    message = r": model is a Net, which derives from lightning\.pytorch\.LightningModule: objects of that"
    with pytest.raises(UserError, match=message):

        @family("other")
        def other(model: Part[Net]) -> Net:
            return model()

    with pytest.raises(UserError, match=r"data is a Data, which derives from lightning\.pytorch\.Lightning"):

        @family("other")
        def others(data: Data, model: Part[Reconstruction]) -> Reconstruction:
            return model(nn.Linear(1, 1))


def test_what_a_function_makes_of_it_is_refused_when_it_is_made() -> None:
    def make_data() -> Any:
        return Data()

    @family("made", data=make_data)
    def made(data: Waves, net: Part[nn.Module] = part(nn.Linear)) -> Any:
        return Net()

    with pytest.raises(UserError, match=r"made\.datamodule is a Data, which derives from lightning\.pytorch"):
        bootstrap({}, family=made).made.model()

    @family("built")
    def built() -> Any:
        return Net()

    with pytest.raises(UserError, match="built: what its function returns is a Net, which derives from"):
        bootstrap({}, family=built).built.model()


@pytest.mark.parametrize(("base", "what"), [("OtherModule", "data"), ("LightningModule", "data")])
def test_a_file_that_is_named_by_its_class_says_the_same(base: str, what: str, tmp_path: Path) -> None:
    file = tmp_path / f"of_{base.lower()}.py"
    file.write_text(
        "from pytorch_lightning import LightningModule\n"
        f"from {__name__} import OtherData, OtherModule\n\n\n"
        f"class Numbers(OtherData):\n    pass\n\n\nclass Mean({base}):\n    pass\n"
    )
    with pytest.raises(UserError, match=r":Mean: .* derives from lightning\.pytorch\.Lightning"):
        family_in_file(f"{file}:Mean")
