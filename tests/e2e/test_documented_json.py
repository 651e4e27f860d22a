"""docs/formats.md shows what --json prints where that is not the content of a file."""

import json
import os
import pathlib
import re
import unittest

from program import GOLDEN, ROWS, ProgramTest, table

PAGE = pathlib.Path(os.environ["HIES_SOURCE_DIR"], "docs/formats.md").read_text()


def documented(command):
    match = re.search(rf"`hies {command} --json`:\n\n```json\n(.*?)```", PAGE, re.S)
    return json.loads(match.group(1))


class Documented(ProgramTest):
    def same_shape(self, shown, printed, where="document"):
        """Checks for the same members, in order, with values of the same type; an empty object stands for one that is documented elsewhere."""
        if printed is not None:
            self.assertIs(type(printed), type(shown), where)
        if isinstance(shown, dict) and shown:
            self.assertEqual(list(printed), list(shown), where)
            for key, value in shown.items():
                self.same_shape(value, printed[key], f"{where}.{key}")
        elif isinstance(shown, list) and shown and printed:
            self.same_shape(shown[0], printed[0], f"{where}[0]")

    def test_inspect(self):
        self.same_shape(documented("inspect"), self.json("inspect", GOLDEN / "bert-legacy/model"))

    def test_prune(self):
        printed = self.json(*self.prune(GOLDEN / "bert-tiny/model", None, "--eval", self.data, "--latency-seconds", 0))
        self.same_shape(documented("prune"), printed)
        self.assertEqual(printed["plan"]["schema"], "hies.plan/2")
        self.assertEqual(printed["evaluation"]["schema"], "hies.result/1")

    def test_search(self):
        words = ["search", GOLDEN / "bert-tiny/model", "--task", "classification", "--calib", self.data, "--examples", 4, "--ratio", 0.5, "-o", "found"]
        self.same_shape(documented("search"), self.json(*words))

    def test_sweep(self):
        words = ["sweep", GOLDEN / "bert-tiny/model", "--task", "classification", "--calib", self.data, "--data", self.write("dev.tsv", table(ROWS[:3])),
                 "--seeds", 2, "--ratios", 0.5, "--threads", 1]
        self.same_shape(documented("sweep --dry-run"), self.json(*words, "--dry-run"))
        self.assertEqual(self.json(*words, "-o", "study"), json.loads((self.folder / "study/summary.json").read_text()))

    def test_report_and_explain(self):
        self.done("sweep", GOLDEN / "bert-tiny/model", "--task", "classification", "--calib", self.data, "--data", self.data, "--seeds", 2, "--ratios", 0.5,
                  "--random-masks", 3, "--threads", 1, "-o", "study", "--quiet")
        self.same_shape(documented("report"), self.json("report", "study"))
        self.done("plan", "study/scores/model-ce-0.json", "--ratio", 0.5, "-o", "plan.json", "--quiet")
        self.same_shape(documented("explain"), self.json("explain", GOLDEN / "bert-tiny/model", "--task", "classification", "--data", self.data, "--plan", "plan.json",
                                                         "--pick", 2, "-o", "seen"))

    def test_bench(self):
        self.same_shape(documented("bench kernels"), self.json("bench", "kernels", "--filter", "tokens:8/head_dim:16$", "--seconds", 0.001))

    def test_files_are_what_is_printed(self):
        for words in (self.score(), ["plan", "scores.json", "--ratio", 0.5, "-o", "plan.json"],
                      self.evaluate(GOLDEN / "bert-tiny/model", None, "-o", "result.json")):
            printed = self.json(*words)
            self.assertEqual(printed, json.loads((self.folder / words[words.index("-o") + 1]).read_text()))


if __name__ == "__main__":
    unittest.main()
