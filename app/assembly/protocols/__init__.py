"""What a container's providers give: Protocols, against which an override is checked.

A Protocol says everything that is expected of a replacement: ``__init__`` has the arguments that the provider
is called with, `instance_of` names a class to derive from, and methods and attributes are what others use of
it, ``forward`` among them. A plug-in declares Protocols of its own in the same way.
"""

from nested_lightning.app.assembly.protocols.declaring import instance_of as instance_of
from nested_lightning.app.assembly.protocols.sequences import LossBalance as LossBalance
from nested_lightning.app.assembly.protocols.sequences import SequenceAdapter as SequenceAdapter
from nested_lightning.app.assembly.protocols.sequences import SequenceDecoder as SequenceDecoder
from nested_lightning.app.assembly.protocols.sequences import SequenceLoss as SequenceLoss
from nested_lightning.app.assembly.protocols.sequences import SequenceTrunk as SequenceTrunk
from nested_lightning.app.assembly.protocols.submodules import Augmentation as Augmentation
from nested_lightning.app.assembly.protocols.submodules import Bridge as Bridge
from nested_lightning.app.assembly.protocols.submodules import Combiner as Combiner
from nested_lightning.app.assembly.protocols.submodules import Discriminator as Discriminator
from nested_lightning.app.assembly.protocols.submodules import FeatureExtractor as FeatureExtractor
from nested_lightning.app.assembly.protocols.submodules import Head as Head
from nested_lightning.app.assembly.protocols.submodules import ImageEncoder as ImageEncoder
from nested_lightning.app.assembly.protocols.submodules import LatentSampler as LatentSampler
from nested_lightning.app.assembly.protocols.submodules import Normalization as Normalization
from nested_lightning.app.assembly.protocols.submodules import Objective as Objective
from nested_lightning.app.assembly.protocols.submodules import PictureClassifier as PictureClassifier
from nested_lightning.app.assembly.protocols.submodules import PictureDecoder as PictureDecoder
from nested_lightning.app.assembly.protocols.submodules import PictureEncoder as PictureEncoder
from nested_lightning.app.assembly.protocols.submodules import TextDecoder as TextDecoder
from nested_lightning.app.assembly.protocols.submodules import Vae as Vae
from nested_lightning.app.assembly.protocols.training import DataModule as DataModule
from nested_lightning.app.assembly.protocols.training import Evaluator as Evaluator
from nested_lightning.app.assembly.protocols.training import Model as Model
from nested_lightning.app.assembly.protocols.training import Optimizer as Optimizer
from nested_lightning.app.assembly.protocols.training import Schedule as Schedule
