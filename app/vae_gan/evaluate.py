"""Evaluation of a `VaeGan`."""

import torch
from torch import Tensor

from nested_lightning.app.answers import Evaluator
from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.data.splits import PartName
from nested_lightning.app.errors import UserError
from nested_lightning.app.evaluation_report import EvaluationReport
from nested_lightning.app.tensors import require_finite
from nested_lightning.app.vae_gan.batch import PictureBatch
from nested_lightning.app.vae_gan.data import VaeGanDataModule
from nested_lightning.app.vae_gan.predict import VaeGanPredictor
from nested_lightning.app.vae_gan.sample_quality import (
    SAMPLES_PER_DOMAIN,
    frechet_distance,
    mean_pixel_distance,
    sample_quality,
)

JUDGE_PENALTY = 10.0
JUDGE_WIDTH = 0.26 * 64
"""Gamma of the judge times the values of a picture: 0.26 for the 64 pixels of a digit."""

MAX_JUDGE_SAMPLES = 5000


class VaeGanEvaluator(Evaluator[VaeGanPredictor, VaeGanDataModule]):
    """Compares new pictures and reconstructions with the real ones."""

    @checked_arguments
    @torch.no_grad()
    def __call__(self, part: PartName = "test") -> EvaluationReport:
        """Score one part of the data: see `sample_quality`, and each VAE on its own.

        ``judge_accuracy`` is how often a support vector machine, which has seen the training pictures alone,
        says the domain that was asked for; it is left out where there are no training pictures.

        Raises:
            UserError: The part is empty.
        """
        model = self.predictor.model
        real = self.datamodule.part(part).to(model.device)
        if len(real) == 0:
            raise UserError(f"the {part} part is empty; see vae_gan.data.split")
        require_finite(model(real.pictures[:1], real.domain[:1]))
        scores = sample_quality(model.sample, model.classifier, real.pictures, real.domain)
        asked = real.domain.unique().repeat_interleave(SAMPLES_PER_DOMAIN)
        made = require_finite(model.sample(asked, torch.Generator().manual_seed(1)))
        samples = PictureBatch(pictures=made, domain=asked)
        said = self._judge(samples)
        if said is not None:
            scores["judge_accuracy"] = float((said == asked.cpu()).float().mean())
        scores["reconstruction"] = float(self._errors(real).mean())
        return EvaluationReport(
            num_samples=len(real),
            scores=scores,
            breakdown=self._by_vae(real, samples, said),
            breakdown_by="vae",
        )

    def _by_vae(
        self, real: PictureBatch, samples: PictureBatch, said: Tensor | None
    ) -> dict[str, dict[str, float]]:
        model = self.predictor.model
        rows = {}
        for share in model.routing(real.domain):
            own = real[share.rows]
            mine = torch.isin(samples.domain, share.domain)
            made = samples[mine]
            features = [model.classifier.features(x.pictures) for x in (own, made)]
            rows[share.vae] = {
                "frechet_distance": frechet_distance(*features),
                "diversity": mean_pixel_distance(made.pictures, made.domain)
                / mean_pixel_distance(own.pictures, own.domain),
                "reconstruction": float(self._errors(own).mean()),
                "kl": float(model.vae(share.vae)(own.pictures, share.member).kl_divergence),
            }
            if said is not None:
                right = said[mine.cpu()] == made.domain.cpu()
                rows[share.vae]["judge_accuracy"] = float(right.float().mean())
            rows[share.vae]["samples"] = float(len(own))
        return rows

    def _errors(self, real: PictureBatch) -> Tensor:
        rebuilt = self.predictor.model(real.pictures, real.domain)
        return (rebuilt - real.pictures).square().flatten(1).sum(dim=1)

    def _judge(self, samples: PictureBatch) -> Tensor | None:
        """Return what a support vector machine takes each sample for, or None without training pictures."""
        train = self.datamodule.part("train")[:MAX_JUDGE_SAMPLES]
        if len(train.domain.unique()) < 2:
            return None
        from sklearn.svm import SVC  # takes half a second to import

        values = train.pictures.flatten(1)
        judge = SVC(C=JUDGE_PENALTY, gamma=JUDGE_WIDTH / values.shape[1])
        judge.fit(values.numpy(), train.domain.numpy())
        return torch.from_numpy(judge.predict(samples.pictures.flatten(1).cpu().numpy()))
