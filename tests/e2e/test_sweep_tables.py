"""The tables of a sweep of two tasks: three formats with the same content, LaTeX that can be compiled, the paper's layout."""

import csv
import json
import re
import statistics
import unittest

from program import EXAMPLES, ProgramTest

DEMO = EXAMPLES / "demo-sst2"


def latex_errors(text):
    """Checks for what LaTeX would reject: braces, environments, bare special characters, columns."""
    bare = re.sub(r"(?m)^%.*$", "", text)
    bare = re.sub(r"\\[^a-zA-Z]", "", bare)  # what is escaped, and line ends
    depth = 0
    for character in bare:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            return "a brace too many is closed"
    if depth:
        return "a brace is open"
    if sorted(re.findall(r"\\begin\{(\w+)\}", text)) != sorted(re.findall(r"\\end\{(\w+)\}", text)):
        return "an environment is open"
    without_math = re.sub(r"\$[^$]*\$", "", bare)
    if "$" in without_math:
        return "a dollar is open"
    if re.search(r"[#%^_~]", without_math):
        return "a special character is not escaped"
    columns = len(re.search(r"\\begin\{(?:tabular|longtable)\}\{([lr]+)\}", text).group(1))
    body = text[text.index("\\toprule"):]
    for line in body.splitlines():
        if line.endswith("\\\\") and len(re.findall(r"(?<!\\)&", line)) != columns - 1:
            return f"not {columns} columns: {line}"
    return None


class Tables(ProgramTest):
    def setUp(self):
        super().setUp()
        self.write("dev.tsv", "".join((EXAMPLES / "reviews-evaluation.tsv").read_text().splitlines(keepends=True)[:21]))
        calib = EXAMPLES / "reviews-calibration.tsv"
        self.done("sweep", "--run", f"{DEMO}:sst2:{calib}:dev.tsv", "--run", f"{DEMO}:classification:{calib}:dev.tsv", "--text", "sentence",
                  "--label", "label", "--methods", "random,his,hies,l2,ad/uniform", "--alphas", "0.7", "--alpha", "auto", "--ratios", "0.25,0.5",
                  "--seeds", 2, "--random-masks", 3, "--examples", 4, "--heldout", 10, "--calibration-sizes", "1,2", "-o", "study", "--quiet")
        self.tables = self.folder / "study/tables"
        self.records = [json.loads(line) for line in (self.folder / "study/records.jsonl").read_text().splitlines()]

    def test_tables(self):
        for look in (self.three_formats, self.one_column_a_task_and_the_average, self.pareto_points):
            with self.subTest(look.__name__):
                look()

    def rows(self, name):
        with open(self.tables / f"{name}.csv", newline="") as file:
            return list(csv.DictReader(file))

    def three_formats(self):
        names = {path.stem for path in self.tables.iterdir()}
        self.assertEqual({path.name for path in self.tables.iterdir()}, {name + end for name in names for end in (".md", ".csv", ".tex")})
        self.assertLessEqual({"quality", "stability", "random-quality", "alpha-curves", "alpha-quality", "calibration-size-quality", "auto",
                              "calibration-size-stability", "orthogonality", "bound", "bound-correlation", "pareto-quality",
                              "pareto-stability"}, names)
        for name in names:
            rows = self.rows(name)
            markdown = [line for line in (self.tables / f"{name}.md").read_text().splitlines() if line.startswith("|")]
            latex = (self.tables / f"{name}.tex").read_text()
            self.assertEqual(len(markdown), len(rows) + 2, name)
            self.assertEqual(len({len(re.findall(r"(?<!\\)\|", line)) for line in markdown}), 1, name)
            self.assertEqual(sum(line.endswith("\\\\") for line in latex[latex.index("\\toprule"):].splitlines()), len(rows) + 1, name)
            self.assertIsNone(latex_errors(latex), name)
        self.assertEqual(latex_errors(r"\begin{tabular}{lr}\toprule" + "\na & b & c \\\\\n" + r"\end{tabular}"), "not 2 columns: a & b & c \\\\")

    def one_column_a_task_and_the_average(self):
        rows = self.rows("quality")
        runs = ["demo-sst2 (accuracy, %)", "demo-sst2-classification (accuracy, %)"]
        self.assertEqual(list(rows[0]), ["ratio", "method", *(f"{name}{end}" for name in (*runs, "average") for end in ("", " sd", " n"))])
        for row in rows:
            self.assertAlmostEqual(float(row["average"]), (float(row[runs[0]]) + float(row[runs[1]])) / 2, places=6)
        # Mean and standard deviation, computed here from the records.
        for method, label, count in (("his", "his", 2), ("random", "random", 3)):
            values = [100 * record["metrics"]["accuracy"] for record in self.records
                      if (record["run"], record["method"], record["ratio"]) == ("demo-sst2", method, 0.5) and record["examples"] in (None, 4)]
            self.assertEqual(len(values), count)
            row = next(row for row in rows if (row["ratio"], row["method"]) == ("0.5", label))
            self.assertAlmostEqual(float(row[runs[0]]), statistics.mean(values), places=6)
            self.assertAlmostEqual(float(row[runs[0] + " sd"]), statistics.stdev(values), places=6)
            self.assertEqual(row[runs[0] + " n"], str(count))

    def pareto_points(self):
        for name, value in (("pareto-quality", lambda r: r["metrics"]["accuracy"]), ("pareto-stability", lambda r: r["stability"])):
            rows = self.rows(name)
            self.assertEqual({row["cost"] for row in rows}, {"heads", "parameters", "FLOPs per example"})
            for cost, left in (("heads", lambda r: r["heads"]), ("parameters", lambda r: r["cost"]["parameters"]),
                               ("FLOPs per example", lambda r: r["cost"]["flops_per_example"])):
                points = sorted((float(row["left"]), float(row["value"])) for row in rows if (row["run"], row["cost"]) == ("demo-sst2", cost))
                records = [(left(record), 100 * value(record)) for record in self.records
                           if record["run"] == "demo-sst2" and record["examples"] in (None, 4)]
                best = sorted({(c, v) for c, v in records if not any((d <= c and w > v) or (d < c and w >= v) for d, w in records)})
                self.assertEqual(len(points), len(best), (name, cost))
                for point, wanted in zip(points, best):
                    self.assertAlmostEqual(point[0] / wanted[0], 1, places=6)
                    self.assertAlmostEqual(point[1], wanted[1], places=6)


if __name__ == "__main__":
    unittest.main()
