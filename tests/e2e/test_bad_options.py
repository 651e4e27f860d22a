"""Options, scores and plans that are wrong."""

import json
import unittest

from program import GOLDEN, ProgramTest

MODEL = GOLDEN / "bert-tiny/model"


class BadOptions(ProgramTest):
    def test_unknown_option(self):
        self.refused(2, "unknown option '--ratoi'", *self.prune(MODEL, None, "--ratoi", 0.3), hint="'--ratio'")
        self.refused(2, "unknown option '--heds'", "plan", "scores.json", "--heds=3", hint="'--heads'")
        self.refused(2, "unknown option '-x'", "inspect", MODEL, "-x")
        self.refused(2, "unknown option '--versoin'", "--versoin", hint="'--version'")

    def test_unknown_command(self):
        self.refused(2, "unknown command 'prnue'", "prnue", hint="'prune'")
        self.refused(2, "unknown command 'x'", "x", hint="hies --help")

    def test_missing_and_unexpected(self):
        self.refused(2, "MODEL is missing", "inspect", hint="hies inspect MODEL")
        self.refused(2, "--task is missing", "score", MODEL, "--calib", self.data)
        self.refused(2, "--output is missing", "prune", MODEL, "--plan", "plan.json")
        self.refused(2, "unexpected argument 'other'", "inspect", MODEL, "other")
        self.refused(2, "--calib needs a value", "score", MODEL, "--task", "sst2", "--calib")
        self.refused(2, "--seed is given 2 times", *self.score(MODEL, None, "--seed", 1, "--seed", 2))

    def test_numbers(self):
        self.refused(2, "--ratio abc: not a number", *self.prune(ratio="abc"))
        self.refused(2, "--examples 3.5: not a whole number", *self.score(MODEL, None, "--examples", 3.5))
        self.refused(2, "--seed -1: not a whole number of 0 or more", *self.score(MODEL, None, "--seed", -1))
        self.refused(2, "--heads 99999999999999999999: too large", "plan", "s.json", "--heads", "99999999999999999999")
        self.refused(2, "--threads is -2", *self.score(MODEL, None, "--threads", -2))
        self.refused(2, "--tokens is nan", "inspect", MODEL, "--tokens", "nan")

    def test_ranges(self):
        self.done(*self.score())
        for ratio in ("-0.1", "1.5", "nan", "inf"):
            self.refused(2, f"ratio is {ratio}", "plan", "scores.json", "--ratio", ratio, "-o", "plan.json")
            self.refused(2, f"ratio is {ratio}", *self.prune(ratio=ratio))
        for alpha in ("-0.1", "1.5", "nan"):
            self.refused(2, f"alpha is {alpha}", "plan", "scores.json", "--ratio", 0.5, "--alpha", alpha, "-o", "plan.json")
            self.refused(2, f"alpha is {alpha}", *self.prune(MODEL, None, "--alpha", alpha))

    def test_refused_before_long_work(self):
        """Checks that the program refuses before it reads even the data file."""
        self.refused(2, "ratio is 2", *self.prune(MODEL, "nothing.tsv", ratio=2))
        self.refused(2, "alpha is 2", *self.prune(MODEL, "nothing.tsv", "--alpha", 2))
        for option, value in (("latency-seconds", "nan"), ("latency-rounds", 0), ("stability-tolerance", 2), ("batch-tokens", 0)):
            self.refused(2, f"{option} is {value}", *self.prune(MODEL, None, "--eval", "nothing.tsv", f"--{option}", value))
            self.refused(2, f"{option} is {value}", "eval", MODEL, "--task", "classification", "--data", "nothing.tsv",
                         f"--{option}", value)

    def test_names(self):
        self.refused(2, "unknown method 'hise'", *self.prune(MODEL, None, "--method", "hise"), hint="hies")
        self.refused(2, "loss 'kl' is not offered", *self.score(MODEL, None, "--loss", "kl"), hint="gradient")
        self.refused(2, "granularity", *self.score(MODEL, None, "--granularity", "row"))
        self.refused(2, "order", *self.score(MODEL, None, "--order", "sorted"))
        self.refused(2, "float8", *self.score(MODEL, None, "--dtype", "float8"))
        self.refused(2, "table", *self.score(MODEL, None, "--tables", "his,entropy"))
        self.refused(2, "normal", *self.prune(MODEL, None, "--normalise", "both"))

    def test_budgets(self):
        self.refused(2, "budget", *[word for word in self.prune() if word not in ("--ratio", 0.5)])
        self.refused(2, "--ratio and --heads", *self.prune(MODEL, None, "--heads", 3))
        self.refused(2, "heads is 13", *self.words("--heads", 13))
        self.refused(2, "protect", *self.prune(MODEL, None, "--protect", "0-1"))
        self.refused(2, "7", *self.prune(MODEL, None, "--protect", "0:7"))
        self.refused(2, "9", *self.prune(MODEL, None, "--min-heads-per-layer", 1, ratio=1))

    def words(self, *budget):
        return ["prune", MODEL, "--task", "classification", "--calib", self.data, "-o", "smaller", *budget]

    def test_plan_decides_alone(self):
        self.refused(2, "--plan and --ratio exclude each other", "prune", MODEL, "--plan", "p.json", "--ratio", 0.3, "-o", "smaller")
        self.refused(2, "not said", "prune", MODEL, "-o", "smaller", hint="--plan")

    def test_scores_of_another_model(self):
        self.done(*self.score(GOLDEN / "bert-v4-pruned/model", None, "--loss", "logit-norm", task=self.task_of("bert-v4-pruned")))
        self.done("plan", "scores.json", "--heads", 1, "-o", "plan.json")
        self.refused(2, "plan.json", "prune", MODEL, "--plan", "plan.json", "-o", "smaller")
        self.refused(2, "plan.json", *self.evaluate(MODEL, None, "--plan", "plan.json"))

    def task_of(self, name):
        problem = self.json("inspect", GOLDEN / name / "model")["problem"]
        return "regression" if problem == "regression" else "classification"

    def test_broken_scores(self):
        self.write("scores.json", "{}")
        self.refused(2, "scores.json", "plan", "scores.json", "--ratio", 0.5, "-o", "plan.json")
        self.write("scores.json", '{"schema": "hies.scores/9"}')
        self.refused(3, "hies.scores/9", "plan", "scores.json", "--ratio", 0.5, "-o", "plan.json")
        self.refused(4, "nothing.json", "plan", "nothing.json", "--ratio", 0.5, "-o", "plan.json")

    def test_method_needs_a_table(self):
        self.done(*self.score(MODEL, None, "--tables", "l2"))
        self.refused(2, "needs table", "plan", "scores.json", "--ratio", 0.5, "-o", "plan.json", hint="`hies score` again with --tables")

    def plan(self, model, pruned, **more):
        document = {"schema": "hies.plan/1", "model": {"hash": self.json("inspect", model)["hash"]}, "units": "head", "pruned": pruned}
        return self.write("plan.json", json.dumps({**document, **more}))

    def test_plan_of_heads_that_are_not_there(self):
        for pruned in ({"0": [4]}, {"3": [0]}, {"0": [-1]}, {"x": [0]}, {"0": ["a"]}, {"0": [1, 1]}):
            self.plan(MODEL, pruned)
            self.refused(2, "plan.json", "prune", MODEL, "--plan", "plan.json", "-o", "smaller")

    def test_plan_of_heads_that_are_removed_already(self):
        self.plan(MODEL, {"0": [1]})
        self.done("prune", MODEL, "--plan", "plan.json", "-o", "smaller")
        self.plan(self.folder / "smaller", {"0": [1]})
        self.refused(2, "head 1 of layer 0 is already removed", "prune", "smaller", "--plan", "plan.json", "-o", "smallest")

    def test_plan_of_another_version(self):
        self.plan(MODEL, {"0": [1]}, schema="hies.plan/3")
        self.refused(3, "hies.plan/3", "prune", MODEL, "--plan", "plan.json", "-o", "smaller")

    def test_shard_size(self):
        for size in ("5 apples", "5", "5B"):
            self.refused(2, "max-shard-size is '" + size, *self.prune(MODEL, None, "--max-shard-size", size), hint="a unit")


