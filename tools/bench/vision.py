"""Works on pictures: like those of works.py, all sequences of one length."""

import json
from pathlib import Path

from processes import Failed
from table import HEADS_ONLY
from works import LOGIT_TOLERANCE, SCORE_TOLERANCE, SORTED, agreement, must_agree


class VisionSizes:
    """FLOPs of the products that nothing can avoid (limit.py): as of texts, with the patches for an embedding and no pooler."""

    def __init__(self, model):
        config = json.loads((Path(model) / "config.json").read_text())
        hidden, patch = config["hidden_size"], config["patch_size"]
        self.layers, self.square = config["num_hidden_layers"], 2 * hidden**2
        self.feed_forward = 4 * hidden * config["intermediate_size"]
        self.full = 4 * self.square + self.feed_forward
        self.patch = 2 * hidden * config["num_channels"] * patch**2
        self.tokens = 1 + (config["image_size"] // patch) ** 2

    def evaluation(self, pictures):
        return pictures * ((self.tokens - 1) * self.patch + self.tokens * ((self.layers - 1) * self.full + 2 * self.square)
                           + 2 * self.square + self.feed_forward)

    def scoring(self, pictures):
        back = self.tokens * ((self.layers - 2) * self.full + self.square + self.feed_forward + 2 * self.square) + 2 * self.square + self.feed_forward
        return self.evaluation(pictures) + pictures * (self.tokens * self.square + back)


class PictureEvaluation:
    """Hugging Face: SDPA, batches of 64, the fast processor in a data loader with 2 workers."""

    modes = (SORTED,)

    def __init__(self, work, dtype="float32"):
        self.work, self.dtype = work, dtype
        self.name = f"evaluate {work.model.name} test" + ("" if dtype == "float32" else f", {dtype}")
        self.notes, self.float32 = {}, {}

    def hies(self, hies, _):
        start, _, _ = hies.evaluate(self.work, self.dtype, examples=1)
        run, tokens, logits = hies.evaluate(self.work, self.dtype)
        self.notes.update(tokens=tokens, sequences=len(logits), flops=VisionSizes(self.work.model).evaluation(len(logits)))
        return {"hies": run.seconds, "start-up": start.seconds}, logits

    def of_reference(self, mode, reference, dtype):
        return reference("evaluate_pictures", model=self.work.model, data=self.work.data, batch=mode[1], dtype=dtype)

    def mode(self, mode, reference):
        result = self.of_reference(mode, reference, self.dtype)
        return {mode[0]: result["seconds"]}, result

    def compare(self, hies, reference, found, expected):
        if self.dtype == "float32":
            # The fast processor does not resize as Pillow does; these pictures have the model's size already.
            self.notes["error"] = max(must_agree(f"{self.name}, {name}", found, result["logits"], LOGIT_TOLERANCE) for name, result in expected.items())
            self.notes["preprocess_seconds"] = expected[SORTED[0]]["preprocess_seconds"]
            return
        if not self.float32:
            self.float32["hies"] = hies.evaluate(self.work)[2]
            for mode in self.modes:
                self.float32[mode[0]] = self.of_reference(mode, reference, "float32")["logits"]
        others = {name: result["logits"] for name, result in expected.items()}
        self.notes["agreement"] = {name: agreement(logits, self.float32[name]) for name, logits in {"hies": found, **others}.items()}
        self.notes["error"] = must_agree(self.name, found, self.float32["hies"], 0.1)


class PictureScoring:
    """HIS and AE of the first training pictures, beside the published recipe: one after the other, loss.backward()."""

    modes = (("batch 1", True), (HEADS_ONLY, False))

    def __init__(self, work, examples=256):
        self.work, self.examples = work, examples
        self.name, self.dtype = f"HIS + AE, {work.model.name}, {examples} training pictures", "float32"
        self.notes = {}

    def hies(self, hies, _):
        start, _ = hies.score(self.work, 1)
        run, scores = hies.score(self.work, self.examples)
        self.notes.update(tokens=scores["calibration"]["tokens"], sequences=self.examples,
                          flops=VisionSizes(self.work.model).scoring(self.examples))
        return {"hies": run.seconds, "start-up": start.seconds}, scores["scores"]

    def mode(self, mode, reference):
        result = reference("score_pictures", model=self.work.model, data=self.work.calib, examples=self.examples, weight_gradients=mode[1])
        return {mode[0]: result["seconds"]}, result

    def compare(self, hies, reference, found, expected):
        for name, result in expected.items():
            if len(result["his"]) != len(found["his"]):
                raise Failed(f"{self.name}: another number of layers")
            self.notes["error"] = max(must_agree(f"{self.name}, {name}, {table}", found[table], result[table], SCORE_TOLERANCE) for table in ("his", "ae"))
