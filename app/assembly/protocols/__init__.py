"""What a container's providers give: Protocols, against which an override is checked.

A Protocol says everything that is expected of a replacement: ``__init__`` has the arguments that the provider
is called with, `instance_of` names a class to derive from, and methods and attributes are what others use of
it, ``forward`` among them. A plug-in declares Protocols of its own in the same way.
"""

from nested_lightning.app.assembly.protocols.declaring import instance_of, required_class
from nested_lightning.app.assembly.protocols.sequences import (
    LossBalance,
    SequenceAdapter,
    SequenceDecoder,
    SequenceLoss,
    SequenceTrunk,
)
from nested_lightning.app.assembly.protocols.submodules import (
    Augmentation,
    Bridge,
    Combiner,
    Discriminator,
    FeatureExtractor,
    Head,
    ImageEncoder,
    LatentSampler,
    Normalization,
    Objective,
    PictureClassifier,
    PictureDecoder,
    PictureEncoder,
    TextDecoder,
    Vae,
)
from nested_lightning.app.assembly.protocols.training import (
    DataModule,
    Evaluator,
    Model,
    Optimizer,
    Schedule,
)

__all__ = [
    "Augmentation",
    "Bridge",
    "Combiner",
    "DataModule",
    "Discriminator",
    "Evaluator",
    "FeatureExtractor",
    "Head",
    "ImageEncoder",
    "LatentSampler",
    "LossBalance",
    "Model",
    "Normalization",
    "Objective",
    "Optimizer",
    "PictureClassifier",
    "PictureDecoder",
    "PictureEncoder",
    "Schedule",
    "SequenceAdapter",
    "SequenceDecoder",
    "SequenceLoss",
    "SequenceTrunk",
    "TextDecoder",
    "Vae",
    "instance_of",
    "required_class",
]
