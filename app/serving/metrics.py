"""What is counted of requests and batches, for Prometheus."""

from collections.abc import Mapping
from functools import lru_cache, partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response

from nested_lightning.app.serving.service import Service
from nested_lightning.app.serving.worker import Watch

_BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Metrics(Watch):
    """Counts in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        counter = partial(Counter, registry=self.registry)
        histogram = partial(Histogram, registry=self.registry)
        by_model = ("model",)
        self._requests = counter("nested_lightning_requests", "Requests.", ("model", "status"))
        self._errors = counter("nested_lightning_errors", "Requests of status 400 and above.", by_model)
        self._seconds = histogram("nested_lightning_request_seconds", "Time to answer.", by_model)
        # Finding a child takes longer than counting.
        self._requests_of = lru_cache(self._requests.labels)
        self._seconds_of = lru_cache(self._seconds.labels)
        self._batches = histogram(
            "nested_lightning_batch_rows", "Rows computed at once.", by_model, buckets=_BATCH_SIZES
        )
        self._reloads = counter("nested_lightning_reloads", "Reloads.", ("model", "result"))
        self._queued = Gauge(
            "nested_lightning_queued_rows", "Rows that wait.", by_model, registry=self.registry
        )

    def saw_request(self, name: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests_of(name, str(status)).inc()
        self._seconds_of(name).observe(seconds)
        if status >= 400:
            self._errors.labels(name).inc()

    def saw_batch(self, name: str, num_rows: int) -> None:
        """Count a batch."""
        self._batches.labels(name).observe(num_rows)

    def saw_reload(self, name: str, *, is_good: bool) -> None:
        """Count a reload."""
        self._reloads.labels(name, "loaded" if is_good else "failed").inc()

    def watch_queues(self, services: Mapping[str, Service]) -> None:
        """Show how many rows wait."""
        for name, service in services.items():
            self._queued.labels(name).set_function(partial(getattr, service, "queued_rows"))

    def response(self) -> Response:
        """Return what Prometheus reads."""
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)
