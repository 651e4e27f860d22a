"""`hies report` and `hies explain` from the command line: what they print, refuse and leave unchanged."""

import json
import os
import re
import shutil
import subprocess
import unittest

from program import GOLDEN, SOURCE, ProgramTest, edit_json, heads_of, table
from small_llama import TEXT, make_llama
from report_inputs import CALIB, DEMO, DEV, many, records, sweep, write_records

WEB = SOURCE / "report/web"
NODE = shutil.which("node")


def page_data(path):
    """Returns the data that a page holds, and the page around it."""
    html = path.read_text()
    begin = html.index('id="report-data">') + len('id="report-data">')
    end = html.index("</script>", begin)
    return json.loads(html[begin:end]), html[:begin] + html[end:]


class Report(ProgramTest):
    def setUp(self):
        super().setUp()
        self.study = sweep(self)

    def test_report(self):
        for look in (self.says_what_to_ship, self.the_page_holds_means, self.one_planner, self.the_same_bytes, self.several_folders, self.refuses,
                     self.a_torn_line_is_left_out, self.nothing_becomes_markup, self.many_records):
            with self.subTest(look.__name__):
                look()

    def says_what_to_ship(self):
        text = self.done("report", "study", "--text").stdout
        for part in ("## demo-sst2 (sst2)", "accuracy, % over the ratios", "# Quality", "# Stability", "hies α = 0.7", "▁", "█"):
            self.assertIn(part, text)
        command = re.search(r"^  hies (prune .*) --ratio (\S+) -o (\S+)$", text, re.M)
        ratio = float(command[2])
        # The command gives the mask that was evaluated.
        self.done(*command[1].split(), "--ratio", command[2], "-o", "made", "--quiet")
        history = json.loads((self.folder / "made/config.json").read_text())["hies"]["history"]
        method = re.search(r"--method (\S+)", command[1])[1]
        alpha = re.search(r"--alpha (\S+)", command[1])
        judged = [r for r in records(self.study) if r["run"] == "demo-sst2" and r["method"] == method and r["ratio"] == ratio and r["seed"] == 0
                  and r["examples"] == 8 and (alpha is None or r["alpha"] == float(alpha[1]))]
        self.assertEqual(history[0]["removed"], judged[0]["removed"])
        # The sweep ends with the same text.
        again = self.done("sweep", "--config", "study/sweep.json", "-o", "study").stdout
        self.assertTrue(again.startswith(text[:200]))

    def the_page_holds_means(self):
        self.done("report", "study", "-o", "report.html")
        data, html = page_data(self.folder / "report.html")
        self.assertEqual(data, self.json("report", "study"))
        self.assertLess(len(html), 2_000_000)
        self.assertRegex(html, "default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; img-src data: blob:")
        self.assertNotRegex(html, r"(?i)<[a-z][^>]*\son\w+=|(?:src|href)=[\"']?(?:https?:)?//")
        lines = records(self.study)
        run = data["runs"][0]
        self.assertEqual(run["records"], sum(r["run"] == "demo-sst2" for r in lines))
        series = next(s for s in run["series"] if s["label"] == "hies α = 0.5")
        for point in series["points"]:
            mine = [r for r in lines if r["run"] == "demo-sst2" and r["method"] == "hies" and r["alpha"] == 0.5 and r["alpha_from"] is None and r["ratio"] == point["ratio"]]
            self.assertEqual(point["records"], len(mine))
            self.assertAlmostEqual(point["stability"][0], 100 * sum(r["stability"] for r in mine) / len(mine), places=10)
            self.assertAlmostEqual(point["quality"][0], 100 * sum(r["metrics"]["accuracy"] for r in mine) / len(mine), places=10)
            self.assertAlmostEqual(point["removed"][1], sum(r["cost"]["removed"]["parameters"] for r in mine) / len(mine), places=12)
        self.assertEqual({s["examples"] for s in run["series"]}, {None, 2, 4, 16})

    def one_planner(self):
        """Checks that the page's planner chooses the heads that the program chose: single heads, KV groups, even units, the same number in every layer."""
        if NODE is None:
            self.skipTest("node is missing")
        pairs = []
        self.write("text.txt", TEXT)
        model = make_llama(self, heads=8)
        for number, more in enumerate(((), ("--units", "even"), ("--units", "kv-group", "--group-score", "max"), ("--units", "head"),
                                       ("--normalise", "per-layer", "--units", "head", "--min-heads-per-layer", 1), None)):
            folder = f"units-{number}"
            if more is None:
                folder = "study"
            else:
                self.done("sweep", model, "--task", "perplexity", "--calib", "text.txt", "--data", "text.txt", "--methods", "his,hies,ad,his/uniform",
                          "--alphas", "0:1:0.1", "--ratios", "0.1:0.8:0.1", "--seeds", 2, "--examples", 2, "--context", 16, *more, "-o", folder, "--quiet", timeout=600)
            (self.folder / f"{folder}.json").write_text(self.done("report", folder, "--json").stdout)
            (self.folder / f"{folder}.txt").write_text(self.done("report", folder, "--text").stdout)
            pairs.append(f"{self.folder}/{folder}.json {self.folder}/{folder}/records.jsonl {self.folder}/{folder}.txt")
        done = subprocess.run([NODE, WEB / "test/run.mjs", WEB / "test/parity.test.ts"], env={**os.environ, "HIES_PARITY": "\n".join(pairs)}, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(f"# pass {3 * len(pairs)}", done.stdout)

    def the_same_bytes(self):
        self.done("report", "study", "-o", "one.html")
        self.done("report", "study", "-o", "two.html")
        self.assertEqual((self.folder / "one.html").read_bytes(), (self.folder / "two.html").read_bytes())

    def several_folders(self):
        shutil.copytree(self.study, self.folder / "other")
        data = self.json("report", "study", "other")
        self.assertEqual([run["key"] for run in data["runs"]], ["study/demo-sst2", "study/demo-sst2-classification", "other/demo-sst2", "other/demo-sst2-classification"])
        self.assertEqual(len(data["tables"]), 2)
        self.refused(2, "other/../study is given twice", "report", "study", "other/../study", "--text")

    def refuses(self):
        (self.folder / "empty").mkdir()
        self.refused(2, "empty: no sweep is in this folder: it has no sweep.json", "report", "empty", "-o", "x.html", hint="hies sweep -o")
        self.refused(4, "nowhere: there is no such folder", "report", "nowhere", "--text")
        self.refused(2, "data.tsv is a file", "report", "data.tsv", "--text")
        self.refused(2, "DIR is missing", "report", "--text")
        self.refused(2, "neither --output nor --text", "report", "study")
        self.refused(4, "nowhere", "report", "study", "-o", "nowhere/x.html")
        self.refused(2, "would overwrite DIR", "report", "study", "-o", "study/records.jsonl", "--force")
        self.refused(4, "/proc/x.html", "report", "study", "-o", "/proc/x.html")
        self.write("there.html", "mine")
        self.refused(2, "there.html", "report", "study", "-o", "there.html", hint="--force")
        self.done("report", "study", "-o", "there.html", "--force")
        for code, says, change in (
                (3, "records.jsonl: line 5: .*hies.record/9", lambda r: r.update(schema="hies.record/9")),
                (2, "line 5: .*schema", lambda r: r.update(schema="other")),
                (2, "line 5: .*metrics.accuracy", lambda r: r["metrics"].update(accuracy=None)),
                (2, "line 5: .*stability.* 1.5", lambda r: r.update(stability=1.5)),
                (2, "run 'demo-sst2' has records of two models", lambda r: r.update(model=dict(r["model"], weights="0" * 32))),
                (2, "two models: config.json is not the same", lambda r: r.update(model=dict(r["model"], config="0" * 32))),
                (2, "run 'demo-sst2' has records of two tasks", lambda r: r.update(task="cola")),
                (2, "run 'stranger' has no record of the unpruned", lambda r: r.update(run="stranger"))):
            lines = records(self.study)
            change(lines[4])
            self.broken(code, says, lines)
        # NaN is no JSON.
        text = (self.study / "records.jsonl").read_text().replace('"accuracy":0.', '"accuracy":NaN,"x":0.', 3)
        copy = self.copy()
        (copy / "records.jsonl").write_text(text)
        self.refused(2, "records.jsonl: line 1", "report", "broken", "-o", "x.html")
        self.broken(2, "no records", [])
        copy = self.copy()
        edit_json(copy / "sweep.json", runs=[])
        self.refused(2, "run 'demo-sst2' is not in sweep.json", "report", "broken", "--text")
        copy = self.copy()
        edit_json(next((copy / "scores").glob("demo-sst2-ce-0.json")), model={"path": "x", "model_type": "bert", "weights": "1" * 32})
        self.refused(2, "demo-sst2-ce-0.json: the scores are of another model than run .*: the weights are 1{32} and", "report", "broken", "--text")
        copy = self.copy()
        file = next((copy / "scores").glob("demo-sst2-ce-0.json"))
        edit_json(file, model=dict(json.loads(file.read_text())["model"], config="1" * 32))
        self.refused(2, "demo-sst2-ce-0.json: .*: config.json is not the same", "report", "broken", "--text")

    def copy(self):
        shutil.rmtree(self.folder / "broken", ignore_errors=True)
        return shutil.copytree(self.study, self.folder / "broken")

    def broken(self, code, says, lines):
        write_records(self.copy(), lines)
        self.refused(code, says, "report", "broken", "-o", "x.html")

    def a_torn_line_is_left_out(self):
        whole = records(self.study)
        copy = self.copy()
        (copy / "records.jsonl").write_bytes((self.study / "records.jsonl").read_bytes()[:-40])
        (copy / "summary.json").unlink()
        data = self.json("report", "broken")
        self.assertEqual(sum(run["records"] for run in data["runs"]), len(whole) - 1)
        self.assertIn("The last record was not written to its end and is left out.", data["runs"][0]["notes"])
        self.assertIn("The sweep is not finished: cells are missing.", data["runs"][0]["notes"])
        self.assertIn("left out", self.done("report", "broken", "--text").stdout)

    def nothing_becomes_markup(self):
        evil = "</script><img onerror=alert(1)>\u2028\u2029<!--"
        copy = self.copy()
        config = json.loads((copy / "sweep.json").read_text())
        for run in config["runs"]:
            run["data"] = evil
        (copy / "sweep.json").write_text(json.dumps(config, ensure_ascii=False))
        self.done("report", "broken", "-o", "evil.html")
        html = (self.folder / "evil.html").read_text()
        self.assertNotIn("<img", html.replace("<img>", ""))
        self.assertNotIn("\u2028", html[html.index('id="report-data">'):].split("</script>")[0])
        self.assertEqual(page_data(self.folder / "evil.html")[0]["runs"][0]["data"], evil)

    def many_records(self):
        """Checks that the page of 200,000 records is no larger."""
        small = len(json.dumps(self.json("report", "study")))
        many(self.study, self.folder / "many", 200_000)
        data = json.loads(self.done("report", "many", "--json", timeout=900).stdout)
        self.assertGreaterEqual(sum(run["records"] for run in data["runs"]), 200_000)
        self.assertLess(len(json.dumps(data)), small + 1_000_000)


class Explain(ProgramTest):
    def explain(self, *more, task="sst2", data=DEV, model=DEMO, output="seen"):
        return ["explain", model, "--task", task, "--data", data, "-o", output, *more]

    def test_flipped(self):
        self.done("score", DEMO, "--task", "sst2", "--calib", CALIB, "-o", "scores.json", "--quiet")
        self.done("plan", "scores.json", "--ratio", 0.5, "-o", "plan.json", "--quiet")
        result = self.json("eval", DEMO, "--task", "sst2", "--data", DEV, "--plan", "plan.json", "--predictions", "answers.tsv", "--latency-seconds", 0)
        self.assertLess(result["stability"], 1)
        rows = [line.split("\t") for line in (self.folder / "answers.tsv").read_text().splitlines()]
        place = {name: i for i, name in enumerate(rows[0])}
        flipped = {int(row[0]): row for row in rows[1:] if row[place["answer"]] != row[place["reference_answer"]]}
        document = self.json(*self.explain("--plan", "plan.json", "--most", 100, "--heads", 10))
        self.assertEqual(json.loads((self.folder / "seen/explain.json").read_text()), document)
        self.assertEqual({e["row"] for e in document["examples"]}, set(flipped))
        plan = heads_of(json.loads((self.folder / "plan.json").read_text())["removed"])
        for example in document["examples"]:
            row = flipped[example["row"]]
            self.assertEqual(str(example["after"]["answer"]).removesuffix(".0"), row[place["answer"]])
            self.assertEqual(str(example["before"]["answer"]).removesuffix(".0"), row[place["reference_answer"]])
            self.assertEqual(str(example["label"]).removesuffix(".0"), row[place["label"]])
            self.assertEqual((example["tokens"][0], example["tokens"][-1]), ("[CLS]", "[SEP]"))
            self.assertEqual(len(example["heads"]), 10)
            self.assertEqual(sum(head["pruned"] for head in example["heads"]), 5)
            for head in example["heads"]:
                self.assertEqual(head["pruned"], head["head"] in plan.get(str(head["layer"]), []))
                self.assertEqual(head["his"], example["his"][head["layer"]][head["head"]])
                for weights in (head["asked"], head["mean"]):
                    self.assertEqual(len(weights), len(example["tokens"]))
                    self.assertAlmostEqual(sum(weights), 1, delta=1e-4)

    def test_his_is_that_of_score(self):
        """Checks that the mean over single examples is the score, and that a decoder's weights follow its causal mask."""
        self.write("lines.jsonl", "".join(json.dumps({"text": text}) + "\n" for text in TEXT.split(" . ")[:3]))
        llama = make_llama(self)
        for model, task, data, lines, more in (
                (GOLDEN / "bert-tiny/model", "classification", self.data, "2,3,4,5,6,7,8,9", []), (llama, "perplexity", "lines.jsonl", "1,2,3", ["--context", 64])):
            self.done("score", model, "--task", task, "--calib", data, "--order", "file", "-o", "s.json", "--dtype", "float64", "--force", "--quiet", *more)
            scores = json.loads((self.folder / "s.json").read_text())["scores"]
            examples = self.json(*self.explain("--pick", lines, "--dtype", "float64", "--heads", 99, "--force", *more, task=task, data=data, model=model))["examples"]
            self.assertEqual(len(examples), lines.count(",") + 1)
            for name, key in (("his", "his"), ("ae", "entropy")):
                for layer, row in enumerate(scores[name]["attention"]):
                    for head, value in enumerate(row):
                        self.assertAlmostEqual(sum(e[key][layer][head] for e in examples) / len(examples), value, delta=1e-12)
            self.assertTrue(all(all(e["tokens"]) for e in examples))
        # A decoder's first token is seen by all queries, its last by one.
        for head in examples[0]["heads"]:
            self.assertAlmostEqual(sum(head["asked"]), 1, delta=1e-4)
            self.assertGreater(sum(head["mean"]), 1)
        self.assertIsNone(examples[0]["after"])

    def test_refused(self):
        self.refused(2, "--pick flipped compares with a pruned model", *self.explain(), hint="--plan")
        self.refused(2, "no example is in line 999", *self.explain("--pick", 999))
        self.refused(2, "--pick has 'some'", *self.explain("--pick", "some"))
        self.refused(2, "heads is 0", *self.explain("--pick", 2, "--heads", 0))
        self.write("good.tsv", table([("the film is good",)], header=("text",)))
        self.refused(2, "needs labels", *self.explain("--pick", "wrong", task="classification", data="good.tsv", model=GOLDEN / "bert-tiny/model"))
        self.done(*self.explain("--pick", 2))
        self.refused(2, "explain.json", *self.explain("--pick", 2), hint="--force")
        document = json.loads((self.folder / "seen/explain.json").read_text())
        document["examples"][0]["heads"][0]["asked"].pop()
        (self.folder / "seen/explain.json").write_text(json.dumps(document))
        self.refused(2, r"seen/explain.json: 'examples\[0\].heads\[0\].asked' has", "report", "seen", "-o", "x.html")
        edit_json(self.folder / "seen/explain.json", schema="hies.explain/7")
        self.refused(3, "hies.explain/7", "report", "seen", "-o", "x.html")


if __name__ == "__main__":
    unittest.main()
