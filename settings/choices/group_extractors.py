"""Choices of feature extractor for a single group, whichever its sort."""

from typing import Annotated

from nested_lightning.settings.choices import image_extractors, text_extractors
from nested_lightning.settings.choices.feature_extractors import FeatureExtractorSettings
from nested_lightning.settings.slot import Slot

SORTS = (image_extractors, text_extractors)
"""Imported, so that their choices are there."""

GROUP_EXTRACTORS = Slot(base=FeatureExtractorSettings, default="periodic")
GroupExtractor = Annotated[FeatureExtractorSettings, GROUP_EXTRACTORS]
