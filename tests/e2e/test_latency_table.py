"""Tables of latencies, and plans by them, from the command line. Times are hand-made where a result follows from them."""

import json
import re
import unittest

from program import EXAMPLES, GOLDEN, ProgramTest

MODEL = EXAMPLES / "demo-sst2"
CALIB, DATA = EXAMPLES / "reviews-calibration.tsv", EXAMPLES / "reviews-evaluation.tsv"


class LatencyTable(ProgramTest):
    def measured(self, *words, model=MODEL):
        self.done("latency-table", model, "--tokens", 16, "--seconds", 0, "--threads", 1, "-o", "table.json", *words)
        return json.loads((self.folder / "table.json").read_text())

    def hand_made(self):
        """Returns a measured table with other times: a head takes 0.1 ms, a neuron 0.005 ms, all other work 10 ms."""
        table = self.measured()
        units = 0
        for entry in table["layers"]:
            for name, one in (("heads", 0.1), ("neurons", 0.005)):
                entry[name]["ms"] = [count * one for count in entry[name]["counts"]]
                units += len(entry["layers"]) * entry[name]["ms"][-1]
        table["latency_ms"]["least"] = 10 + units
        self.write("table.json", json.dumps(table))
        return table

    def job(self, *words, output="smaller", ratio=0.3, table="table.json"):
        return ["prune", MODEL, "--task", "sst2", "--calib", CALIB, "--latency-ratio", ratio, "--latency-table", table, "--threads", 1, "-o", output, *words]

    def edited(self, change):
        """Returns the name of a copy of the table that `change` has changed."""
        table = json.loads((self.folder / "table.json").read_text())
        change(table)
        self.write("edited.json", json.dumps(table))
        return "edited.json"

    def test_a_table(self):
        table = self.measured("--batch", 2, "--steps", 4)
        self.assertEqual(table["schema"], "hies.latency-table/1")
        setting = table["setting"]
        self.assertEqual((setting["device"], setting["dtype"], setting["threads"], setting["batch"], setting["tokens"]), ("cpu", "float32", 1, 2, 16))
        self.assertTrue(setting["name"])
        self.assertEqual([entry["layers"] for entry in table["layers"]], [[0, 1, 2, 3, 4], [5]])
        for entry in table["layers"]:
            self.assertEqual(entry["heads"]["counts"], [0, 3, 6, 9, 12])
            self.assertEqual(entry["neurons"]["counts"], [0, 192, 384, 576, 768])
            for curve in (entry["heads"], entry["neurons"]):
                self.assertEqual(curve["ms"], sorted(curve["ms"]))
                self.assertEqual(curve["ms"][0], 0)
        self.assertGreater(table["latency_ms"]["least"], 0)
        # Query heads are counted by KV groups; images have tokens of their own; language models and hidden states are measured, too.
        llama = self.measured("--force", model=GOLDEN / "llama-gqa/model")
        self.assertEqual(llama["layers"][0]["heads"]["counts"], [0, 3, 6])
        self.assertEqual(self.measured("--force", model=GOLDEN / "vit-tiny/model")["setting"]["tokens"], 10)
        shown = self.done("latency-table", GOLDEN / "bert-tiny/model", "--tokens", 8, "--seconds", 0, "-o", "other.json").stdout
        self.assertIn("table in other.json", shown)
        self.assertEqual(self.done("latency-table", GOLDEN / "bert-tiny/model", "--tokens", 8, "--seconds", 0, "--quiet", "-o", "third.json").stdout, "")

    def test_plans_reach_the_ratio_and_nest(self):
        table = self.hand_made()
        self.done("score", MODEL, "--task", "sst2", "--calib", CALIB, "--preset", "best", "-o", "scores.json")
        before, whole = set(), table["latency_ms"]["least"]
        for ratio in (0.1, 0.3, 0.5):
            words = ["plan", "scores.json", "--latency-ratio", ratio, "--latency-table", "table.json"]
            plan = self.json(*words)
            self.assertEqual(plan["method"]["method"], "fisher")
            saved = 0.1 * plan["heads"]["removed"] + 0.005 * plan["neurons"]["removed"]
            self.assertAlmostEqual(plan["latency_ms"]["removed"], saved, 9)
            self.assertGreaterEqual(saved / whole, ratio)
            self.assertLess(saved / whole, ratio + 0.1 / whole + 1e-9)  # the last unit is needed
            self.assertEqual(plan["latency_ms"]["setting"], table["setting"])
            removed = {(kind, layer, unit) for kind, layers in plan["removed"].items() for layer, ranges in layers.items()
                       for part in ranges.split(",") for unit in range(int(part.split("-")[0]), int(part.split("-")[-1]) + 1)}
            self.assertLess(before, removed)
            before = removed
        self.assertRegex(self.done(*words).stdout, r"latency .* ms \(−50\.\d %\) by the table: .*, float32, 1 × 16 tokens")
        # A plan runs nothing, so that the table may be of another machine, which is said.
        other = self.edited(lambda table: table["setting"].update(name="Processor X"))
        said = self.done("plan", "scores.json", "--latency-ratio", 0.3, "--latency-table", other)
        self.assertIn("Processor X", said.stdout)
        self.assertRegex(said.stderr, "note: edited.json was measured on Processor X, and this is")

    def test_prune_says_how_far_the_prediction_was_off(self):
        self.hand_made()
        done = self.json(*self.job("--eval", DATA, "--latency-seconds", 0.1, "--latency-rounds", 3))
        self.assertEqual(done["plan"]["method"]["method"], "fisher")  # as other shares: --preset best
        latency = done["latency"]
        self.assertAlmostEqual(latency["predicted"], 1 - done["plan"]["latency_ms"]["share"], 9)
        self.assertAlmostEqual(latency["error"], latency["measured"]["median"] / latency["predicted"] - 1, 9)
        self.assertEqual(latency["setting"]["tokens"], 16)
        self.assertEqual(done["match"]["different_answers"], 0)
        text = self.done(*self.job("--eval", DATA, "--latency-seconds", 0.1, "--refit", "none", output="text"))
        self.assertRegex(text.stdout, r"Latency of 1 × 16 tokens: \S+ % of the dense model's by the table, \S+ % measured in \d+ pairs")
        self.assertIn("note: preset best", text.stderr)
        self.assertIsNone(self.json(*self.job("--refit", "none", output="unjudged"))["latency"])

    def test_bad_options(self):
        self.hand_made()
        plan = ["plan", "scores.json"]
        self.refused(2, "--latency-ratio is a share of measured times, but no table has them", *plan, "--latency-ratio", 0.3, hint="hies latency-table")
        self.refused(2, "--latency-table goes with --latency-ratio", *plan, "--flops-ratio", 0.3, "--latency-table", "table.json")
        self.refused(2, "are two budgets", *plan, "--flops-ratio", 0.3, "--latency-ratio", 0.3, "--latency-table", "table.json")
        self.refused(2, "--latency-ratio is 1.5", *plan, "--latency-ratio", 1.5, "--latency-table", "table.json")
        self.refused(4, "nothing.json", *self.job(table="nothing.json"))
        self.refused(2, "--plan and --latency-ratio exclude each other", "prune", MODEL, "--plan", "plan.json", "--latency-ratio", 0.3, "--latency-table", "table.json", "-o", "x")
        self.refused(2, "--latency-ratio is 0.95, but all units that can be removed take", *self.job(ratio=0.95),
                     hint="--latency-ratio of at most 0")
        measure = ["latency-table", MODEL, "--seconds", 0]
        self.refused(2, "table.json", *measure, "-o", "table.json", hint="--force")
        self.refused(2, "--tokens is 100000", *measure, "--tokens", 100000, "-o", "x", hint="--tokens of at most")
        self.refused(2, "--batch is 0", *measure, "--batch", 0, "-o", "x")
        self.refused(2, "--steps is 0", *measure, "--steps", 0, "-o", "x")
        self.refused(2, "--seconds is nan", "latency-table", MODEL, "--seconds", "nan", "-o", "x")
        self.refused(2, "--offload", *measure, "--offload", "-o", "x")
        self.refused(4, "nowhere", "latency-table", "nowhere", "-o", "x")

    def test_tables_of_something_else(self):
        self.hand_made()

        def refused(says, change, hint="measure"):
            name = self.edited(change)
            self.refused(2, f"{name}.*{says}", *self.job(table=name), hint=hint)

        refused("the processor Processor X, but this run has", lambda table: table["setting"].update(name="Processor X"))
        refused("--threads 7, but this run has 1", lambda table: table["setting"].update(threads=7))
        refused("--dtype bfloat16, but this run has float32", lambda table: table["setting"].update(dtype="bfloat16"))
        refused("--device cuda, but this run has cpu", lambda table: table["setting"].update(device="cuda"))
        refused("is of another model: the weights differ", lambda table: table["model"].update(weights="0" * 32))
        refused("at most 11 heads in layer 0, but the model has 12", lambda table: table["layers"][0]["heads"]["counts"].__setitem__(-1, 11))
        refused("less than .* of fewer units", lambda table: table["layers"][0]["heads"]["ms"].__setitem__(1, 99.0), hint=None)
        refused("ms.1.", lambda table: table["layers"][0]["heads"]["ms"].__setitem__(1, -1.0), hint=None)
        refused("ms.1.", lambda table: table["layers"][0]["heads"]["ms"].__setitem__(1, None), hint=None)
        refused("least", lambda table: table["latency_ms"].pop("least"), hint=None)
        refused("times of no heads in layer 5", lambda table: table["layers"].__delitem__(1) or table["layers"][0]["layers"].append(6), hint=None)
        path = self.folder / "table.json"
        path.write_text(re.sub('"least": [^,]*', '"least": NaN', path.read_text(), count=1))
        self.refused(2, "table.json", *self.job(output="x"))
        path.write_text(path.read_text()[:200])
        self.refused(2, "table.json", *self.job(output="x"))


if __name__ == "__main__":
    unittest.main()