class Outputs(ProgramTest):
    def test_existing(self):
        (self.folder / "smaller").mkdir()
        self.refused(2, "smaller exists already", *self.prune(), hint="--force")
        self.write("smaller/notes.txt", "mine")
        self.refused(2, "smaller.*not a checkpoint", *self.prune(MODEL, None, "--force"))
        for output in ("scores.json", "plan.json", "map.svg"):
            self.write(output, "old")
        self.refused(2, "scores.json exists already", *self.score())
        self.refused(2, "map.svg exists already", *self.score(MODEL, None, "--svg", "map.svg", output="s.json"))
        self.done(*self.score(output="s.json"))
        self.refused(2, "plan.json exists already", "plan", "s.json", "--ratio", 0.5, "-o", "plan.json")
        self.refused(2, "plan.json exists already", *self.evaluate(MODEL, None, "--predictions", "plan.json"))

    def test_force_spares_what_is_read(self):
        model = self.golden()
        self.refused(2, "--output model/ would overwrite MODEL", *self.prune("model", None, "--force", output="model/"), hint="another")
        self.refused(2, "--output . would overwrite MODEL", *self.prune("model", None, "--force", output="."))
        self.refused(2, "would overwrite --calib", *self.score(model, None, "--force", output="data.tsv"))
        self.refused(2, "would overwrite --data", *self.evaluate(model, None, "--force", "--predictions", self.folder / "data.tsv"))
        self.done(*self.score(model))
        self.refused(2, "would overwrite SCORES", "plan", "scores.json", "--ratio", 0.5, "--force", "-o", "./scores.json")

    def test_one_name_for_two_outputs(self):
        self.refused(2, "--output and --svg name the same file", *self.score(MODEL, None, "--svg", "./scores.json"))
        self.refused(2, "--output and --predictions", *self.evaluate(MODEL, None, "-o", "new", "--predictions", "new"))
        self.refused(2, "--output and --svg", *self.prune(MODEL, None, "--svg", "smaller"))

    def test_not_writable(self):
        for output in ("nowhere/deep", "data.tsv/inside", "/proc/hies"):
            self.refused(4, output, *self.score(output=output))
            self.refused(4, output, *self.prune(output=output))
            self.refused(4, output, *self.evaluate(MODEL, None, "-o", output))


if __name__ == "__main__":
    unittest.main()
