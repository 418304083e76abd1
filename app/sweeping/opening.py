"""How the study of a sweep is opened: made whole where there is none, and its faults said in words."""

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import optuna
from optuna.storages import RDBStorage
from sqlalchemy import URL, NullPool, create_engine
from sqlalchemy.exc import SQLAlchemyError

from nested_lightning.app.checkpoints.checkpoint_io import write_atomically
from nested_lightning.app.errors import UserError
from nested_lightning.app.sweeping.study import PRUNERS, Plan, SweepStudy, alone

_NAME = "sweep"
_BUSY_S = 60.0
"""How long a writer waits for readers of the file."""


def open_study(folder: Path, *, plan: Plan, question: Mapping[str, Any], address: str | None) -> SweepStudy:
    """Open the study of a sweep, or make it where there is none.

    Args:
        folder: Of the sweep; it has a file ``study.db``.
        plan: What is asked.
        question: Plain values by name, which must be those that it was made with.
        address: Of a PostgreSQL database, which several machines share; None: the file.

    Raises:
        UserError: It can't be opened, or was made for another question.
    """
    file = folder / "study.db"
    is_shared = address is not None
    where = "the study at the PostgreSQL address" if is_shared else str(file)
    with faults_of_study(folder, RuntimeError, ImportError):
        if address is None and not file.exists():
            _make_file(file, plan)
        address = f"postgresql+psycopg://{address.partition('://')[2]}" if address else address_of(file)
        with alone(create_engine(address, poolclass=NullPool)):
            storage = _storage(address)
            study = _load(storage, plan, name=folder.name if is_shared else _NAME)
    opened = SweepStudy(
        study, storage=storage, plan=plan, where=where, owner=_owner(folder) if is_shared else ""
    )
    opened.hold_to("question", question)
    return opened


def address_of(file: Path) -> str:
    """Return the address of a study in a file, whatever signs its path has."""
    return URL.create("sqlite", database=str(file.absolute())).render_as_string()


def _make_file(file: Path, plan: Plan) -> None:
    """Make the file whole, or not at all."""
    new = file.with_name(".study.db.tmp")
    new.unlink(missing_ok=True)
    storage = _storage(address_of(new))
    _load(storage, plan, name=_NAME)
    storage.engine.dispose()
    new.replace(file)


def _storage(address: str) -> RDBStorage:
    if address.startswith("sqlite"):
        return RDBStorage(address, engine_kwargs={"connect_args": {"timeout": _BUSY_S}})
    return RDBStorage(address, engine_kwargs={"pool_pre_ping": True})


def _load(storage: RDBStorage, plan: Plan, *, name: str) -> optuna.Study:
    return optuna.create_study(
        storage=storage,
        study_name=name,
        directions=plan.directions,
        load_if_exists=True,
        sampler=optuna.samplers.RandomSampler(plan.seed),  # draws nothing, see `draw`
        pruner=PRUNERS[plan.pruner][0](plan.max_steps),
    )


def _owner(folder: Path) -> str:
    """Return what distinguishes the trials of this folder from those of other machines."""
    file = folder / "owner"
    if not file.exists():
        write_atomically(file, uuid4().hex.encode())
    return file.read_text()


@contextmanager
def faults_of_study(folder: Path, *others: type[Exception]) -> Iterator[None]:
    """Say what can be done where the database fails within the block, or there are ``others`` of its errors.

    Raises:
        UserError: It does.
    """
    caught: tuple[type[Exception], ...] = (SQLAlchemyError, optuna.exceptions.StorageInternalError, *others)
    try:
        yield
    except caught as error:
        cause = error.__cause__ or error
        reason = " ".join(str(cause).partition("[SQL")[0].split())
        if type(cause).__module__.startswith("psycopg") or "(psycopg" in reason:
            raise UserError(
                f"--storage: the database can't be used: {reason}; see that it runs and lets this machine in"
            ) from error
        raise UserError(_how_to_mend(folder / "study.db", reason)) from error


def _how_to_mend(file: Path, reason: str) -> str:
    if "no longer compatible" in reason:
        return f"{file} is of another version of Optuna: {reason}"
    if "psycopg" in reason and "module" in reason:
        return "a PostgreSQL address needs psycopg: pip install 'nested-lightning[postgresql]'"
    if "full" in reason:
        return f"{file} can't be written: {reason}; free space, and go on by --resume: nothing is lost"
    return (
        f"{file} fails: {reason}; put a copy of it back, or begin a new sweep:"
        " the trials that ended stand in trials.csv, and their run folders in trials"
    )


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """Keep Optuna's remarks, and that a sampler's option is new, from the terminal within the block."""
    logger = logging.getLogger("optuna")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        logger.setLevel(level)
