"""How checkpoints are served: where, and what a request may hold."""

from pathlib import Path

from pydantic import Field

from nested_lightning.settings.base import Settings


class LimitSettings(Settings):
    """What a request may hold; more of it is refused."""

    max_body_size: int = Field(16 << 20, ge=1, description="Bytes of a request's body.")
    max_rows: int = Field(100_000, ge=1, description="Rows, sequences or samples of a request.")
    max_pictures: int = Field(256, ge=1, description="Pictures of a request, given or made.")
    max_pixels: int = Field(25_000_000, ge=1, description="Pixels of a picture.")
    max_batch_size: int = Field(64, ge=1, description="Rows that a model computes at once.")
    max_queued_rows: int = Field(
        200_000, ge=1, description="Rows that may wait for a model; else status 503."
    )
    queue_timeout_s: float = Field(
        30.0, gt=0, description="Seconds that a request may wait for a model; else status 504."
    )


class ServingSettings(LimitSettings):
    """Where and how models are served."""

    host: str = Field("127.0.0.1", description="Address to listen on; others than loopback need a token.")
    port: int = Field(8000, ge=0, le=65_535, description="Port to listen on; 0: a free one.")
    token_file: Path | None = Field(None, description="File with the tokens that are let in, one a line.")
    no_token: bool = Field(False, description="Let everybody in, also on other addresses than loopback.")
    allowed_host: list[str] = Field(
        [], description="Name in the header Host, besides the address and loopback; * for any; repeatable."
    )
    reload: bool = Field(False, description="Load a checkpoint again when its file changes.")
    reload_interval_s: float = Field(
        1.0, gt=0, description="Seconds between two looks at a file, with --reload."
    )
    stop_timeout_s: float = Field(
        30.0, gt=0, description="Seconds after SIGTERM in which what was taken is answered."
    )
