"""Language models from scores to a smaller checkpoint, and errors of their inputs."""

import json
import struct
import unittest

from program import ProgramTest, edit_json, heads_of, read_safetensors, write_safetensors
from small_llama import TEXT, WORDS, give_tokenizer, make_llama


class LanguageModels(ProgramTest):
    def setUp(self):
        super().setUp()
        self.model = make_llama(self)
        self.text = self.write("text.txt", TEXT)
        self.questions = self.write("questions.jsonl", self.lines(
            *[{"query": f"the {who} {did} on", "choices": ["a mat .", "the hill"], "answer": answer}
              for who, did, answer in (("cat", "sat", 0), ("dog", "ran", 1), ("red cat", "was", "B"), ("dog", "sat", "A"))]))

    def lines(self, *rows):
        return "".join(json.dumps(row) + "\n" for row in rows)

    def windows(self, which, *more, command="eval", model=None, data=None, context=16):
        return [command, model or self.model, "--task", "perplexity", which, data or self.text, "--context", context, *more]

    def perplexity(self, *more, model=None):
        result = self.json(*self.windows("--data", "--dtype", "float64", "--latency-seconds", 0, *more, model=model))
        return result["metrics"]["perplexity"]


class Lines(LanguageModels):
    """Runs the commands of the README on a model whose query heads share keys."""

    def test_masked_is_pruned(self):
        self.done(*self.windows("--calib", "-o", "scores.json", "--quiet", command="score"))
        whole = self.perplexity()
        for number, units in enumerate(("kv-group", "even", "head")):
            plan, smaller = f"{units}.json", self.folder / units
            self.done("plan", "scores.json", "--method", "his", "--units", units, "--ratio", 0.5, "-o", plan, "--quiet")
            self.done("prune", self.model, "--plan", plan, "-o", smaller, "--quiet")
            masked, pruned = self.perplexity("--plan", plan), self.perplexity(model=smaller)
            self.assertNotAlmostEqual(masked / whole, 1, 6)
            self.assertAlmostEqual(pruned / masked, 1, 9, units)
            before, after = (sum(file.stat().st_size for file in folder.glob("*.safetensors")) for folder in (self.model, smaller))
            self.assertLess(after, before)

    def test_layers_in_turns_change_nothing(self):
        self.done(*self.windows("--calib", "-o", "all.json", "--quiet", "--batch-tokens", 64, command="score"))
        budget = self.json(*self.windows("--calib", "--batch-tokens", 64, "--memory", "513MiB", command="score"))
        self.assertEqual(json.loads((self.folder / "all.json").read_text())["scores"], budget["scores"])

    def test_questions(self):
        result = self.json("eval", self.model, "--task", "multiple-choice", "--data", self.questions, "--latency-seconds", 0)
        self.assertEqual(result["examples"], 4)
        self.assertEqual(sorted(result["metrics"]), ["acc", "acc_bytes", "acc_norm"])
        done = self.json("prune", self.model, "--task", "multiple-choice", "--calib", self.questions, "--eval", self.questions, "--ratio", 0.5,
                         "-o", "smaller")
        self.assertIsNotNone(done)
        again = self.json("eval", self.folder / "smaller", "--reference", self.model, "--task", "multiple-choice", "--data", self.questions,
                          "--latency-seconds", 0)
        self.assertTrue(0 <= again["stability"] <= 1)

    def test_sweep(self):
        self.done("sweep", "--run", f"{self.model}:perplexity:{self.text}:{self.text}", "--run",
                  f"{self.model}:multiple-choice:{self.questions}:{self.questions}", "--context", 16, "--eval-examples", 3, "-o", "study", "--methods", "random,his,hies,hies-logit,ad,l2", "--alphas", "0:1:0.5", "--ratios", "0.5", "--seeds", 2, "--random-masks", 2,
                  "--examples", 4, "--quiet")
        records = [json.loads(line) for line in (self.folder / "study/records.jsonl").read_text().splitlines()]
        for record in records:  # whole groups: the query heads 0 and 1, or 2 and 3
            self.assertTrue(all(heads in ([0, 1], [2, 3], [0, 1, 2, 3]) for heads in heads_of(record["removed"]).values()), record["removed"])
        self.assertTrue(any(record["removed"] for record in records))
        windows, questions = ([record["metrics"][name] for record in records if name in record["metrics"]] for name in ("perplexity", "acc"))
        self.assertEqual(len(windows) + len(questions), len(records))
        self.assertTrue(windows and all(value > 1 for value in windows))
        self.assertTrue(questions and all(round(3 * value, 9) in (0, 1, 2, 3) for value in questions))
        alone = self.json(*self.windows("--data", "--latency-seconds", 0, "--examples", 3))
        whole = next(record for record in records if not record["removed"] and "perplexity" in record["metrics"])
        self.assertAlmostEqual(alone["metrics"]["perplexity"], whole["metrics"]["perplexity"], 9)
        self.refused(2, "--context and --stride are for .*no run", "sweep", self.model, "--task", "multiple-choice", "--calib", self.questions, "--data",
                     self.questions, "--context", 16, "-o", "none", "--dry-run")


