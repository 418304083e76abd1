"""Chains, shared parts, factories called many times, and items that settings name."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from nested_lightning import (
    Part,
    Parts,
    SettingsError,
    UserError,
    bootstrap,
    family,
    offer,
    part,
    parts,
)
from nested_lightning.settings.families import knowing
from nested_lightning.settings.reading.loading import load_settings
from tests.command_line import Program
from tests.containers.owning.vaes import Curves, Pair


class Block(nn.Module):
    """Publishes the width that it gives."""

    def __init__(
        self, in_features: int, out_features: int = 4, norm: Part[nn.Module] = nn.BatchNorm1d
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.layers = nn.Sequential(
            nn.Linear(in_features, out_features), norm(out_features), norm(out_features)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map."""
        return self.layers(x)


class Narrow(Block):
    """Gives two numbers."""

    def __init__(self, in_features: int, norm: Part[nn.Module]) -> None:
        super().__init__(in_features, 2, norm)


class Chained(Pair):
    """Blocks, a head that shares the first block, and an optimiser for each half."""

    def __init__(self, blocks: nn.ModuleDict, head: nn.Module, tied: nn.Module, optimizer: Any) -> None:
        super().__init__(vaes=nn.ModuleDict())
        self.blocks, self.head, self.tied, self.optimizer = blocks, head, tied, optimizer
        self.automatic_optimization = False

    def configure_optimizers(self) -> Any:
        """Return two optimisers of one factory."""
        return [self.optimizer(self.blocks.parameters()), self.optimizer(self.head.parameters(), lr=0.5)]


class Head(nn.Module):
    """Has a normalisation of its own."""

    def __init__(self, in_features: int, norm: Part[nn.Module]) -> None:
        super().__init__()
        self.in_features, self.norm = in_features, norm(in_features)


@family("chained", defaults={"chained": {"blocks": {"first": {}, "second": {"out_features": 6}}}})
def chained(
    data: Curves,
    model: Part[Chained],
    blocks: Parts[Any] = parts(Block, narrow=Narrow, linear=nn.Linear, each="block"),
    norm: Part[nn.Module] = part(batch=nn.BatchNorm1d),
    head: Part[nn.Module] = part(Head),
    sgd: Part[torch.optim.Optimizer] = part(torch.optim.SGD),
) -> Chained:
    """A chain of blocks, each taking the former's width."""
    width, built = data.length, {}
    for name in blocks:
        built[name] = blocks[name](in_features=width, norm=norm)
        width = built[name].out_features
    tied = next(iter(built.values()))
    return model(nn.ModuleDict(built), head(in_features=width, norm=norm), tied, sgd)


def _model(*assignments: str) -> Any:
    with knowing(chained.family):  # type: ignore[attr-defined]
        settings = load_settings(model="chained", assignments=assignments)
    return bootstrap(settings).chained.model()


def _widths(model: Any) -> dict[str, tuple[int, int]]:
    return {name: (block.in_features, block.out_features) for name, block in model.blocks.items()}


def test_each_block_takes_the_formers_width() -> None:
    model = _model()

    assert _widths(model) == {"first": (8, 4), "second": (4, 6)}
    assert model.head.in_features == 6


@pytest.mark.parametrize(
    ("assignments", "widths"),
    [
        (["chained.blocks.third.out_features=3"], {"first": (8, 4), "second": (4, 6), "third": (6, 3)}),
        (["chained.blocks.first=null"], {"second": (8, 6)}),
        (["chained.blocks.second.out_features=2"], {"first": (8, 4), "second": (4, 2)}),
        (["chained.block.out_features=5"], {"first": (8, 5), "second": (5, 6)}),
    ],
)
def test_items_are_added_removed_and_changed_by_settings(
    assignments: list[str], widths: dict[str, tuple[int, int]]
) -> None:
    assert _widths(_model(*assignments)) == widths


def test_an_item_is_replaced_by_another_kind_which_has_settings_of_its_own() -> None:
    assert _widths(_model("chained.blocks.second.kind=narrow")) == {"first": (8, 4), "second": (4, 2)}
    with pytest.raises(SettingsError, match=r"^chained\.blocks\.second\.out_features: a value is needed \("):
        _model("chained.blocks.second.kind=linear")
    with pytest.raises(UserError, match=r"chained\.blocks\.second can't be built: Linear.*'norm'"):
        _model("chained.blocks.second.kind=linear", "chained.blocks.second.out_features=6")


