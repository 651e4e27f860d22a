"""Exports of trained checkpoints: ONNX Runtime with the directory's own tokenizer or image processor gives the numbers of `hies eval`."""

import os
import pathlib
import sys
import unittest

from onnx_runs import Exports, furthest, run_client, skip_without_clients

SHARED = pathlib.Path(os.environ["HIES_SHARED_DIR"])
TOLERANCE = 2e-5  # of the largest logit


class RealExports(Exports):
    def predictions(self, model, task, data, count):
        self.done("eval", model, "--task", task, "--data", data, "--order", "file", "--examples", count, "--latency-seconds", 0, "--predictions", "rows.tsv",
                  "--force", "--quiet", timeout=600)
        header, *rows = [line.split("\t") for line in (self.folder / "rows.tsv").read_text().splitlines()]
        columns = [i for i, name in enumerate(header) if name.startswith("logit")]
        return [[float(row[i]) for i in columns] for row in rows]

    def uneven(self, model):
        """Returns a checkpoint with different heads and neurons in each layer; one has no heads."""
        layers = self.json("inspect", model)["layers"]
        heads = {str(i): f"0-{len(layer['heads']) - 1}" if i == 2 else ",".join(map(str, layer["heads"][i % 3::i % 4 + 2]))
                 for i, layer in enumerate(layers)}
        neurons = {str(i): f"0-{i * layer['neurons'] // (len(layers) + 2)}" for i, layer in enumerate(layers)}
        return self.pruned(model, {"attention": heads, "ffn": neurons})

    def compare(self, model, task, data, count, request):
        for checkpoint, name in ((model, "whole"), (self.uneven(model), "pruned")):
            folder = self.export(checkpoint, output=name + "-onnx")
            got = run_client("encoder_client.py", {"folder": str(folder), **request})["logits"]
            error = furthest(got, self.predictions(checkpoint, task, data, count))
            print(f"{model.name} {name}: {len(got)} rows, largest difference {error:.2e} of the largest logit")
            self.assertLess(error, TOLERANCE)

    def test_sst2(self):
        data, count = SHARED / "data/glue/SST-2/dev.tsv", 200
        texts = [[line.split("\t")[0], None] for line in data.read_text().splitlines()[1:count + 1]]
        self.compare(SHARED / "models/minilm-sst2", "sst2", data, count, {"texts": texts})

    def test_cifar10(self):
        data, count = SHARED / "data/images/cifar10-test.tar.gz", 64
        self.compare(SHARED / "models/vit-cifar10", "image-classification", data, count, {"images": str(data), "count": count})


if __name__ == "__main__":
    if not (SHARED / "models").is_dir():
        print("skipped: ../shared is not there")
        sys.exit(77)
    skip_without_clients()
    unittest.main()
