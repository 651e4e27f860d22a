"""Every command, from its command line."""

import json
import os
import subprocess
import unittest

from program import BIN, EXAMPLES, GOLDEN, ProgramTest, heads_of

MODEL = GOLDEN / "bert-tiny/model"


class Lists(ProgramTest):
    def test_help_fits_a_screen(self):
        lines = self.done("--help").stdout.splitlines()
        self.assertLessEqual(len(lines), 24)
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertEqual(self.done().stdout.splitlines(), lines)

    def test_help_of_each_command(self):
        listed = [line.split()[0] for line in self.done("--help").stdout.splitlines() if line.startswith("  ") and line[2] != "h"]
        self.assertEqual(listed, ["inspect", "score", "plan", "search", "prune", "refit", "export", "latency-table", "eval", "sweep", "report", "explain", "bench", "make-checkpoint", "tasks", "methods", "models"])
        for command in listed:
            text = self.done(command, "--help").stdout
            self.assertLessEqual(max(map(len, text.splitlines())), 100)
            self.assertIn(f"usage: hies {command}", text)
            self.assertRegex(text, rf"Examples?:\n  hies {command}")
        self.assertIn("KL", self.done("score", "--help").stdout)
        self.assertRegex(self.done("score", "--help").stdout, r"--examples N .*\(default: 32\)")
        self.assertRegex(self.done("eval", "--help").stdout, r"--examples N .*\(default: all\)")

    def test_version(self):
        self.assertRegex(self.done("--version").stdout, r"^hies \d+\.\d+\.\d+\n$")

    def test_json_ends_with_one_line_end(self):
        for words in (["tasks"], ["methods"], ["models"], ["inspect", MODEL], self.score(), ["plan", "scores.json", "--ratio", 0.5],
                      self.prune(), self.evaluate()):
            self.assertRegex(self.done(*words, "--json").stdout, r"[\]}]\n\Z")

    def test_registries(self):
        for command, names in {"tasks": ["sst2", "stsb", "regression"], "methods": ["hies", "random", "pseudo-label"],
                               "models": ["bert", "roberta", "distilbert"]}.items():
            text = self.done(command).stdout
            listed = json.dumps(self.json(command))
            for name in names:
                self.assertIn(f"\n{name} ", text)
                self.assertIn(f'"name": "{name}"' if command != "models" else f'"model_type": "{name}"', listed)


class MakeCheckpoint(ProgramTest):
    def test_made_and_inspected(self):
        words = ["make-checkpoint", "--family", "llama", "--layers", 3, "--heads", 8, "--kv-heads", 2, "--dtype", "float32"]
        made = self.json(*words, "-o", "made")
        self.assertEqual(made["schema"], "hies.made/1")
        self.assertEqual(made["tensor_bytes"], 4 * made["parameters"])
        report = self.json("inspect", "made")
        self.assertEqual(report["parameters"], made["parameters"])
        self.assertEqual([(len(layer["heads"]), len(layer["kv_heads"])) for layer in report["layers"]], [(8, 2)] * 3)

    def test_pruned_by_a_plan_written_by_hand(self):
        self.done("make-checkpoint", "--heads", 8, "--kv-heads", 2, "-o", "made")
        plan = {"schema": "hies.plan/1", "model": {"hash": self.json("inspect", "made")["hash"]}, "units": "kv-group"}
        self.write("plan.json", json.dumps(plan | {"pruned": {"0": [0, 1, 2, 3], "1": [4, 5, 6, 7]}}))
        self.assertIn("fits transformers, ", self.done("prune", "made", "--plan", "plan.json", "--target", "vllm", "-o", "small").stdout)
        self.write("part.json", json.dumps(plan | {"pruned": {"0": [0, 1]}}))
        self.refused(2, "KV head 0 in layer 0", "prune", "made", "--plan", "part.json", "-o", "no")
        self.write("short.json", json.dumps(plan | {"units": "head", "pruned": {"0": [0, 1, 4, 5]}}))
        self.refused(2, "vllm cannot take this plan", "prune", "made", "--plan", "short.json", "--target", "vllm", "-o", "no")
        self.write("head.json", json.dumps(plan | {"units": "head", "pruned": {"0": [0, 1]}}))
        # KV head 0 keeps heads 2 and 3, KV head 1 has four: two padding heads.
        self.assertIn("2 of them are kept as zeros", self.done("prune", "made", "--plan", "head.json", "-o", "padded").stdout)
        self.assertEqual([layer["dead"] for layer in self.json("inspect", "padded")["layers"]], [[0, 1], []])


