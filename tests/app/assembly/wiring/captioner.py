"""A captioner of a stranger's modules, wired by a function."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from nested_lightning.app.assembly.wiring.parts import Part, Parts, part, parts


class ConvEncoder(nn.Module):
    def __init__(self, in_channels: int, width: int = 8, norm: Callable[[int], nn.Module] = nn.BatchNorm2d):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(in_channels, width, 3), norm(width), nn.Conv2d(width, width, 1), norm(width)
        )
        self.out_features = width

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x).mean(dim=(2, 3))


class LinearEncoder(nn.Module):
    def __init__(self, in_channels: int, width: int = 4):
        super().__init__()
        self.layer = nn.Linear(in_channels, width)
        self.out_features = width

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x.mean(dim=(2, 3)))


class Decoder(nn.Module):
    def __init__(self, in_features: int, num_tokens: int):
        super().__init__()
        self.in_features = in_features
        self.layer = nn.Linear(in_features, num_tokens)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)


class Captioner(nn.Module):
    def __init__(self, encoder: nn.Module, decoders: nn.ModuleDict, loss: nn.Module):
        super().__init__()
        self.encoder, self.decoders, self.loss = encoder, decoders, loss


@dataclass
class Pictures:
    channels: int = 3
    vocabularies: dict[str, list[str]] = field(default_factory=lambda: {"de": ["ein", "Hund"], "en": ["a"]})


def captioner(
    data: Pictures,
    model: Part[Captioner],
    encoder: Part[nn.Module] = part(conv=ConvEncoder, linear=LinearEncoder),
    decoders: Parts[nn.Module] = parts(linear=Decoder, each="decoder"),
    norm: Part[nn.Module] = part(batch=nn.BatchNorm2d, none=nn.Identity),
    flip: Part[nn.Module | None] = part(None, flip=nn.Identity),
    loss: Part[nn.Module] = part(cross_entropy=nn.CrossEntropyLoss),
) -> Captioner:
    """Wire one encoder and a decoder for each language."""
    assert flip() is None
    seen = encoder(in_channels=data.channels, norm=norm)
    spoken = {
        language: decoders[language](in_features=seen.out_features, num_tokens=len(words))
        for language, words in data.vocabularies.items()
    }
    return model(encoder=seen, decoders=nn.ModuleDict(spoken), loss=loss())


def weights(module: nn.Module) -> Tensor:
    """Return all weights of a module as one vector."""
    return torch.cat([parameter.detach().flatten() for parameter in module.parameters()])
