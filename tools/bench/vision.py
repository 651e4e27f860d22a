"""Benchmarks of images: like those of works.py, with all sequences of one length."""

from limit import VisionSizes
from table import HEADS_ONLY
from works import SORTED, Evaluation, Scoring


class ImageEvaluation(Evaluation):
    """Hugging Face: SDPA, batches of 64, the fast processor in a data loader with 2 workers. It does not resize as Pillow does; these
    images have the model's size already."""

    modes, sizes, part = (SORTED,), VisionSizes, "test"

    def of_reference(self, mode, reference, dtype):
        return reference("evaluate_images", model=self.work.model, data=self.work.data, batch=mode[1], dtype=dtype)

    def check(self, result):
        self.notes["preprocess_seconds"] = result["preprocess_seconds"]


class ImageScoring(Scoring):
    """HIS and AE of the first training images; the reference is the published recipe: one image after the other, loss.backward()."""

    modes, sizes, unit = (("batch 1", True), (HEADS_ONLY, False)), VisionSizes, "training images"

    def mode(self, mode, reference):
        result = reference("score_images", model=self.work.model, data=self.work.calib, examples=self.examples, weight_gradients=mode[1])
        return {mode[0]: result["seconds"]}, result
