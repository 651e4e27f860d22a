"""Methods of other papers and searches: in sweeps, in one table with the scores, and in hies prune."""

import json
import unittest

from program import EXAMPLES, ProgramTest

MODEL = EXAMPLES / "demo-sst2"
CALIB, DATA = EXAMPLES / "reviews-calibration.tsv", EXAMPLES / "reviews-evaluation.tsv"
ROWS = ["--examples", 12, "--refit-examples", 17, "--refit-heldout", 12, "--max-length", 16, "--threads", 1]
CHOOSE = {"kwon", "osscar", "kprune"}
NARROW = {"llm-pruner-channel", "slicegpt"}


class Baselines(ProgramTest):
    def setUp(self):
        super().setUp()
        self.data = self.write("dev.tsv", "".join(DATA.read_text().splitlines(keepends=True)[:25]))

    def sweep(self, *words, output="study", methods="all"):
        return ["sweep", MODEL, "--task", "sst2", "--calib", CALIB, "--data", self.data, "-o", output, "--methods", methods, "--seeds", 1, "--alphas", "0.7",
                "--random-masks", 1, "--quiet", *ROWS, *words]

    def records(self, output="study"):
        return [json.loads(line) for line in (self.folder / output / "records.jsonl").read_text().splitlines()]

    def test_every_method_in_one_table(self):
        self.done(*self.sweep("--ratios", "0.34", methods="paper,baselines,greedy"))
        records = self.records()
        methods = {record["method"] for record in records}
        self.assertLessEqual({"random", "ad", "his", "hies", "l2", "l2-out", "wanda-head", "minitron", "taylor", "llm-pruner-block", "greedy"}, methods)
        self.assertLessEqual(CHOOSE | NARROW, methods)
        lists = self.json("methods")
        listed = {method["name"] for kind in ("methods", "baselines") for method in lists[kind]}
        self.assertLessEqual(methods - {"none", "greedy"}, listed)
        for record in records:
            if record["method"] in CHOOSE:
                self.assertEqual(record["heads_removed"], 24, record["method"])
                self.assertIsNotNone(record["refitted"]["divergence_after"])
                self.assertEqual(record["refit"], "none")
            if record["method"] in NARROW:
                self.assertEqual(record["heads_removed"], 0)
                self.assertGreater(record["cost"]["removed"]["parameters"], 0)
        plan = json.loads(next((self.folder / "study/plans").glob("*greedy*.json")).read_text())
        self.assertEqual(plan["method"]["method"], "greedy")
        self.assertEqual(plan["heads"]["removed"], 24)
        self.assertEqual({"objective", "choice"}, set(plan["search"]["rows"]))
        self.assertIn("greedy", (self.folder / "study/tables/quality.csv").read_text())

    def test_resumes_with_the_same_records(self):
        words = ["--sites", "attention,ffn", "--matrix-flops-ratios", "0.3"]
        methods = "fisher,kwon,osscar,kprune,slicegpt,greedy"
        self.done(*self.sweep(*words, methods=methods))
        whole = (self.folder / "study/records.jsonl").read_bytes()
        lines = whole.splitlines(keepends=True)
        for kept, plans in ((0, 0), (2, 2), (len(lines) - 1, 4)):
            (self.folder / "study/records.jsonl").write_bytes(b"".join(lines[:kept]))
            (self.folder / "study/summary.json").unlink()
            for plan in sorted((self.folder / "study/plans").glob("*.json"))[plans:]:
                plan.unlink()
            self.done(*self.sweep(*words, methods=methods))
            self.assertEqual((self.folder / "study/records.jsonl").read_bytes(), whole, kept)

    def test_a_smaller_checkpoint(self):
        for method in sorted(CHOOSE):
            done = self.json("prune", MODEL, "--task", "sst2", "--calib", CALIB, "--method", method, "--sites", "attention,ffn", "--matrix-flops-ratio",
                             "0.4", "-o", method, "--eval", self.data, "--latency-seconds", 0, *ROWS)
            self.assertEqual(done["plan"]["method"]["method"], method)
            self.assertGreaterEqual(done["plan"]["matrix_flops_per_token"]["share"], 0.4)
            self.assertLess(done["match"]["largest_difference"], 1e-4 * max(1, done["match"]["largest_logit"]))
            self.json("eval", method, "--task", "sst2", "--data", self.data, "--latency-seconds", 0)

    def test_bad_input(self):
        prune = ["prune", MODEL, "--task", "sst2", "--calib", CALIB, "--ratio", "0.3", "-o", "out", *ROWS]
        self.refused(3, "no checkpoint has the shapes", *prune, "--method", "slicegpt")
        self.refused(2, "do not go with it", *prune, "--method", "kwon", "--refit", "all")
        self.refused(2, "do not go with it", *prune, "--method", "kprune", "--stages", 2)
        self.refused(3, "the same share of every site", *prune, "--method", "osscar", "--protect", "0:0")
        self.refused(2, "has no /uniform", *self.sweep("--ratios", "0.3", methods="kwon/uniform"))
        self.refused(2, "a refit needs", *["100000" if word == 17 else word for word in self.sweep("--ratios", "0.3", methods="kwon")])
        self.done("score", MODEL, "--task", "sst2", "--calib", CALIB, "-o", "scores.json", "--quiet", *ROWS[:2])
        self.refused(2, "chooses units with the model at hand", "plan", "scores.json", "--method", "kwon", "--ratio", "0.3", "-o", "plan.json")
        self.assertFalse((self.folder / "out").exists())


if __name__ == "__main__":
    unittest.main()
