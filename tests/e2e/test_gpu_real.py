"""Compares scores of real checkpoints on a GPU with those on the CPU; needs ../shared and a GPU."""

import json
import os
import pathlib
import sys
import unittest

from program import ProgramTest, heads_of
from score_tables import flat, furthest

SHARED = pathlib.Path(os.environ["HIES_SHARED_DIR"])
WORKS = {
    "minilm-sst2": ("sst2", "data/glue/SST-2/train.tsv", ("--examples", 64)),
    "llama-gqa-books": ("perplexity", "data/text/books-heldout.txt", ("--examples", 16, "--context", 256)),
    "vit-cifar10": ("image-classification", "data/images/cifar10-test.tar.gz", ("--examples", 64)),
}


def ranks(values):
    order = sorted(range(len(values)), key=values.__getitem__)
    places = [0] * len(values)
    for place, i in enumerate(order):
        places[i] = place
    return places


def spearman(a, b):
    a, b = ranks(flat(a)), ranks(flat(b))
    n = len(a)
    return 1 - 6 * sum((x - y) ** 2 for x, y in zip(a, b)) / (n * (n * n - 1))


class RealOnGpu(ProgramTest):
    def scores(self, name, device, dtype):
        task, data, more = WORKS[name]
        output = self.folder / f"{device}-{dtype}.json"
        self.done("score", SHARED / "models" / name, "--task", task, "--calib", SHARED / data, "--device", device, "--dtype", dtype,
                  "-o", output, "--quiet", *more, environment={"OMP_NUM_THREADS": str(os.cpu_count())})
        return output, {name: table["attention"] for name, table in json.loads(output.read_text())["scores"].items()}

    def pruned(self, scores):
        plan = scores.with_suffix(".plan")
        self.done("plan", scores, "--ratio", 0.3, "-o", plan)
        return {(layer, head) for layer, heads in heads_of(json.loads(plan.read_text())["removed"]).items() for head in heads}

    def compare(self, name):
        if not (SHARED / "models" / name).exists():
            self.skipTest(f"{name} is not there")
        host_file, host = self.scores(name, "cpu", "float32")
        _, gpu = self.scores(name, "cuda", "float32")
        for table in ("his", "ae", "l2-out"):
            self.assertLessEqual(furthest(gpu[table], host[table]), 1e-4, table)
        half_file, half = self.scores(name, "cuda", "bfloat16")
        whole, fewer = self.pruned(host_file), self.pruned(half_file)
        correlation = {table: spearman(half[table], host[table]) for table in ("his", "ae")}
        print(f"{name}: float32 differs by {[furthest(gpu[t], host[t]) for t in ('his', 'ae', 'l2-out')]}, bfloat16: Spearman "
              f"{correlation}, {len(whole & fewer)} of {len(whole)} pruned heads the same", file=sys.stderr)
        for table, value in correlation.items():
            self.assertGreaterEqual(value, 0.995, table)

    def test_minilm(self):
        self.compare("minilm-sst2")

    def test_llama(self):
        self.compare("llama-gqa-books")

    def test_vit(self):
        self.compare("vit-cifar10")


if __name__ == "__main__":
    if not SHARED.exists():
        sys.exit(77)
    unittest.main()
