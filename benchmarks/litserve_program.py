"""LitServe in front of the same predictor: what `benchmarks.serving` compares with."""

from typing import Annotated, Any

import litserve
import typer
from fastapi import Request

from nested_lightning import from_checkpoint


class RowAPI(litserve.LitAPI):  # type: ignore[misc] # of an extra
    """Answers ``{"rows": [ROW]}``, one row a request, which LitServe gathers into batches.

    Args:
        checkpoint: The model.
        options: Of LitServe's batching.
    """

    def __init__(self, checkpoint: str, **options: Any) -> None:
        super().__init__(api_path="/predict", **options)
        self._checkpoint = checkpoint

    def setup(self, device: str) -> None:
        """Load the model."""
        self._predictor = from_checkpoint(self._checkpoint).multi_feature.predictor()

    def decode_request(self, request: Request) -> Any:
        """Return the row of a request."""
        (row,) = request["rows"]
        return row

    def predict(self, rows: Any) -> Any:
        """Return an answer for each row, or for the one where nothing is gathered."""
        answers = self._predictor.predict(rows)
        found = [
            {"prediction": name, "probabilities": dict(zip(answers.class_names, row, strict=True))}
            for name, row in zip(answers.classes, answers.probabilities.tolist(), strict=True)
        ]
        return found if isinstance(rows, list) else found[0]

    def encode_response(self, answer: Any) -> Any:
        """Return what becomes JSON."""
        return {"answers": [answer]}


def main(
    checkpoint: str,
    port: int,
    max_batch_size: int = 1,
    batch_timeout: Annotated[float, typer.Option(help="Seconds.")] = 0.0,
    fast_queue: bool = False,
) -> None:
    """Serve a checkpoint."""
    batching = (
        {"max_batch_size": max_batch_size, "batch_timeout": batch_timeout} if max_batch_size > 1 else {}
    )
    server = litserve.LitServer(RowAPI(checkpoint, **batching), accelerator="cpu", fast_queue=fast_queue)
    server.run(host="127.0.0.1", port=port, generate_client_file=False, log_level="warning")


if __name__ == "__main__":
    typer.run(main)
