"""The benchmarks: each runs in `hies` and in the reference, in turns, and the numbers of both are compared before a time counts.

A work's `pair(hies, reference)` gives one pair of runs as {side: seconds}; it raises Failed where the sides disagree.
"""

import json
import math
import shutil
from dataclasses import dataclass
from pathlib import Path

from limit import Sizes
from processes import Failed

LOGIT_TOLERANCE = 1e-5  # float32: of the largest |logit|
SCORE_TOLERANCE = 1e-4  # float32: of the largest score
LOSS_TOLERANCE = 1e-4   # of a mean loss, relative
# The modes of the reference: name, sequences in a batch, rows sorted by length.
BATCH1, PADDED, SORTED = ("batch 1", 1, False), ("padded 32", 32, False), ("sorted 64", 64, True)


@dataclass
def heads_table(table):
    """Returns the rows of a table of scores.json, of version 1 or 2."""
    return table["attention"] if isinstance(table, dict) else table


def removed_heads(record):
    """Returns the removed heads of a record by layer, of version 1 or 2: {"0": [1, 5]}."""
    if "pruned" in record:
        return record["pruned"]
    bounds = {layer: [[int(end) for end in part.split("-")] for part in ranges.split(",")] for layer, ranges in record["removed"].get("attention", {}).items()}
    return {layer: [head for ends in parts for head in range(ends[0], ends[-1] + 1)] for layer, parts in bounds.items()}


class Work:
    """A task's model and files. Both programs truncate at `max_length`, which no row reaches; None: nothing is truncated."""

    model: Path
    task: str
    data: Path
    calib: Path
    columns: list
    max_length: int = 128

    def files(self):
        return [self.model, self.data, self.calib]

    def length(self):
        return [] if self.max_length is None else ["--max-length", self.max_length]

    def of_reference(self, **more):
        return {"model": self.model, "columns": self.columns, "max_length": self.max_length, **more}


def take_rows(path, rows, target):
    """Returns the header and the first rows of a TSV file."""
    lines = path.read_text(encoding="utf-8").split("\n")
    target.write_text("\n".join(lines[:rows + 1]) + "\n", encoding="utf-8")


def difference(found, expected):
    """Returns the largest |found − expected| as a share of the largest |expected|."""
    flat = [[value for row in table for value in row] for table in (found, expected)]
    if len(flat[0]) != len(flat[1]):
        raise Failed(f"{len(flat[0])} numbers of hies stand against {len(flat[1])} of the reference")
    return max(abs(a - b) for a, b in zip(*flat)) / max(map(abs, flat[1]))


def must_agree(what, found, expected, tolerance):
    error = difference(found, expected)
    if not error <= tolerance:
        raise Failed(f"{what}: hies and the reference differ by {error:.2g} of the largest value, more than {tolerance:g}")
    return error


def answers(logits):
    return [max(range(len(row)), key=row.__getitem__) for row in logits]


def agreement(logits, others):
    return sum(a == b for a, b in zip(answers(logits), answers(others))) / len(logits)


class Evaluation:
    """Evaluation of a development set. bfloat16 is compared with the float32 of the same program."""

    modes, sizes, part = (BATCH1, PADDED, SORTED), Sizes, "dev"

    def __init__(self, work, dtype="float32"):
        self.work, self.dtype = work, dtype
        self.name = f"evaluate {work.model.name} {self.part}" + ("" if dtype == "float32" else f", {dtype}")
        self.notes, self.float32 = {}, {}

    def hies(self, hies, _):
        start, _, _ = hies.evaluate(self.work, self.dtype, examples=1)
        run, tokens, logits = hies.evaluate(self.work, self.dtype)
        self.notes.update(tokens=tokens, sequences=len(logits), flops=self.sizes(self.work.model).evaluation(tokens, len(logits)))
        return {"hies": run.seconds, "start-up": start.seconds}, logits

    def of_reference(self, mode, reference, dtype):
        _, batch, by_length = mode
        return reference("evaluate", data=self.work.data, batch=batch, by_length=by_length, dtype=dtype, **self.work.of_reference())

    def mode(self, mode, reference):
        result = self.of_reference(mode, reference, self.dtype)
        self.check(result)
        return {mode[0]: result["seconds"]}, result["logits"]

    def check(self, result):
        if self.notes.get("tokens", result["tokens"]) != result["tokens"]:
            raise Failed(f"{self.name}: hies read {self.notes['tokens']} tokens, the reference {result['tokens']}")

    def compare(self, hies, reference, found, expected):
        if self.dtype == "float32":
            errors = {name: must_agree(f"{self.name}, {name}", found, logits, LOGIT_TOLERANCE) for name, logits in expected.items()}
            self.notes["error"] = max(errors.values())
            return
        if not self.float32:
            self.float32["hies"] = hies.evaluate(self.work)[2]
            for mode in self.modes:
                self.float32[mode[0]] = self.of_reference(mode, reference, "float32")["logits"]
        self.notes["agreement"] = {name: agreement(logits, self.float32[name]) for name, logits in {"hies": found, **expected}.items()}
        self.notes["error"] = must_agree(self.name, found, self.float32["hies"], 0.1)


