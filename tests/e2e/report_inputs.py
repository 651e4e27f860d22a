"""Sweeps for tests of `hies report`: a small real one, and others derived from it."""

import json
import shutil

from program import EXAMPLES

DEMO = EXAMPLES / "demo-sst2"
CALIB = EXAMPLES / "reviews-calibration.tsv"
DEV = EXAMPLES / "reviews-evaluation.tsv"


def sweep(test, output="study"):
    """Runs a sweep of two runs of the example model, with calibration sizes and a chosen alpha. Returns its folder."""
    test.write("dev.tsv", "".join(DEV.read_text().splitlines(keepends=True)[:31]))
    test.done("sweep", "--run", f"{DEMO}:sst2:{CALIB}:dev.tsv", "--run", f"{DEMO}:classification:{CALIB}:dev.tsv", "--text", "sentence", "--label", "label",
              "--methods", "random,ad,his,hies,l2", "--alphas", "0,0.5,0.7,1", "--alpha", "auto", "--ratios", "0.1,0.25,0.5", "--seeds", 2, "--random-masks", 4,
              "--examples", 8, "--heldout", 16, "--calibration-sizes", "2,4,16", "--latency", "--latency-seconds", 0.02, "-o", output, "--quiet", timeout=600)
    return test.folder / output


def sites_sweep(test, output="sites"):
    """Runs a sweep over heads, neurons and both, by FLOPs, with and without a refit. Returns its folder."""
    test.write("sites-dev.tsv", "".join(DEV.read_text().splitlines(keepends=True)[:31]))
    test.done("sweep", DEMO, "--task", "sst2", "--calib", CALIB, "--data", "sites-dev.tsv", "--methods", "fisher", "--losses", "logit-norm",
              "--sites", "attention/ffn/attention,ffn", "--matrix-flops-ratios", "0.1,0.25", "--refit", "none,all", "--seeds", 2, "--examples", 8,
              "--refit-examples", 24, "--refit-heldout", 8, "-o", output, "--quiet", timeout=600)
    return test.folder / output


def records(folder):
    return [json.loads(line) for line in (folder / "records.jsonl").read_text().splitlines()]


def write_records(folder, lines):
    (folder / "records.jsonl").write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def many(folder, copy, count):
    """Writes the same sweep with so many seeds that it has at least `count` records. Returns its folder."""
    shutil.copytree(folder, copy)
    lines = records(folder)
    seeds = 0
    with open(copy / "records.jsonl", "w") as file:
        written = 0
        while written < count:
            for line in lines:
                if seeds and line["seed"] is None:
                    continue
                if seeds:
                    line = dict(line, seed=line["seed"] + 100 * seeds, latency_ms=None)
                file.write(json.dumps(line) + "\n")
                written += 1
            seeds += 1
    return copy
