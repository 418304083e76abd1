"""What the predictors of all families have alike that answer by exported models."""

from typing import Any, ClassVar

from nested_lightning.app.exported.runtime import ExportedModel


class ExportedPredictor:
    """Answers by an exported model.

    Its method ``answer`` takes files and the options of ``predict``, and gives `Answers`.

    Attributes:
        spec_type: Class of the family's data spec.
        desk_type: Class of what answers requests over HTTP.

    Raises:
        UserError: The data spec is damaged.
    """

    spec_type: ClassVar[Any]
    desk_type: ClassVar[Any]

    def __init__(self, *, model: ExportedModel, batch_size: int = 256) -> None:
        self.data_spec: Any = model.data_spec(self.spec_type)
        self.model, self.batch_size = model, batch_size

    def desk(self, options: Any) -> Any:
        """Return what answers over HTTP; the options are what ``predict`` takes."""
        del options
        return self.desk_type(predictor=self)