class BadInput(LanguageModels):
    def refuses(self, code, says, data=None, *more, **options):
        self.refused(code, says, *self.windows("--data", *more, data=data), **options)

    def refuses_question(self, says, row):
        self.refused(2, says, "eval", self.model, "--task", "multiple-choice", "--data", self.write("bad.jsonl", self.lines(row)))

    def fill(self, tensor, value):
        index = json.loads((self.model / "model.safetensors.index.json").read_text())
        path = self.model / index["weight_map"][tensor]
        header, body = read_safetensors(path)
        begin, end = header[tensor]["data_offsets"]
        write_safetensors(path, header, body[:begin] + struct.pack("<f", value) * ((end - begin) // 4) + body[end:])

    def test_context_beyond_the_positions(self):
        self.refused(2, "context is 65.*64", *self.windows("--data", context=65), hint="--context 64")

    def test_empty_documents(self):
        self.refuses(2, "nothing.txt is empty", self.write("nothing.txt", ""))
        self.refuses(2, "blank.txt is empty", self.write("blank.txt", "  \n\n"))
        self.refuses(2, "line 2 is empty", self.write("empty.jsonl", self.lines({"text": "the cat"}, {"text": ""})))

    def test_questions(self):
        good = {"query": "the cat", "choices": ["sat", "ran"], "answer": 0}
        self.refuses_question("line 1.* 0 choices", {**good, "choices": []})
        self.refuses_question("line 1.* 1 choices", {**good, "choices": ["sat"]})
        self.refuses_question("no columns.*choices", {"query": "the cat", "answer": 0})
        self.refuses_question("line 1: label -1 says that the row has no label", {**good, "answer": -1})
        for answer in (2, -2, "C"):
            self.refuses_question("line 1: the right choice is .*0 … 1", {**good, "answer": answer})

    def test_shards(self):
        index = json.loads((self.model / "model.safetensors.index.json").read_text())
        name = index["weight_map"]["model.layers.1.mlp.up_proj.weight"]
        shard = self.model / name
        content = shard.read_bytes()
        shard.write_bytes(content[:len(content) - 100])
        self.refuses(2, f"{name}.*reach out of the file")
        shard.write_bytes(content[:50])
        self.refuses(2, name)
        shard.unlink()
        self.refuses(4, f"index.json names {name}, which does not exist")

    def test_memory(self):
        self.refused(2, "16 tokens at once needs 5.*MiB of memory, but --memory allows 100.0 MiB",
                     *self.windows("--calib", "--memory", "100MiB", "--examples", 1, "-o", "scores.json", command="score"),
                     hint="raise --memory: so much is needed whatever")
        self.refused(2, "192 tokens at once needs .* but --memory allows 512.1 MiB",
                     *self.windows("--calib", "--memory", "524400KiB", "--examples", 12, "--order", "file", "--batch-tokens", 192, "-o", "scores.json",
                                   command="score"), hint="or lower --batch-tokens")

    def test_target_that_cannot_take_the_plan(self):
        self.done(*self.windows("--calib", "-o", "scores.json", "--quiet", command="score"))
        self.refused(2, "vllm cannot take this plan", "plan", "scores.json", "--method", "his", "--units", "head", "--ratio", 0.25, "--target",
                     "vllm", "-o", "plan.json", hint="uniform")
        self.refused(2, "vllm cannot take this plan", *self.windows("--calib", "--units", "head", "--ratio", 0.25, "--target", "vllm", "-o",
                                                                    "smaller", command="prune"), hint="uniform")

    def test_tokenizer(self):
        give_tokenizer(self.model, [*WORDS, "more", "than", "fit"])
        self.text.write_text(TEXT + "more\n")
        self.refuses(2, "text.txt: line 1: the token 'more' has id 16, but the model's embedding holds 16")
        (self.model / "tokenizer.json").unlink()
        (self.model / "tokenizer.model").write_bytes(b"x")
        self.refuses(3, "sentencepiece", hint="save_pretrained")

    def test_numbers_that_overflow_name_their_layer(self):
        self.fill("model.layers.1.post_attention_layernorm.weight", 1e6)  # what the next matrix multiplies is large then
        self.fill("model.layers.1.mlp.down_proj.weight", 3e38)
        says = "text.txt: the model answers row 1 with nan; the first layer that is not finite is layer 1"
        self.refuses(2, says, hint="float64")
        self.refused(2, says, *self.windows("--calib", "-o", "scores.json", command="score"))
        self.write("plan.json", json.dumps({"schema": "hies.plan/1", "model": {"hash": self.json("inspect", self.model)["hash"]},
                                            "units": "head", "pruned": {"0": [1]}}))
        self.refuses(2, says, None, "--plan", self.folder / "plan.json")

    def test_unsupported(self):
        for changes, says in (({"rope_scaling": {"rope_type": "spiral", "factor": 2.0}}, "spiral"), ({"model_type": "mixtral"}, "mixtral"),
                              ({"model_type": "deepseek_v3"}, "deepseek_v3")):
            config = (self.model / "config.json").read_text()
            edit_json(self.model / "config.json", **changes)
            self.refuses(3, says)
            (self.model / "config.json").write_text(config)


if __name__ == "__main__":
    unittest.main()
