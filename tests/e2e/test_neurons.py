"""Feed-forward neurons beside heads, joint budgets, and refits, from the command line."""

import json
import unittest

from program import EXAMPLES, ProgramTest, read_safetensors
from small_llama import TEXT, make_llama

MODEL = EXAMPLES / "demo-sst2"
CALIB, DATA = EXAMPLES / "reviews-calibration.tsv", EXAMPLES / "reviews-evaluation.tsv"
SENTENCES = [line.split("\t")[0] for line in CALIB.read_text().splitlines()[1:]]


class Neurons(ProgramTest):
    def job(self, *words, model=MODEL, calib=CALIB, output="smaller"):
        return ["prune", model, "--task", "sst2", "--calib", calib, "-o", output, *words]

    def best_scores(self):
        self.done("score", MODEL, "--task", "sst2", "--calib", CALIB, "--preset", "best", "-o", "scores.json")
        return json.loads((self.folder / "scores.json").read_text())

    def test_half_of_the_flops_without_labels(self):
        texts = self.write("texts.txt", "\n".join(SENTENCES) + "\n")
        done = self.json(*self.job("--matrix-flops-ratio", 0.5, "--eval", DATA, "--latency-seconds", 0, calib=texts))
        plan = done["plan"]
        self.assertEqual(plan["method"]["method"], "fisher")
        self.assertEqual(plan["scores"]["options"]["loss"], "logit-norm")
        self.assertGreaterEqual(plan["matrix_flops_per_token"]["share"], 0.5)
        self.assertLess(plan["matrix_flops_per_token"]["share"], 0.51)
        self.assertGreater(plan["neurons"]["removed"], 1000)
        refit = done["refit"]
        self.assertLess(refit["divergence_after"], refit["divergence_before"])
        self.assertEqual(len(refit["sites"]), 12)
        self.assertTrue(all(site["error_after"] <= site["error_before"] for site in refit["sites"]))
        self.assertEqual(len(refit["candidates"]), 3)
        self.assertEqual(refit["damping"], min(refit["candidates"], key=lambda c: c["divergence"])["damping"])
        self.assertEqual(done["match"]["different_answers"], 0)
        self.assertLess(done["match"]["largest_difference"], 1e-4 * done["match"]["largest_logit"])
        self.assertGreater(done["evaluation"]["stability"], 0.95)
        # What was written is as small as it says, and is read again.
        size = (self.folder / "smaller/model.safetensors").stat().st_size
        self.assertLess(size, 0.75 * (MODEL / "model.safetensors").stat().st_size)
        self.assertEqual(self.json("inspect", "smaller")["parameters"], plan["parameters"]["before"] - plan["parameters"]["removed"])

    def test_presets(self):
        # A share of FLOPs means best, a share of heads the paper's method; what is given stays.
        said = self.done(*self.job("--flops-ratio", 0.1)).stderr
        self.assertIn("note: preset best", said)
        paper = self.json(*self.job("--flops-ratio", 0.02, "--preset", "paper", output="paper"))
        self.assertEqual((paper["plan"]["method"]["method"], paper["plan"]["neurons"]["removed"], paper["refit"]), ("hies", 0, None))
        self.assertNotIn("preset", self.done(*self.job("--ratio", 0.3, output="heads")).stderr)
        own = self.json(*self.job("--flops-ratio", 0.1, "--preset", "best", "--refit", "none", "--loss", "ce", output="own"))
        self.assertIsNone(own["refit"])
        self.assertEqual(own["plan"]["scores"]["options"]["loss"], "ce")
        self.assertEqual(own["plan"]["method"]["sites"], "attention,ffn")
        self.refused(2, r"a refit with \d+ tokens needs about 0\.\d+ GiB, but 0.54 may be used", *self.job("--flops-ratio", 0.1, "--memory", "550MiB", output="x"),
                     hint="lower --refit-examples")
        self.refused(2, "unknown preset 'bets'", *self.job("--flops-ratio", 0.1, "--preset", "bets", output="x"), hint="best")

    def test_step_by_step(self):
        scores = self.best_scores()
        self.assertNotIn("fisher", {name for name, table in scores["scores"].items() if "ffn" in table})
        header, _ = read_safetensors(self.folder / scores["neurons"]["file"])
        self.assertEqual(header["fisher.0"]["shape"], [768])
        self.done("plan", "scores.json", "--matrix-flops-ratio", 0.4, "-o", "plan.json")
        self.assertEqual(self.json("plan", "scores.json", "--matrix-flops-ratio", 0.4)["removed"],
                         json.loads((self.folder / "plan.json").read_text())["removed"])
        refitted = self.json("refit", MODEL, "--task", "sst2", "--plan", "plan.json", "--calib", CALIB, "-o", "refitted", "--damping", 0.01)
        self.assertEqual(refitted["refit"]["damping"], 0.01)
        self.assertGreater(refitted["refit"]["heldout"], 0)
        masked = self.json("eval", MODEL, "--task", "sst2", "--data", DATA, "--plan", "plan.json", "--latency-seconds", 0)
        self.done("prune", MODEL, "--plan", "plan.json", "-o", "cut")
        cut = self.json("eval", "cut", "--task", "sst2", "--data", DATA, "--latency-seconds", 0)
        self.assertEqual(cut["metrics"], masked["metrics"])
        # Rows to fit with need no labels.
        texts = self.write("texts.txt", "\n".join(SENTENCES) + "\n")
        unlabelled = self.json("refit", MODEL, "--task", "sst2", "--plan", "plan.json", "--calib", texts, "-o", "unlabelled", "--damping", 0.01)
        self.assertEqual([site["error_after"] for site in unlabelled["refit"]["sites"]], [site["error_after"] for site in refitted["refit"]["sites"]])
        # The same tensors have the same shapes with and without a refit.
        shapes = [{name: entry["shape"] for name, entry in read_safetensors(self.folder / folder / "model.safetensors")[0].items()
                   if name != "__metadata__"} for folder in ("cut", "refitted")]
        self.assertEqual(*shapes)

    def test_blocks_and_shares_of_each_site(self):
        self.best_scores()
        blocks = self.json("plan", "scores.json", "--matrix-flops-ratio", 0.3, "--ffn-multiple", 64)["removed"]["ffn"]
        for ranges in blocks.values():
            neurons = sum(int(part.split("-")[-1]) - int(part.split("-")[0]) + 1 for part in ranges.split(","))
            self.assertEqual(neurons % 64, 0)
        both = self.json("plan", "scores.json", "--method", "fisher", "--sites", "attention,ffn", "--ratio", 0.25, "--ffn-ratio", 0.5)
        self.assertEqual((both["heads"]["removed"], both["neurons"]["removed"]), (18, 2304))
        self.assertEqual(self.json("plan", "scores.json", "--method", "fisher", "--ratio", "attention=0.25,ffn=0.5")["removed"], both["removed"])
        kept = self.json("plan", "scores.json", "--matrix-flops-ratio", 0.5, "--min-neurons-per-layer", 300, "--protect", "ffn:0:0-99")
        self.assertFalse(kept["removed"]["ffn"].get("0", "x").startswith("0"))

    def test_each_site_by_its_own_method(self):
        self.done("score", MODEL, "--task", "sst2", "--calib", CALIB, "--tables", "his,ae,fisher", "--sites", "attention,ffn", "-o", "all.json")
        both = self.json("plan", "all.json", "--method", "attention=hies,ffn=fisher", "--ratio", "attention=0.25,ffn=0.5")
        heads = self.json("plan", "all.json", "--method", "hies", "--ratio", 0.25)
        neurons = self.json("plan", "all.json", "--method", "ffn=fisher", "--ratio", "ffn=0.5")
        self.assertEqual(both["removed"], {**heads["removed"], **neurons["removed"]})
        self.assertEqual((both["method"]["method"], both["method"]["ffn_method"]), ("hies", "fisher"))
        pruned = self.json(*self.job("--method", "attention=hies,ffn=fisher", "--ratio=attention=0.25,ffn=0.5", "--eval", DATA, "--latency-seconds", 0))
        self.assertEqual((pruned["plan"]["heads"]["removed"], pruned["plan"]["neurons"]["removed"]), (18, 2304))
        self.assertEqual(pruned["match"]["different_answers"], 0)
        for words, message, hint in [
            (("--ratio", "heads=0.3"), "--ratio: 'heads=0.3' is not attention=… or ffn=…", "--ratio attention=…,ffn=…"),
            (("--ratio", "attention=0.3,attention=0.2"), "--ratio names attention twice", "ffn=…"),
            (("--ratio", "attention=0.3,ffn=many"), "--ffn-ratio many: not a number", None),
            (("--ratio", "0.3", "--method", "ffn=hies"), "method hies has no value for a neuron", "fisher"),
            (("--flops-ratio", "0.3", "--method", "attention=hies,ffn=fisher"), "one budget for heads and neurons needs a method", "--ffn-ratio"),
        ]:
            self.refused(2, message, *self.job(*words, output="x"), hint=hint)

    def test_uniform_shares_of_flops(self):
        done = self.json(*self.job("--matrix-flops-ratio", 0.4, "--uniform", "--ffn-multiple", 32, "--eval", DATA, "--latency-seconds", 0))
        widths = {len(self.numbers(ranges)) for ranges in done["plan"]["removed"]["ffn"].values()}
        self.assertEqual(len(widths), 1)
        self.assertIn("transformers", done["plan"]["fits"])
        config = json.loads((self.folder / "smaller/config.json").read_text())
        self.assertEqual(config["intermediate_size"], 768 - widths.pop())
        self.assertEqual(config["intermediate_size"] % 32, 0)
        self.assertNotIn("pruned_heads", config)

    def test_stages(self):
        one = self.json(*self.job("--matrix-flops-ratio", 0.5, output="one"))
        halves = self.json(*self.job("--matrix-flops-ratio", 0.25, output="half"))
        two = self.json(*self.job("--matrix-flops-ratio", 0.5, "--stages", 2, "--eval", DATA, "--latency-seconds", 0, output="two"))
        self.assertEqual(two["plan"]["stages"], 2)
        self.assertGreaterEqual(two["plan"]["matrix_flops_per_token"]["share"], 0.5)
        self.assertEqual(two["match"]["different_answers"], 0)
        self.assertNotEqual(two["plan"]["removed"], one["plan"]["removed"])  # the second half has scores of its own
        for kind, layers in halves["plan"]["removed"].items():
            for layer, ranges in layers.items():
                self.assertLessEqual(set(self.numbers(ranges)), set(self.numbers(two["plan"]["removed"][kind][layer])))
        readme = (self.folder / "two/README.md").read_text()
        self.assertIn("Attention heads and neurons removed", readme)
        self.assertRegex(readme, r"Refitted: 12 output matrices, by least squares on \d+ rows \(\d+ tokens\) of `reviews-calibration.tsv`")
        self.refused(2, "--stages is 0", *self.job("--ratio", 0.5, "--stages", 0, output="x"))
        # Without a refit the masked model is scored again, also by methods that mix entropies in.
        heads = self.json(*self.job("--ratio", 0.5, "--stages", 3, output="heads"))
        self.assertEqual(heads["plan"]["heads"]["removed"], 36)
        third = self.json(*self.job("--ratio", 0.5 / 3, output="third"))
        for layer, ranges in third["plan"]["removed"]["attention"].items():
            self.assertLessEqual(set(self.numbers(ranges)), set(self.numbers(heads["plan"]["removed"]["attention"][layer])))

    def numbers(self, ranges):
        ends = [[int(end) for end in part.split("-")] for part in ranges.split(",")]
        return [number for part in ends for number in range(part[0], part[-1] + 1)]

    def test_bad_input(self):
        self.best_scores()
        self.refused(2, "method hies has no value for a neuron", *self.job("--flops-ratio", 0.2, "--method", "hies", "--sites", "attention,ffn", output="x"),
                     hint="fisher")
        self.refused(2, "one budget for heads and neurons needs a method",
                     *self.job("--flops-ratio", 0.2, "--method", "his", "--sites", "attention,ffn", output="x"), hint="--ffn-ratio")
        self.refused(2, "--matrix-flops-ratio.* is 0.99, but all units that can be removed hold",
                     *self.job("--matrix-flops-ratio", 0.99, "--min-neurons-per-layer", 100, output="x"), hint="at most 0.9")
        self.refused(2, "a refit needs rows", "prune", MODEL, "--task", "sst2", "--plan", "scores.json", "--refit", "all", "-o", "x", hint="--calib")
        self.refused(2, "unknown --refit 'most'", *self.job("--flops-ratio", 0.2, "--refit", "most", output="x"), hint="attention, all")
        self.refused(2, "--damping is 0", *self.job("--flops-ratio", 0.2, "--damping", 0, output="x"))
        self.refused(2, "without held-out rows", *self.job("--flops-ratio", 0.2, "--refit-heldout", 0, output="x"), hint="--damping")
        self.refused(2, "--granularity token is of heads", "score", MODEL, "--task", "sst2", "--calib", CALIB, "--preset", "best", "--granularity", "token")
        self.refused(2, "--ffn-multiple is 0", "plan", "scores.json", "--flops-ratio", 0.2, "--ffn-multiple", 0)
        self.refused(2, "method his needs table 'his'", "plan", "scores.json", "--method", "his", "--sites", "ffn", "--ffn-ratio", 0.2)
        self.done("score", MODEL, "--task", "sst2", "--calib", CALIB, "-o", "heads.json")
        self.refused(2, "heads.json has no table 'fisher'", "plan", "heads.json", "--matrix-flops-ratio", 0.5, hint="--preset best")
        self.done("score", MODEL, "--task", "sst2", "--calib", CALIB, "--tables", "fisher", "-o", "fisher.json")
        self.refused(2, "the scores have no values of neurons", "plan", "fisher.json", "--matrix-flops-ratio", 0.5, hint="--sites")
        (self.folder / "scores.neurons.safetensors").write_bytes(b"0" * 64)
        self.refused(2, "is not the file that was written with", "plan", "scores.json", "--matrix-flops-ratio", 0.5, hint="score the model again")
        one = self.write("one.txt", SENTENCES[0] + "\n")
        self.refused(2, "has 1 rows, too few", *self.job("--flops-ratio", 0.2, calib=one, output="x"))

    def test_refit_has_rows_of_its_own(self):
        others = self.write("others.txt", "\n".join(SENTENCES[:60]) + "\n")  # no labels, although the scores need them
        job = self.job("--ratio", 0.3, "--refit-calib", others, "--refit-examples", 40, "--refit-heldout", 20)
        done = self.json(*job, "--refit", "all")
        self.assertEqual(done["refit"]["examples"], 40)
        self.assertEqual(done["plan"]["scores"]["options"]["examples"], 32)
        self.assertIn("40 rows", (self.folder / "smaller/README.md").read_text())
        self.assertIn("`others.txt`", (self.folder / "smaller/README.md").read_text())
        self.refused(2, "--refit-calib names rows for a refit alone", *job, "--force", hint="--refit attention or all")
        self.done("plan", self.write("s.json", self.done(*self.scores_of_heads()).stdout), "--ratio", 0.1, "-o", "plan.json")
        self.refused(2, "--refit-calib names rows for a refit alone", "prune", MODEL, "--task", "sst2", "--calib", CALIB, "--plan", "plan.json",
                     "--refit", "all", "--refit-calib", others, "-o", "x", hint="--calib is what the refit takes")
        # Three rows, and next to no damping: what they say of others is wrong.
        said = self.done(*self.job("--matrix-flops-ratio", 0.3, "--refit-calib", others, "--refit-examples", 3, "--refit-heldout", 40,
                                   "--damping", "1e-6", output="worse")).stderr
        self.assertRegex(said, "warning: the refit raised the divergence on held-out rows from .* to ")

    def scores_of_heads(self):
        return ["score", MODEL, "--task", "sst2", "--calib", CALIB, "--json"]

    def test_few_rows(self):
        few = self.write("few.txt", "\n".join(SENTENCES[:6]) + "\n")
        said = self.done(*self.job("--matrix-flops-ratio", 0.2, calib=few)).stderr
        self.assertRegex(said, r"warning: the refit has \d+ tokens, fewer than the \d+ inputs of layer 0's (attention|ffn) matrix")
        self.assertEqual(said.count("fewer than the"), 2)  # rows of the file, tokens of the fit

    def test_language_model(self):
        model = make_llama(self)
        text = self.write("text.txt", TEXT)
        # The text's own loss where neurons leave; of heads alone the norm of the logits.
        for sites, loss, refitted in (("attention,ffn", "ce", 6), ("attention", "logit-norm", 3)):
            best = self.json("prune", model, "--task", "perplexity", "--calib", text, "--context", 16, "--preset", "best", "--sites", sites,
                             "--flops-ratio", 0.05, "-o", f"best-{refitted}")
            self.assertEqual((best["plan"]["scores"]["options"]["loss"], len(best["refit"]["sites"])), (loss, refitted))
        done = self.json("prune", model, "--task", "perplexity", "--calib", text, "--context", 16, "--matrix-flops-ratio", 0.3, "-o", "smaller")
        self.assertGreater(done["plan"]["neurons"]["removed"], 0)
        self.assertGreater(done["refit"]["heldout"], 0)
        self.assertEqual(done["match"]["different_answers"], 0)
        self.assertLess(done["match"]["largest_difference"], 1e-4 * done["match"]["largest_logit"])


if __name__ == "__main__":
    unittest.main()