def test_a_factory_is_called_many_times_and_gives_its_settings_each_time() -> None:
    model = _model("chained.norm.momentum=0.25")
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm1d)]

    assert len({id(norm) for norm in norms}) == 5
    assert {norm.momentum for norm in norms} == {0.25}


def test_several_optimisers_come_of_one_factory() -> None:
    first, second = _model("chained.sgd.lr=0.125").configure_optimizers()

    assert (first.defaults["lr"], second.defaults["lr"]) == (0.125, 0.5)


def test_a_shared_part_is_one_module_after_building_and_copying_weights() -> None:
    model, other = _model(), _model("seed=3")
    other.load_state_dict(model.state_dict())

    assert model.tied is model.blocks["first"]
    assert other.tied is other.blocks["first"]
    assert torch.equal(other.tied.layers[0].weight, model.tied.layers[0].weight)


def test_a_misspelt_attribute_of_the_data_is_one_sentence_with_its_path() -> None:
    @family("astray")
    def astray(data: Curves, model: Part[Pair]) -> Pair:
        return model(vaes=nn.ModuleDict({"one": nn.Linear(data.lenght, 1)}))  # type: ignore[attr-defined]

    with pytest.raises(
        UserError, match=r"astray\.data\.lenght: Curves has no such attribute.*did you mean 'length'"
    ):
        bootstrap({}, family=astray).astray.model()


TIED = """
from pathlib import Path
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from nested_lightning import Part, family, part


class Words(pl.LightningDataModule):
    def setup(self, stage):
        words = Path("words.txt").read_text().split()
        self.vocabulary = sorted(set(words))
        self.rows = torch.tensor([[self.vocabulary.index(word)] for word in words])

    def train_dataloader(self):
        return DataLoader(TensorDataset(self.rows), batch_size=2)

    val_dataloader = train_dataloader


class Copier(pl.LightningModule):
    def __init__(self, reader, writer):
        super().__init__()
        self.reader, self.writer = reader, writer

    def training_step(self, batch, batch_idx):
        logits = self.reader(batch[0][:, 0]) @ self.writer.weight.T
        return nn.functional.cross_entropy(logits, batch[0][:, 0])

    def validation_step(self, batch, batch_idx):
        self.log("val_loss", self.training_step(batch, batch_idx))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


@family("tied")
def tied(data: Words, model: Part[Copier], embedding: Part[nn.Module] = part(nn.Embedding)):
    shared = embedding(len(data.vocabulary), 4)
    return model(shared, shared)
"""


@pytest.mark.slow
def test_a_shared_part_is_one_still_in_a_process_where_the_data_are_gone(
    forked_code: Program, tmp_path: Path
) -> None:
    (tmp_path / "words.txt").write_text("a dog a cat")
    (tmp_path / "tied.py").write_text(TIED)
    run = "import sys; sys.path.insert(0, '.'); import nested_lightning as nl; from tied import tied; "
    train = (
        'nl.bootstrap({"run_dir": "run", "trainer": {"max_epochs": 1, "accelerator": "cpu"},'
        ' "submodules": {"tied.embedding": {"lr": 0.5}}}, family=tied).tied.training_run()()'
    )
    reload = (
        'model = nl.from_checkpoint("run/checkpoints/last.ckpt", family=tied).tied.model();'
        " assert model.reader is model.writer; print(model.reader.num_embeddings)"
    )
    trained = forked_code(run + train)
    assert trained.returncode == 0, trained.stderr
    (tmp_path / "words.txt").unlink()
    done = forked_code(run + reload)

    assert (done.returncode, done.stdout.split()[-1:]) == (0, ["3"]), done.stderr


@pytest.mark.parametrize(("kind", "num_norms"), [("block", 2), ("linear", 0)])
def test_what_is_offered_reaches_the_kinds_that_take_it(kind: str, num_norms: int) -> None:
    @family("offering")
    def offering(
        data: Curves,
        model: Part[Pair],
        block: Part[nn.Module] = part(block=Block, linear=nn.Linear),
        norm: Part[nn.Module] = part(nn.BatchNorm1d),
    ) -> Pair:
        built = offer(block, norm=norm, out_features=data.length + 1)(in_features=data.length)
        return model(vaes=nn.ModuleDict({"one": built}))

    section = {"block": {"kind": kind}, "norm": {"momentum": 0.25}}
    built = bootstrap({"offering": section}, family=offering).offering.model().vaes["one"]

    norms = [module for module in built.modules() if isinstance(module, nn.BatchNorm1d)]
    assert built.out_features == 9
    assert [norm.momentum for norm in norms] == [0.25] * num_norms
