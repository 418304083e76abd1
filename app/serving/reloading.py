"""Checkpoints whose files change: loaded beside the old ones, and put in their places."""

import gc
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from nested_lightning.app.serving.service import Model, Service

_logger = logging.getLogger(__name__)
Stamp = tuple[int, int, int]


@dataclass(kw_only=True)
class Reloading:
    """Looks at the file of a service, and loads it again once it has changed and stays so."""

    service: Service
    find: Callable[[], Path]
    load: Callable[[], Model]
    _seen: Stamp | None = field(default=None, init=False)
    _loaded: Stamp | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._seen = self._loaded = self._stamp()

    def look(self) -> None:
        """Load the file if it has changed, but not since the last look; what goes wrong is logged."""
        stamp = self._stamp()
        is_written = stamp == self._seen
        self._seen = stamp
        if stamp is None or not is_written or stamp == self._loaded:
            return
        self._loaded = stamp
        try:
            model = self.load()
            if model.digest != self.service.current.model.digest:
                self.service.replace(model)
                _forget()
                _logger.warning("%s was loaded again: %s", self.service.name, model.digest)
                self.service.watch.saw_reload(self.service.name, is_good=True)
        except Exception as error:  # whatever it is, the old one stays
            _logger.error("%s can't be loaded again, and stays as it was: %s", self.service.name, error)
            self.service.watch.saw_reload(self.service.name, is_good=False)

    def _stamp(self) -> Stamp | None:
        try:
            found = self.find().stat()
        except (OSError, ValueError):
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


def _forget() -> None:
    """Let go of a model that was replaced, which the server keeps collections from looking at."""
    if gc.get_freeze_count():
        gc.unfreeze()
        gc.collect()
        gc.freeze()


class Reloader:
    """A thread that looks at files, again and again."""

    def __init__(self, reloadings: list[Reloading], *, interval_s: float) -> None:
        self._reloadings, self._interval_s = reloadings, interval_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reloading", daemon=True)

    def __enter__(self) -> "Reloader":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(self._interval_s):
            for each in self._reloadings:
                each.look()
