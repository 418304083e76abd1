"""Which of several processes this is, by the launcher's environment variables; needs no torch."""

import os

_RANK_NAMES = ("RANK", "SLURM_PROCID")
_PLACE_NAMES = ("LOCAL_RANK", "NODE_RANK")


def launched_rank() -> int:
    """Return this process's number among those that train together; 0 where it trains alone.

    ``torchrun`` and SLURM's ``srun`` number all processes. Lightning numbers those that it starts itself on
    one machine, and whoever starts it on several numbers these: any number but 0 isn't the first process.
    """
    for name in _RANK_NAMES:
        if name in os.environ:
            return int(os.environ[name])
    return max(int(os.environ.get(name, 0)) for name in _PLACE_NAMES)


def is_restarted() -> bool:
    """Return whether SLURM or ``torchrun`` has restarted this same command."""
    counts = (os.environ.get(f"{name}_RESTART_COUNT", "") for name in ("SLURM", "TORCHELASTIC"))
    return any(count not in ("", "0") for count in counts)


def torchrun_sizes() -> tuple[int, int] | None:
    """Return the processes on this machine and the machines that ``torchrun`` started; None: it did not."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return None
    local, world = (int(os.environ[name]) for name in ("LOCAL_WORLD_SIZE", "WORLD_SIZE"))
    return local, world // local