class Scoring:
    """HIS and AE, exact for each example."""

    modes, sizes, unit = (BATCH1, PADDED), Sizes, "training rows"

    def __init__(self, work, examples=256):
        self.work, self.examples = work, examples
        self.name, self.dtype = f"HIS + AE, {work.model.name}, {examples} {self.unit}", "float32"
        self.notes = {}

    def hies(self, hies, _):
        start, _ = hies.score(self.work, 1)
        run, scores = hies.score(self.work, self.examples)
        tokens = scores["calibration"]["tokens"]
        self.notes.update(tokens=tokens, sequences=self.examples, flops=self.sizes(self.work.model).scoring(tokens, self.examples))
        return {"hies": run.seconds, "start-up": start.seconds}, {name: heads_table(table) for name, table in scores["scores"].items()}

    def mode(self, mode, reference):
        result = reference("score", data=self.work.calib, batch=mode[1], examples=self.examples, **self.work.of_reference())
        return {mode[0]: result["seconds"]}, result

    def compare(self, hies, reference, found, expected):
        self.notes["error"] = max(must_agree(f"{self.name}, {name}, {table}", found[table], [result[table]], SCORE_TOLERANCE)
                                  for name, result in expected.items() for table in ("his", "ae"))


class Sweep:
    """The default grid of one task on the first rows of DEV. The reference evaluates a sample of cells; the time of the others is extrapolated."""

    modes = (PADDED,)
    sampled = 6

    def __init__(self, work, folder, rows=32):
        self.work, self.folder, self.rows = work, Path(folder), rows
        self.name, self.dtype = f"default sweep of {work.model.name}, {rows} dev rows", "float32"
        self.data, self.output, self.notes = self.folder / f"dev-{rows}.tsv", self.folder / "sweep", {}
        take_rows(work.data, rows, self.data)
        self.sample = None

    def hies(self, hies, _):
        shutil.rmtree(self.output, ignore_errors=True)
        run = hies.run("sweep", self.work.model, "--task", self.work.task, "--calib", self.work.calib, "--data", self.data, "-o", self.output)
        summary, records = run.json(), [json.loads(line) for line in (self.output / "records.jsonl").read_text().splitlines()]
        cells = sorted((record for record in records if record["heads_removed"]), key=lambda record: record["heads_removed"])
        step = len(cells) / self.sampled
        self.sample = [cells[int((i + 0.5) * step)] for i in range(self.sampled)]
        scores = json.loads(next((self.output / "scores").iterdir()).read_text())["calibration"]
        self.notes.update(sampled=self.sampled, cells=summary["cells"], masks=summary["distinct_masks"], seeds=summary["runs"][0]["scores_files"],
                          layer_evaluations=summary["layer_evaluations"], examples=scores["examples"])
        return {"hies": run.seconds}, self.sample

    def mode(self, mode, reference):
        if self.sample is None:
            raise Failed("a sweep of hies must have chosen the cells first")
        result = reference("masked", data=self.data, batch=mode[1], pruned=[removed_heads(record) for record in self.sample], **self.work.of_reference())
        score = reference("score", data=self.work.calib, batch=mode[1], examples=self.notes["examples"], **self.work.of_reference())
        cell = sum(result["seconds"]) / len(result["seconds"])
        self.notes.setdefault("cell_seconds", []).append(cell)
        return {mode[0]: self.notes["cells"] * cell + self.notes["seeds"] * score["seconds"]}, result

    def compare(self, hies, reference, found, expected):
        labels = [int(line.split("\t")[-1]) for line in self.data.read_text(encoding="utf-8").split("\n")[1:] if line]
        for record, logits in zip(found, expected[PADDED[0]]["logits"]):
            accuracy = sum(a == label for a, label in zip(answers(logits), labels)) / len(labels)
            loss = sum(cross_entropy(row, label) for row, label in zip(logits, labels)) / len(labels)
            if abs(accuracy - record["metrics"]["accuracy"]) > 1e-9 or abs(loss - record["mean_loss"]) > LOSS_TOLERANCE * loss:
                raise Failed(f"{self.name}: mask {record['mask']} has accuracy {record['metrics']['accuracy']} and loss "
                             f"{record['mean_loss']}, in the reference {accuracy} and {loss}")
            self.notes["error"] = max(self.notes.get("error", 0), abs(loss - record["mean_loss"]) / loss)


def cross_entropy(logits, label):
    most = max(logits)
    return most + math.log(sum(math.exp(value - most) for value in logits)) - logits[label]
