"""The family: `python main.py train --model benchmarks/ways/family/digits.py:digits`."""

from torch import nn

import nested_lightning as nl
from benchmarks.ways.parts import Classifier, Concatenation, DigitsData, Head, LinearEncoder, MlpEncoder

SAVING = {"max_epochs": 20, "accelerator": "cpu", "checkpoint_every_n_steps": 5}


@nl.family("digits", defaults={"trainer": SAVING})
def digits(
    data: DigitsData,
    model: nl.Part[Classifier],
    encoders: nl.Parts[nn.Module] = nl.parts(mlp=MlpEncoder, linear=LinearEncoder, each="encoder"),
    combiner: nl.Part[nn.Module] = nl.part(Concatenation),
    head: nl.Part[nn.Module] = nl.part(Head),
) -> Classifier:
    """Tell digits by groups of features."""
    ready = {group: encoders[group](in_features=width) for group, width in data.widths.items()}
    combined = combiner([encoder.out_features for encoder in ready.values()])
    return model(
        encoders=ready, combiner=combined, head=head(combined.out_features, num_classes=data.num_classes)
    )
