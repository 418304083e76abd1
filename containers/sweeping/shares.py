"""What of the machine each worker of a sweep has: its share of the cores, or a device of its own."""

import os

import torch


def share_of(worker: int, jobs: int, *, accelerator: str) -> dict[str, str]:
    """Return the variables of a worker that give it its share; one alone has everything.

    Args:
        worker: Its number, from 0.
        jobs: How many there are.
        accelerator: Setting of the trainer, e.g. ``auto``.
    """
    if jobs == 1:
        return {}
    if accelerator in ("auto", "gpu", "cuda") and torch.cuda.device_count() > 0:
        return {"CUDA_VISIBLE_DEVICES": _devices()[worker % len(_devices())]}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {"OMP_NUM_THREADS": str(max(1, cores // jobs))}


def _devices() -> list[str]:
    named = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    return named.split(",") if named else [str(index) for index in range(torch.cuda.device_count())]
