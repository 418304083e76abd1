"""The program of `serve`: it loads and tries checkpoints, then answers until a signal ends it."""

import logging
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from nested_lightning.app.errors import UserError
from nested_lightning.app.serving.application import make_application
from nested_lightning.app.serving.guard import LOOPBACK, Guard, HostGuard, TokenGuard, is_loopback
from nested_lightning.app.serving.metrics import Metrics
from nested_lightning.app.serving.not_ready import answering_not_ready
from nested_lightning.app.serving.program import listen_at, make_server, run_until_stopped
from nested_lightning.app.serving.reloading import Reloader, Reloading
from nested_lightning.app.serving.service import Model, Service
from nested_lightning.app.training.reporting.log_file import PROJECT_LOGGER
from nested_lightning.containers.serving.services import ServedFile, family_of_path, service_of
from nested_lightning.settings.serving import ServingSettings

_logger = logging.getLogger(PROJECT_LOGGER)


class Program:
    """Serves checkpoints.

    Args:
        settings: Where and how.
        files: Checkpoints by name; an empty name stands for that of the family.
        overrides: See `from_checkpoint`.
        device: See `from_checkpoint`.

    Raises:
        UserError: A checkpoint can't be opened, its model can't answer, or the address isn't available.
    """

    def __init__(
        self,
        settings: ServingSettings,
        files: Mapping[str, Path],
        *,
        overrides: Mapping[str, Any],
        device: str | None,
    ) -> None:
        self._settings = settings
        self._guards = guards_of(settings)
        self._socket = listen_at(settings.host, settings.port)
        self._metrics = _Deaths(self._end)
        self._server: Any = None
        self._has_failed = False
        self._reloadings: list[Reloading] = []
        self.services: dict[str, Service] = {}
        served = [
            (name, ServedFile(path=path, overrides=overrides, device=device)) for name, path in files.items()
        ]
        with answering_not_ready(self._socket):
            self._load(served, overrides)

    def __call__(self, *, say: Callable[[str], Any]) -> int:
        """Serve until the end, and return the exit status; ``say`` gets the address once it answers."""
        app = make_application(self.services, metrics=self._metrics, guards=self._guards)
        where = f"http://{self._settings.host}:{self._socket.getsockname()[1]}"
        ready = f"serving {', '.join(self.services)} at {where}"
        self._server = make_server(
            app, stop_timeout_s=self._settings.stop_timeout_s, when_ready=lambda: say(ready)
        )
        with Reloader(self._reloadings, interval_s=self._settings.reload_interval_s):
            run_until_stopped(self._server, self._socket)
        return int(self._has_failed)

    def _load(self, served: Sequence[tuple[str, ServedFile]], overrides: Collection[str]) -> None:
        models = [file.load() for _, file in served]
        families = {model.family for model in models}
        for place in overrides:
            if family_of_path(place) not in families:
                raise UserError(f"--override {place}: none of the checkpoints is of that family")
        compute_with(models)
        for (name, file), model in zip(served, models, strict=True):
            self._add(name, file, model)

    def _add(self, name: str, file: ServedFile, model: Model) -> None:
        known = name or model.family
        if known in self.services:
            raise UserError(f"two checkpoints are called {known}; write NAME=CHECKPOINT")
        service = service_of(known, model, self._settings, self._metrics)
        self.services[known] = service
        if self._settings.reload:
            self._reloadings.append(Reloading(service=service, find=file.find, load=file.load))

    def _end(self, name: str, error: BaseException) -> None:
        _logger.critical("the thread of %s ended with %s", name, type(error).__name__)
        self._has_failed = True
        if self._server is not None:
            self._server.should_exit = True


class _Deaths(Metrics):
    """Counts, and ends the program when a thread has died."""

    def __init__(self, end: Callable[[str, BaseException], None]) -> None:
        super().__init__()
        self._end = end

    def saw_death(self, name: str, error: BaseException) -> None:
        """End the program."""
        self._end(name, error)


def compute_with(models: Sequence[Model]) -> None:
    """Let torch take as many threads as trainings of these models do: more of them slow small models down.

    Where all are exported ones there is no torch.
    """
    if "torch" not in sys.modules:
        return
    import torch

    torch.set_num_threads(max(model.num_threads or torch.get_num_threads() for model in models))


def guards_of(settings: ServingSettings) -> list[Guard]:
    """Return who lets requests in.

    Raises:
        UserError: Everybody would be let in, and that wasn't asked for.
    """
    if settings.token_file is None and not settings.no_token and not is_loopback(settings.host):
        raise UserError(f"--host {settings.host}: others reach it; give --token-file FILE, or --no-token")
    names = {*LOOPBACK, settings.host, *settings.allowed_host}
    guards: list[Guard] = [HostGuard(names)]
    if settings.token_file is not None:
        guards.append(TokenGuard(read_tokens(settings.token_file)))
    return guards


def read_tokens(file: Path) -> list[str]:
    """Return the tokens in a file, one a line.

    Raises:
        UserError: It can't be read, or holds none.
    """
    try:
        tokens = file.read_text().split()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--token-file {file}: it can't be read ({error})") from None
    if not tokens:
        raise UserError(f"--token-file {file}: it holds no token; write one a line")
    return tokens
