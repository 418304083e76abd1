"""A training that goes wrong in one of two processes, for programs that tests start."""

from typing import Any

from nested_lightning.app.multi_feature.model import MultiFeatureClassifier
from nested_lightning.app.processes import rank_and_world_size


def fail_in_second_process() -> None:
    """Have the sixth step of multi-feature go wrong from now on, in the second of two processes."""
    step = MultiFeatureClassifier.training_step

    def failing(self: MultiFeatureClassifier, batch: Any, batch_idx: int) -> Any:
        if self.trainer.global_step == 5 and rank_and_world_size() == (1, 2):
            raise RuntimeError("the sixth step went wrong")
        return step(self, batch, batch_idx)

    MultiFeatureClassifier.training_step = failing  # type: ignore[method-assign]
