"""Stock transformers loads what `hies export --to transformers` writes, and gives the numbers of the goldens (`make test-clients`)."""

import os
import sys
import unittest

import onnx_runs
from onnx_runs import Exports, furthest, golden_of
from program import GOLDEN

TOLERANCE = 1e-9       # of the largest number, in float64
ROTARY_TOLERANCE = 2e-6  # where transformers computes rotary angles and RMSNorm in float32 whatever the model's dtype is
NAMES = sorted(path.name for path in GOLDEN.iterdir() if (path / "golden.json").exists() and path.name != "images")


class Transformers(Exports):
    def removed(self, name, neurons):
        layers = self.json("inspect", GOLDEN / name / "model")["layers"]
        rows = golden_of(name)["mask"]
        heads = {str(i): ",".join(str(head) for head, kept in zip(layer["heads"], row) if not kept) for i, (layer, row) in enumerate(zip(layers, rows))}
        removed = {"attention": {layer: text for layer, text in heads.items() if text}}
        return {**removed, "ffn": {"0": "1-5", "1": "0-11"}} if neurons else removed

    def check(self, name, *, form="auto", neurons=False):
        """The wanted numbers are the golden's; with neurons removed, those of the same model with every shape kept."""
        golden, model = golden_of(name), GOLDEN / name / "model"
        removed = self.removed(name, neurons)
        folder = self.folder / "exported"
        written = self.json("export", self.pruned(model, removed), "--to", "transformers", "--form", form, "-o", folder)
        folders = [folder] + ([self.pruned(model, removed, "--keep-shapes", output="zeros")] if neurons else [])
        done = onnx_runs.run_client("transformers_client.py", {"folders": [str(f) for f in folders], "inputs": golden["inputs"],
                                                                    "unused": self.json("inspect", model)["unused_tensors"]})
        rows = [done["rows"][str(f)] for f in folders]
        wanted = rows[1] if neurons else golden["masked_logits" if "masked_logits" in golden else "masked_log_probabilities"]
        error = furthest(rows[0], wanted)
        print(f"transformers {done['transformers']}: {name}, {written['form']}, {written['zeros']['heads']} heads and {written['zeros']['neurons']} neurons "
              f"of zeros: {error:.1e}")
        self.assertLess(error, ROTARY_TOLERANCE if name.startswith(("llama", "mistral", "qwen")) else TOLERANCE)


def case(name, neurons):
    def test(self):
        self.check(name, neurons=neurons)
    return test


def add_cases():
    for name in NAMES:
        # Of a model that transformers 4 pruned, transformers 5 has no numbers to compare with but the golden's.
        for neurons in (False,) if name == "bert-v4-pruned" else (False, True):
            setattr(Transformers, f"test_{name.replace('-', '_')}{'_neurons' if neurons else ''}", case(name, neurons))


if __name__ == "__main__":
    if "HIES_REFERENCE_PYTHON" not in os.environ:
        print("skipped: HIES_REFERENCE_PYTHON does not name a Python that has transformers")
        sys.exit(77)
    onnx_runs.PYTHON = os.environ["HIES_REFERENCE_PYTHON"]
    add_cases()
    unittest.main()
