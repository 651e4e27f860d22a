"""Runs exported models in ONNX Runtime, as the goldens' inputs ask for."""

import json
import os
import subprocess
import sys

from program import GOLDEN, SOURCE, ProgramTest

PYTHON = os.environ.get("HIES_CLIENT_PYTHON", SOURCE / ".venv/bin/python")


def skip_without_clients():
    """Ends the test with the exit code of a skipped one where ONNX Runtime is not installed."""
    probe = subprocess.run([PYTHON, "-c", "import onnx, onnxruntime, tokenizers, PIL"], capture_output=True, text=True)
    if probe.returncode != 0:
        print("skipped: ONNX Runtime is not installed; tools/setup.sh --clients installs it")
        sys.exit(77)


def run_client(script, request):
    done = subprocess.run([PYTHON, SOURCE / "tests/e2e/clients" / script], input=json.dumps(request), capture_output=True, text=True,
                          timeout=600)
    if done.returncode != 0:
        raise AssertionError(done.stderr[-3000:])
    return json.loads(done.stdout)


def run_onnx(model, batches, **options):
    return run_client("onnx_client.py", {"model": str(model), "batches": batches, **options})


def golden_of(name):
    return json.loads((GOLDEN / name / "golden.json").read_text())


def padded(rows, padding, left=False):
    longest = max(map(len, rows))
    return [[padding] * (longest - len(row)) + row if left else row + [padding] * (longest - len(row)) for row in rows]


def batch_of(examples, types, left=False):
    """Returns a batch of a golden's inputs, padded to the longest; its images as numbers from -1 to 1."""
    if "pixels" in examples[0]:
        channels, height, width = examples[0]["shape"]
        numbers = [[value / 127.5 - 1 for value in example["pixels"]] for example in examples]
        planes = [[[row[(c * height + y) * width:(c * height + y + 1) * width] for y in range(height)] for c in range(channels)] for row in numbers]
        return {"pixel_values": {"dtype": "float32", "values": planes}}
    columns = {"input_ids": padded([example["ids"] for example in examples], 1, left),
               "attention_mask": padded([[1] * len(example["ids"]) for example in examples], 0, left)}
    if types:
        columns["token_type_ids"] = padded([example["type_ids"] for example in examples], 0, left)
    return {name: {"dtype": "int64", "values": values} for name, values in columns.items()}


def furthest(got, wanted):
    """Returns the largest difference as a share of the largest number that is wanted."""
    flat = lambda rows: [value for row in rows for value in row]
    assert len(flat(got)) == len(flat(wanted)), (len(flat(got)), len(flat(wanted)))
    return max(abs(a - b) for a, b in zip(flat(got), flat(wanted))) / max(map(abs, flat(wanted)))


class Exports(ProgramTest):
    def export(self, model, *more, output="exported"):
        self.done("export", model, "--to", "onnx", "-o", output, "--quiet", *more)
        return self.folder / output

    def pruned(self, model, removed, *more, output="smaller"):
        plan = {"schema": "hies.plan/2", "model": {"hash": self.json("inspect", model)["hash"]}, "units": "head", "removed": removed}
        self.write("plan.json", json.dumps(plan))
        self.done("prune", model, "--plan", "plan.json", "-o", output, "--quiet", *more)
        return self.folder / output
