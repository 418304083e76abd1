"""A batch in one training step of a `VaeGan`, sorted by VAE and by discriminator.

Shapes: B pictures of a batch, C channels, S pixels to a side, N domains.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nested_lightning.app.assembly.names import escape_name
from nested_lightning.app.processes import rank_and_world_size, sum_over_ranks
from nested_lightning.app.submodules.vae import VaeOutput

SHARED = "shared"
"""Name of the one discriminator of all VAEs."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """The pictures of a batch that belong to one VAE.

    Attributes:
        vae: Name of the VAE.
        rows: [b], int64, where they stand in the batch.
        domain: [b], int64, index of the domain among all.
        member: [b], int64, index of the domain among those of the VAE.
    """

    vae: str
    rows: Tensor
    domain: Tensor
    member: Tensor


@dataclass(frozen=True, kw_only=True)
class Generation:
    """What one VAE made of its share of a batch, whose ``real`` pictures are [b, C, S, S]."""

    share: Share
    real: Tensor
    output: VaeOutput

    @property
    def generated(self) -> Tensor:
        """Reconstructions, then samples, [2b, C, S, S]."""
        assert self.output.samples is not None
        return torch.cat([self.output.reconstructions, self.output.samples])


class DomainRouting(nn.Module):
    """Finds the VAE, by its name, that a picture of a domain belongs to."""

    vae_of: Tensor
    member_of: Tensor

    def __init__(self, members: Mapping[str, Sequence[int]]) -> None:
        super().__init__()
        self.names = tuple(members)
        num_domains = sum(map(len, members.values()))
        vae_of, member_of = [0] * num_domains, [0] * num_domains
        for i, domains in enumerate(members.values()):
            for member, domain in enumerate(domains):
                vae_of[domain], member_of[domain] = i, member
        self.register_buffer("vae_of", torch.tensor(vae_of), persistent=False)
        self.register_buffer("member_of", torch.tensor(member_of), persistent=False)

    def forward(self, domain: Tensor) -> list[Share]:
        """Return the shares of the VAEs that have any of ``domain`` of [B], int64."""
        vaes = self.vae_of[domain]
        member = self.member_of[domain]
        shares = []
        for i, name in enumerate(self.names):
            rows = (vaes == i).nonzero().squeeze(1)
            if len(rows):
                shares.append(Share(vae=name, rows=rows, domain=domain[rows], member=member[rows]))
        return shares


class Attendance:
    """How many pictures of each VAE the batches of all processes hold, in one step; here are ``shares``."""

    def __init__(self, names: Sequence[str], shares: Sequence[Share]) -> None:
        own = {share.vae: len(share.rows) for share in shares}
        self._own = dict.fromkeys(names, 0) | own
        self._total = self._own
        if rank_and_world_size()[1] > 1:
            device = shares[0].rows.device
            totals = sum_over_ranks(torch.tensor(list(self._own.values()), device=device)).tolist()
            self._total = dict(zip(names, totals, strict=True))

    @property
    def names(self) -> list[str]:
        """VAEs of which any process has a picture, in order."""
        return [name for name, total in self._total.items() if total]

    def factor(self, names: Iterable[str]) -> float:
        """Return what a mean over this process's pictures, of these VAEs, counts in that of all processes."""
        chosen = list(names)
        own, total = (sum(counts[name] for name in chosen) for counts in (self._own, self._total))
        return own * rank_and_world_size()[1] / total


def judge_paths(discriminators: nn.ModuleDict, vaes: Sequence[str]) -> list[str]:
    """Return the paths of the discriminators that judge the pictures of these VAEs."""
    if SHARED in discriminators:
        return [f"discriminators.{SHARED}"]
    return [f"discriminators.{escape_name(name)}" for name in vaes]


def judgements(
    discriminators: nn.ModuleDict, generations: Sequence[Generation]
) -> list[tuple[nn.Module, Sequence[Generation]]]:
    """Return each discriminator that has anything to judge of a batch, and what it judges.

    There is one named ``shared``, or one for each VAE under the VAE's name.
    """
    if SHARED in discriminators:
        return [(discriminators[SHARED], generations)]
    return [(discriminators[escape_name(each.share.vae)], [each]) for each in generations]
