"""Benchmarks of language models: windows of one text."""

from dataclasses import dataclass
from pathlib import Path

from limit import DecoderSizes
from processes import Failed
from table import HEADS_ONLY
from works import Scoring

PERPLEXITY_TOLERANCE = 1e-5  # float32, relative


@dataclass
class Text:
    """A text that is both evaluation and calibration data."""

    model: Path
    data: Path
    context: int = 256
    task = "perplexity"

    @property
    def calib(self):
        return self.data

    def files(self):
        return [self.model, self.data]

    def length(self):
        return ["--context", self.context]

    def of_reference(self, examples):
        return {"model": self.model, "data": self.data, "context": self.context, "examples": examples}


class Perplexity:
    modes = (("batch 8", 8),)

    def __init__(self, text, windows=200):
        self.text, self.windows = text, windows
        self.name, self.dtype, self.notes = f"perplexity of {text.model.name}, {windows} windows of {text.context}", "float32", {}

    def run(self, hies, windows):
        return hies.run("eval", self.text.model, "--task", self.text.task, "--data", self.text.data, *self.text.length(), "--examples", windows,
                        "--order", "file", "--latency-seconds", 0)

    def hies(self, hies, _):
        start, run = self.run(hies, 1), self.run(hies, self.windows)
        tokens = self.windows * self.text.context
        self.notes.update(tokens=tokens, sequences=self.windows, flops=DecoderSizes(self.text.model).evaluation(tokens, self.windows))
        return {"hies": run.seconds, "start-up": start.seconds}, run.json()["metrics"]["perplexity"]

    def mode(self, mode, reference):
        result = reference("perplexity", batch=mode[1], **self.text.of_reference(self.windows))
        return {mode[0]: result["seconds"]}, result["perplexity"]

    def compare(self, hies, reference, found, expected):
        self.notes["error"] = max(abs(found - value) / value for value in expected.values())
        if not self.notes["error"] <= PERPLEXITY_TOLERANCE:
            raise Failed(f"{self.name}: hies finds {found}, the reference {expected}")


class WindowScoring(Scoring):
    """HIS and AE, exact for each window; the reference is the published recipe: one window after the other, loss.backward()."""

    modes, sizes = (("batch 1", True), (HEADS_ONLY, False)), DecoderSizes

    def __init__(self, text, windows=64):
        self.unit = f"windows of {text.context}"
        super().__init__(text, windows)

    def mode(self, mode, reference):
        result = reference("score_windows", weight_gradients=mode[1], **self.work.of_reference(self.examples))
        return {mode[0]: result["seconds"]}, result
