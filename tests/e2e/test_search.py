"""Searches for masks, from the command line."""

import json
import signal
import subprocess
import time
import unittest

from program import BIN, EXAMPLES, ProgramTest, heads_of
from small_llama import TEXT, make_llama

MODEL = EXAMPLES / "demo-sst2"
CALIB, DATA = EXAMPLES / "reviews-calibration.tsv", EXAMPLES / "reviews-evaluation.tsv"


class Search(ProgramTest):
    def search(self, *words, model=MODEL, calib=CALIB, output="found", task="sst2", examples=32, budget=("--heads", 6)):
        return ["search", model, "--task", task, "--calib", calib, "-o", output, "--examples", examples, *budget, *words]

    def plan(self, folder="found"):
        return json.loads((self.folder / folder / "plan.json").read_text())

    def journal(self, folder="found"):
        return (self.folder / folder / "evaluations.jsonl").read_text()

    def test_a_plan_that_prunes_and_refits(self):
        done = self.json(*self.search("--eval", DATA, examples=96))
        plan = self.plan()
        self.assertEqual(done, json.loads((self.folder / "found/result.json").read_text()))
        self.assertEqual(done["plan"], plan)
        self.assertEqual(plan["heads"]["removed"], 6)
        self.assertEqual(plan["method"]["method"], "fisher")
        steps = plan["search"]["steps"]
        self.assertEqual(len(steps), 6)
        self.assertEqual(steps[-1]["objective"], done["rows"]["objective"]["plan"])
        self.assertEqual(done["chosen"], "greedy")
        self.assertEqual(sorted(step["unit"] for step in steps),
                         sorted(f"attention.{layer}:{head}" for layer, heads in heads_of(plan["removed"]).items() for head in heads))
        # 9 of the 72 heads are tried at first, and no more than that in any step.
        self.assertEqual(done["candidates"], 9)
        self.assertEqual(steps[0]["evaluated"], 9)
        self.assertEqual(done["masks"]["exhaustive"], sum(range(4, 10)))
        self.assertLessEqual(done["masks"]["evaluated"], done["masks"]["exhaustive"] + 1)
        self.assertGreater(done["layer_evaluations"]["avoided_share"], 0.2)
        rows = done["rows"]
        self.assertEqual([rows[name]["examples"] for name in ("objective", "choice", "evaluation")], [96, 48, 104])
        self.assertEqual(len({rows[name]["hash"] for name in rows}), 3)
        self.assertEqual(done["chosen"], min(done["finalists"], key=lambda finalist: finalist["choice"])["name"])
        self.assertLessEqual(rows["objective"]["plan"], rows["objective"]["scores"])
        masked = self.json("eval", MODEL, "--task", "sst2", "--data", DATA, "--plan", "found/plan.json", "--latency-seconds", 0)
        self.assertEqual(masked["stability"], done["evaluation"]["stability"])
        self.done("prune", MODEL, "--plan", "found/plan.json", "-o", "smaller")
        refitted = self.json("refit", MODEL, "--task", "sst2", "--plan", "found/plan.json", "--calib", CALIB, "-o", "refitted", "--damping", 0.1)
        self.assertEqual(refitted["match"]["different_answers"], 0)
        text = self.done(*self.search("--eval", DATA, examples=96)).stdout
        for said in (r"removes 6 of 72 heads", r"search +\S+ +96 ", r"choice +\S+ +48 ", r"evaluation +\S+ +104 ", "9 of 72 units were candidates",
                     "masks were known from before", "plan in found/plan.json"):
            self.assertRegex(text, said)

    def test_the_same_search_gives_the_same_files(self):
        self.done(*self.search())
        self.done(*self.search(output="again"))
        for name in ("plan.json", "evaluations.jsonl", "search.json"):
            self.assertEqual((self.folder / "found" / name).read_bytes(), (self.folder / "again" / name).read_bytes(), name)
        self.done(*self.search("--seed", 1, output="other"))
        self.assertNotEqual(self.plan("other")["search"]["rows"], self.plan()["search"]["rows"])

    def test_every_candidate_in_every_step(self):
        done = self.json(*self.search("--width", 0, "--candidates", 0, budget=("--heads", 3)))
        self.assertEqual(done["candidates"], 72)
        self.assertEqual([step["evaluated"] for step in done["plan"]["search"]["steps"]], [72, 71, 70])
        self.assertEqual(done["certain_steps"], 3)
        # The plan of the scores is evaluated, too, unless it was a candidate.
        self.assertIn(done["masks"]["evaluated"], (72 + 71 + 70, 72 + 71 + 70 + 1))

    def test_a_stopped_search_is_resumed(self):
        self.done(*self.search())
        whole, lines = self.plan(), self.journal()
        for kept in (len(lines) // 3, len(lines) * 3 // 4):
            (self.folder / "found/evaluations.jsonl").write_text(lines[:kept])
            (self.folder / "found/plan.json").unlink()
            self.assertRegex(self.done(*self.search()).stdout, "masks were known from before")
            self.assertEqual(self.plan(), whole)
            self.assertEqual(self.journal(), lines)

    def test_interrupted(self):
        words = self.search("--width", 0, "--candidates", 0, examples=64, budget=("--heads", 8))
        self.done(*[word if word != "found" else "whole" for word in words])
        process = subprocess.Popen([BIN, *map(str, words)], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   stdin=subprocess.DEVNULL)
        journal = self.folder / "found/evaluations.jsonl"
        while process.poll() is None and not (journal.exists() and journal.stat().st_size > 0):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
        self.assertEqual((process.returncode, output), (130, ""), errors)
        self.assertRegex(errors, r"error: interrupted: \d+ evaluations are in found/evaluations.jsonl\nhint: run the same command")
        self.assertFalse((self.folder / "found/plan.json").exists())
        self.assertLess(len(self.journal()), len(self.journal("whole")))
        self.done(*words)
        self.assertEqual(self.plan(), self.plan("whole"))

    def test_when_time_is_up_the_rest_follows_from_what_is_known(self):
        stopped = self.json(*self.search("--minutes", 1e-6))
        self.assertEqual((stopped["steps"], stopped["filled"]), (0, 6))
        self.assertEqual(self.plan()["heads"]["removed"], 6)
        resumed = self.json(*self.search())
        self.assertEqual((resumed["steps"], resumed["filled"]), (6, 0))
        self.done(*self.search(output="whole"))
        self.assertEqual(self.plan(), self.plan("whole"))

    def test_how_much_each_site_keeps(self):
        words = ("--strategy", "evolve", "--sites", "attention,ffn", "--generations", 3, "--offspring", 6, "--few-examples", 8, "--refit", "attention",
                 "--damping", 0.1)
        done = self.json(*self.search(*words, budget=("--matrix-flops-ratio", 0.3)))
        self.assertEqual((done["strategy"], done["steps"], done["stopped"]), ("evolve", 3, False))
        self.assertEqual([finalist["name"] for finalist in done["finalists"]], ["evolve", "evolve 2", "evolve 3", "evolve 4", "scores"])
        self.assertEqual(done["chosen"], min(done["finalists"], key=lambda finalist: finalist["refitted"])["name"])
        self.assertLessEqual(done["finalists"][0]["objective"], done["finalists"][-1]["objective"])
        self.assertGreaterEqual(done["plan"]["matrix_flops_per_token"]["share"], 0.3)
        first = self.plan()
        self.assertRegex(self.done(*self.search(*words, budget=("--matrix-flops-ratio", 0.3))).stdout, "3 generations")
        self.assertEqual(self.plan(), first)
        self.refused(2, "--generations is 0", *self.search("--strategy", "evolve", "--generations", 0, output="x"))
        self.refused(2, "unknown --refit 'most'", *self.search("--refit", "most", output="x"))

    def test_exchanged_units(self):
        done = self.json(*self.search("--strategy", "anneal", "--anneal-steps", 5, "--search-seed", 3))
        self.assertEqual((done["strategy"], done["steps"], done["plan"]["heads"]["removed"]), ("anneal", 5, 6))
        self.assertLessEqual(done["finalists"][0]["objective"], done["finalists"][-1]["objective"])
        self.refused(2, "--temperature is -1", *self.search("--strategy", "anneal", "--temperature", -1, output="x"))
        self.refused(2, "--anneal-steps is 0", *self.search("--strategy", "anneal", "--anneal-steps", 0, output="x"))

    def test_heads_and_blocks_of_neurons(self):
        done = self.json(*self.search("--sites", "attention,ffn", budget=("--matrix-flops-ratio", 0.2)))
        share = done["plan"]["matrix_flops_per_token"]["share"]
        self.assertGreaterEqual(share, 0.2)
        self.assertLess(share, 0.22)
        self.assertGreater(done["plan"]["neurons"]["removed"], 0)
        self.assertEqual(done["plan"]["neurons"]["removed"] % 64, 0)
        self.done("prune", MODEL, "--plan", "found/plan.json", "-o", "smaller")

    def test_language_model_with_shared_keys(self):
        model = make_llama(self)
        text = self.write("text.txt", TEXT)
        done = self.json(*self.search("--context", 8, "--order", "file", "--choice-examples", 8, model=model, calib=text, task="perplexity", examples=8,
                                      budget=("--ratio", 0.34)))
        self.assertEqual(done["plan"]["units"], "kv-group")
        self.assertEqual(done["plan"]["unit_count"]["removed"], 2)
        self.assertGreater(done["rows"]["objective"]["plan"], 0)
        self.done("prune", model, "--plan", "found/plan.json", "-o", "smaller")

    def test_rows_to_choose_with_are_others(self):
        sentences = CALIB.read_text().splitlines()
        twice = self.write("twice.tsv", "\n".join([sentences[0], *sentences[1:21], *sentences[1:11], *sentences[30:40]]) + "\n")
        said = self.done(*self.search("--choice-examples", 20, "--order", "file", calib=twice, examples=20)).stderr
        self.assertRegex(said, "warning: .*10 of the 20 rows to choose with repeat")
        self.assertEqual(self.plan()["search"]["rows"]["choice"]["examples"], 10)
        said = self.done(*self.search("--eval", CALIB, output="shared")).stderr
        self.assertRegex(said, r"warning: \d+ of the 208 evaluation rows of .* are also calibration rows")

    def test_bad_input(self):
        refused = self.refused
        refused(2, "the budget is met without removing anything", *self.search(budget=("--ratio", 0)), hint="ask for more")
        refused(2, "--minutes is 0, but a search needs time", *self.search("--minutes", 0), hint="leave --minutes out")
        refused(2, "--minutes is nan", *self.search("--minutes", "nan"))
        refused(2, "has 208 rows, but 200 to search with and 100 others", *self.search(examples=200), hint="lower --examples and --choice-examples")
        refused(2, "the rows to choose with|the 4 rows to choose with repeat", *self.search(
            "--choice-examples", 4, "--order", "file", calib=self.write("same.tsv", "sentence\tlabel\n" + "a film\t1\n" * 8), examples=4))
        refused(2, "unknown --strategy 'greed'", *self.search("--strategy", "greed"), hint="did you mean 'greedy'")
        refused(2, "--width is -1", *self.search("--width", -1))
        refused(2, "--candidates is 0.5", *self.search("--candidates", 0.5), hint="1.5")
        refused(2, "--choice-examples is 0", *self.search("--choice-examples", 0))
        refused(2, "--uniform removes the same", *self.search("--uniform", budget=("--ratio", 0.5)))
        refused(2, "no budget|give one of", *self.search(budget=()))
        refused(2, "--heads is 99, but the model has only 72", *self.search(budget=("--heads", 99)))
        refused(2, "--output", "search", MODEL, "--task", "sst2", "--calib", CALIB, "--heads", 3)
        refused(2, "one budget for heads and neurons needs a method", *self.search("--sites", "attention,ffn", "--method", "his", "--loss", "logit-norm",
                                                                                   budget=("--matrix-flops-ratio", 0.3)))
        (self.folder / "full").mkdir()
        self.write("full/note.txt", "mine")
        refused(2, "is not empty and holds no search: there is note.txt", *self.search(output="full"))

    def test_another_search_is_not_resumed(self):
        self.done(*self.search())
        refused = self.refused
        refused(2, "found holds another search: --heads was 6 and is 7", *self.search(budget=("--heads", 7)), hint="another directory")
        refused(2, "--width was 16 and is 3", *self.search("--width", 3))
        refused(2, "--seed was 0 and is 1.*the hash of the objective rows", *self.search("--seed", 1))
        refused(2, "the hash of the objective rows", *self.search("--choice-examples", 16, calib=DATA))
        model = self.golden()
        refused(2, "holds another search", *self.search(model=model, task="classification", calib=self.data, examples=4))
        self.write("found/evaluations.jsonl", '{"schema":"hies.search-evaluation/1","rows":"objective","mask":"a"}\n')
        refused(2, "'value'", *self.search())
        self.write("found/evaluations.jsonl", '{"schema":"hies.record/2"}\n')
        refused(2, "hies.search-evaluation/1", *self.search())


if __name__ == "__main__":
    unittest.main()