class Inspect(ProgramTest):
    def test_counts(self):
        report = self.json("inspect", MODEL, "--tokens", 10)
        self.assertEqual([len(layer["heads"]) for layer in report["layers"]], [4, 4, 4])
        self.assertEqual(report["heads"], 12)
        self.assertEqual(report["parameters"], (MODEL / "model.safetensors").stat().st_size // 4 - self.header_floats())
        self.assertTrue(report["task_head"])

    def header_floats(self):
        length = int.from_bytes((MODEL / "model.safetensors").read_bytes()[:8], "little")
        return (8 + length) // 4

    def test_table(self):
        text = self.done("inspect", MODEL).stdout
        self.assertRegex(text, r"(?m)^ *0 +4 +4 +4 +16 ")
        self.assertRegex(text, r"(?m)^total +12 +12 ")
        self.assertIn("bad, fair, good", text)
        self.assertRegex(text, r"hash +[0-9a-f]{32}\n")
        self.assertNotIn("zeroed", text)

    def test_tokens_fit_the_model(self):
        positions = self.json("inspect", MODEL)["positions"]
        self.assertLess(positions, 128)
        self.assertEqual(self.json("inspect", MODEL)["tokens"], positions)
        self.assertEqual(self.json("inspect", EXAMPLES / "demo-sst2")["tokens"], 128)
        self.assertEqual(self.json("inspect", MODEL, "--tokens", 7)["tokens"], 7)

    def test_a_path_that_is_not_utf8(self):
        name = b"caf\xe9"
        os.symlink(MODEL, os.fsencode(self.folder) + b"/" + name)
        for words in (["inspect", os.fsdecode(name), "--json"], [*self.score(os.fsdecode(name)), "--json"]):
            result = subprocess.run([BIN, *map(os.fsencode, map(str, words))], cwd=self.folder, capture_output=True)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("caf\ufffd", json.dumps(json.loads(result.stdout), ensure_ascii=False))


class Steps(ProgramTest):
    """Runs score, plan, prune and eval, one after the other."""

    def test_steps_and_one_go_agree(self):
        score = self.json(*self.score())
        self.assertEqual(score, json.loads((self.folder / "scores.json").read_text()))
        self.assertEqual([site["units"] for site in score["sites"] if site["kind"] == "attention"], ["0-3"] * 3)
        plan = self.json("plan", "scores.json", "--ratio", 0.5, "-o", "plan.json", "--svg", "map.svg")
        self.assertEqual(sum(map(len, heads_of(plan["removed"]).values())), 6)
        steps = self.json("prune", MODEL, "--plan", "plan.json", "-o", "by-steps")
        self.assertEqual(steps["plan"]["removed"], plan["removed"])
        self.assertIsNone(steps["match"])
        one_go = self.json(*self.prune(MODEL, None, "--eval", self.data, "--latency-seconds", 0))
        self.assertEqual(one_go["plan"]["removed"], plan["removed"])
        self.assertEqual(one_go["match"]["different_answers"], 0)
        self.assertLess(one_go["match"]["largest_difference"], 1e-4 * one_go["match"]["largest_logit"])
        self.assertEqual((self.folder / "by-steps/model.safetensors").read_bytes(),
                         (self.folder / "smaller/model.safetensors").read_bytes())

        layers = self.json("inspect", "smaller")["layers"]
        self.assertEqual({str(i): layer["pruned"] for i, layer in enumerate(layers) if layer["pruned"]}, heads_of(plan["removed"]))
        masked = self.json(*self.evaluate(MODEL, None, "--plan", "plan.json", "--predictions", "masked.tsv"))
        smaller = self.json(*self.evaluate("smaller", None, "--reference", MODEL, "-o", "result.json"))
        self.assertEqual(smaller, json.loads((self.folder / "result.json").read_text()))
        self.assertEqual(smaller["metrics"], masked["metrics"])
        self.assertEqual(smaller["stability"], masked["stability"])
        self.assertEqual(smaller["metrics"], one_go["evaluation"]["metrics"])
        self.assertLess(smaller["cost"]["parameters"], smaller["reference"]["cost"]["parameters"])
        self.assertEqual(len((self.folder / "masked.tsv").read_text().splitlines()), 9)
        # A pruned checkpoint is an ordinary input.
        again = self.json(*self.prune("smaller", None, ratio=0.5, output="smallest"))
        self.assertEqual(sum(map(len, heads_of(again["plan"]["removed"]).values())), 3)
        self.assertEqual(self.json("inspect", "smallest")["heads"], 3)

    def test_tables_and_maps(self):
        text = self.done(*self.score(MODEL, None, "--svg", "map.svg")).stdout
        self.assertRegex(text, r"(?m)^layer 2 +.*\d.*\d.*\d.*\d$")
        svg = (self.folder / "map.svg").read_text()
        self.assertTrue(svg.startswith("<svg xmlns=") and svg.endswith("</svg>\n"))
        text = self.done(*self.prune(MODEL, None, "--eval", self.data, "--latency-seconds", 0.1, "--svg", "cut.svg")).stdout
        self.assertEqual(text.count("×") >= 7, True, text)  # six heads, and the legend
        for row in ["accuracy", "stability", "parameters", "FLOPs per example", "bytes on disk", "latency per example"]:
            self.assertRegex(text, rf"(?m)^{row}\b")
        self.assertIn("no answers differ", text)
        self.assertEqual((self.folder / "cut.svg").read_text().count('class="cross"'), 7)
        self.assertEqual(self.done("inspect", "smaller").stdout.count(" 16 "), 3)
        self.assertIn("·", self.done(*self.score("smaller", None, output="again.json")).stdout)

    def test_every_method(self):
        self.done(*self.score(MODEL, None, "--tables", "his,ae,fisher,l2,l2-out,second-order,wanda,minitron,contribution,taylor"))
        for method in [entry["name"] for entry in self.json("methods")["methods"]]:
            plan = self.json("plan", "scores.json", "--method", method, "--heads", 5)
            self.assertEqual(sum(map(len, heads_of(plan["removed"]).values())), 5, method)
            self.done(*self.prune(MODEL, None, "--method", method, "--force"))

    def test_budgets(self):
        self.done(*self.score())
        for words in [("--params-ratio", 0.05, "--preset", "paper"), ("--flops-ratio", 0.1, "--method", "hies"), ("--ratio", 0.25, "--uniform")]:
            self.assertTrue(self.json("plan", "scores.json", *words)["removed"], words)
        spared = heads_of(self.json("plan", "scores.json", "--ratio", 0.5, "--protect", "0:0,2:3", "--min-heads-per-layer", 1)["removed"])
        self.assertNotIn(0, spared.get("0", []))
        self.assertNotIn(3, spared.get("2", []))
        self.assertTrue(all(len(heads) <= 3 for heads in spared.values()))

    def test_without_labels(self):
        texts = self.write("plain.txt", "the film is good\nit was bad\nnot this film\n")
        scores = self.json(*self.score(MODEL, texts, "--loss", "pseudo-label"))
        self.assertEqual(scores["calibration"]["examples"], 3)
        self.assertEqual(self.json(*self.evaluate(MODEL, texts))["metrics"], {})

    def test_quiet_and_force(self):
        self.assertEqual(self.done(*self.score(MODEL, None, "--quiet")).stdout, "")
        # Without a file, standard output is the only result.
        self.assertIn("removes 6 of 12 heads", self.done("plan", "scores.json", "--ratio", 0.5, "--quiet").stdout)
        self.assertIn("accuracy", self.done(*self.evaluate(MODEL, None, "--quiet")).stdout)
        self.refused(2, "scores.json exists already", *self.score(), hint="--force")
        self.done(*self.score(MODEL, None, "--force", "--seed", 1))

    def test_keep_shapes(self):
        self.done(*self.prune(MODEL, None, "--keep-shapes"))
        size = (MODEL / "model.safetensors").stat().st_size
        self.assertLess(abs((self.folder / "smaller/model.safetensors").stat().st_size - size), 512)
        # No head is removed, but inspect shows which are zero.
        zeroed = {str(i): layer["zeroed"] for i, layer in enumerate(self.json("inspect", "smaller")["layers"]) if layer["zeroed"]}
        block = json.loads((self.folder / "smaller/config.json").read_text())["hies"]
        self.assertEqual(zeroed, heads_of(block["history"][0]["removed"]))
        self.assertEqual(zeroed, heads_of(block["zeroed"]))
        self.assertEqual(sum(map(len, zeroed.values())), 6)
        self.assertRegex(self.done("inspect", "smaller").stdout, r"(?m)^zeroed heads +6, ")
        self.assertRegex(self.done(*self.prune("smaller", None, output="again")).stderr, "warning: 6 of the 12 heads of smaller are zero already")

    def test_shards(self):
        self.done(*self.prune(MODEL, None, "--max-shard-size", "100KB"))
        self.assertTrue((self.folder / "smaller/model.safetensors.index.json").is_file())
        self.assertEqual(self.json("inspect", "smaller")["heads"], 6)

    def test_example_of_the_readme(self):
        result = self.json("prune", EXAMPLES / "demo-sst2", "--task", "sst2", "--calib", EXAMPLES / "reviews-calibration.tsv", "--ratio",
                           0.3, "-o", "smaller", "--eval", EXAMPLES / "reviews-evaluation.tsv", "--latency-seconds", 0.2)
        self.assertEqual(result["match"]["different_answers"], 0)
        self.assertGreater(result["evaluation"]["stability"], 0.9)


if __name__ == "__main__":
    unittest.main()
