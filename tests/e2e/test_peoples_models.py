"""Checkpoints as people have them: saved by other versions and wrappers, incomplete, or not a checkpoint at all. Each is read as it was meant,
or refused by name."""

import json
import os
import random
import shutil
import struct
import unittest

from program import GOLDEN, ProgramTest, edit_json, read_safetensors, write_safetensors
from small_llama import TEXT, make_llama
from test_images import png

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"


def tensors_of(folder):
    """Returns {name: (dtype, shape, bytes)} of all weight files."""
    tensors = {}
    for file in sorted(folder.glob("*.safetensors")):
        header, body = read_safetensors(file)
        for name, entry in header.items():
            if name != "__metadata__":
                begin, end = entry["data_offsets"]
                tensors[name] = (entry["dtype"], entry["shape"], body[begin:end])
    return tensors


def write_tensors(path, tensors):
    header, body = {"__metadata__": {"format": "pt"}}, b""
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(content)]}
        body += content
    write_safetensors(path, header, body)


class PeoplesModels(ProgramTest):
    def replace_weights(self, model, tensors):
        """Makes these tensors the only weights of a checkpoint."""
        for file in [*model.glob("*.safetensors"), *model.glob("*.index.json")]:
            file.unlink()
        write_tensors(model / "model.safetensors", tensors)

    def renamed(self, model, *pairs, prefix=""):
        def name_of(name):
            for old, new in pairs:
                name = name.replace(old, new)
            return prefix + name
        self.replace_weights(model, {name_of(name): tensor for name, tensor in tensors_of(model).items()})

    def warnings(self, result):
        return [line for line in result.stderr.splitlines() if line.startswith("warning: ")]


class Tying(PeoplesModels):
    """config.json ties the output matrix to the word embeddings, the weights decide."""

    def setUp(self):
        super().setUp()
        self.model = make_llama(self)
        self.text = self.write("text.txt", TEXT)
        tensors = tensors_of(self.model)
        if "lm_head.weight" not in tensors:
            dtype, shape, content = tensors["model.embed_tokens.weight"]
            draw = random.Random(5)
            tensors["lm_head.weight"] = (dtype, shape, struct.pack(f"<{len(content) // 4}f", *(draw.gauss(0, 0.3) for _ in range(len(content) // 4))))
            self.replace_weights(self.model, tensors)
        self.tensors = tensors

    def judged(self, model, *more):
        words = ["eval", model, "--task", "perplexity", "--data", self.text, "--context", 16, "--dtype", "float64", "--latency-seconds", 0, "--json"]
        result = self.done(*words, *more)
        return json.loads(result.stdout), self.warnings(result)

    def test_other_values_are_used(self):
        edit_json(self.model / "config.json", tie_word_embeddings=False)
        untied, warned = self.judged(self.model)
        self.assertEqual(warned, [])
        edit_json(self.model / "config.json", tie_word_embeddings=True)
        tied, warned = self.judged(self.model)
        self.assertEqual(len(warned), 1)
        self.assertRegex(warned[0], "lm_head.weight holds other values, which are used.*transformers 4")
        for part in ("metrics", "loss"):
            self.assertEqual(tied[part], untied[part])
        for part in ("parameters", "flops_per_example", "bytes"):
            self.assertEqual(tied["cost"][part], untied["cost"][part])
        self.assertRegex(self.done("inspect", self.model).stdout, "task head +next token\n")

    def test_the_pruned_checkpoint_says_it_in_config(self):
        edit_json(self.model / "config.json", tie_word_embeddings=True)
        words = ["prune", self.model, "--task", "perplexity", "--calib", self.text, "--eval", self.text, "--context", 16, "--units", "kv-group",
                 "--ratio", 0.5, "-o", "smaller", "--json"]
        done = self.done(*words)
        self.assertEqual(json.loads(done.stdout)["match"]["different_answers"], 0)
        self.assertEqual(len([line for line in self.warnings(done) if "lm_head" in line]), 1)
        self.assertIs(json.loads((self.folder / "smaller/config.json").read_text())["tie_word_embeddings"], False)
        _, warned = self.judged("smaller")
        self.assertEqual(warned, [])

    def test_equal_values_are_one_matrix(self):
        self.tensors["lm_head.weight"] = self.tensors["model.embed_tokens.weight"]
        self.replace_weights(self.model, self.tensors)
        edit_json(self.model / "config.json", tie_word_embeddings=True)
        both, warned = self.judged(self.model)
        self.assertEqual(warned, [])
        del self.tensors["lm_head.weight"]
        self.replace_weights(self.model, self.tensors)
        one, _ = self.judged(self.model)
        self.assertEqual(both["metrics"], one["metrics"])
        self.assertEqual(both["cost"]["parameters"], one["cost"]["parameters"])
        self.assertRegex(self.done("inspect", self.model).stdout, "the embedding table")
        # The one that is there, whichever it is.
        self.renamed(self.model, ("model.embed_tokens", "lm_head"))
        other, _ = self.judged(self.model)
        self.assertEqual(other["metrics"], one["metrics"])


class Names(PeoplesModels):
    MODERN = (("vit.encoder.layer.", "vit.layers."), ("attention.attention.query", "attention.q_proj"), ("attention.attention.key", "attention.k_proj"),
              ("attention.attention.value", "attention.v_proj"), ("attention.output.dense", "attention.o_proj"), ("intermediate.dense", "mlp.fc1"),
              ("output.dense", "mlp.fc2"))

    def images(self):
        for place in range(12):
            path = self.folder / f"images/LABEL_{place % 3}/{place}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png(9 + place, 14 - place % 5, 1 + place))
        return self.folder / "images"

    def test_vit_of_transformers_5(self):
        model, images = self.golden("vit-tiny"), self.images()
        words = ["--task", "image-classification", "--data", images, "--latency-seconds", 0, "--json"]
        first = self.done("eval", model, *words)
        self.renamed(model, *self.MODERN)
        result = self.done("eval", model, *words)
        self.assertEqual(self.warnings(result), self.warnings(first))
        before, after = json.loads(first.stdout), json.loads(result.stdout)
        self.assertEqual([after[part] for part in ("metrics", "loss")], [before[part] for part in ("metrics", "loss")])
        self.done("prune", model, "--task", "image-classification", "--calib", images, "--ratio", 0.5, "-o", "smaller", "--quiet")
        self.assertEqual(sorted(tensors_of(self.folder / "smaller")), sorted(tensors_of(model)))

    def test_gated_dinov2_of_transformers_5(self):
        """The matrix that holds gate and up is stored as two."""
        model, images = self.golden("dinov2-gated"), self.images()
        words = ["--task", "image-classification", "--data", images, "--latency-seconds", 0, "--json"]
        before = self.done("eval", model, *words)
        tensors = {}
        for name, (dtype, shape, content) in tensors_of(model).items():
            if "weights_in" in name:
                half, middle = [shape[0] // 2, *shape[1:]], len(content) // 2
                tensors[name.replace("weights_in", "gate_proj")] = (dtype, half, content[:middle])
                tensors[name.replace("weights_in", "up_proj")] = (dtype, half, content[middle:])
            else:
                tensors[name.replace("weights_out", "down_proj")] = (dtype, shape, content)
        self.replace_weights(model, tensors)
        self.renamed(model, *self.MODERN[1:5])
        after = self.done("eval", model, *words)
        self.assertEqual(self.warnings(after), self.warnings(before))
        self.assertAlmostEqual(json.loads(after.stdout)["loss"], json.loads(before.stdout)["loss"], 5)
        done = self.json("prune", model, "--task", "image-classification", "--calib", images, "--eval", images, "--ratio", 0.5, "-o", "smaller")
        self.assertEqual(done["match"]["different_answers"], 0)

    def test_prefix_of_a_wrapper(self):
        model = self.golden()
        before = self.json(*self.evaluate(model))
        for prefix in ("_orig_mod.", "module.", "base_model.model."):
            shutil.rmtree(model)
            model = self.golden()
            self.renamed(model, prefix=prefix)
            result = self.done(*self.evaluate(model), "--json")
            self.assertEqual(json.loads(result.stdout)["loss"], before["loss"])
            self.assertEqual(len(self.warnings(result)), 1)
            self.assertIn(f"'{prefix}'", self.warnings(result)[0])
            self.done(*self.prune(model, output="out-" + prefix.strip(".")))
            self.assertTrue(all(name.startswith(prefix) for name in tensors_of(self.folder / ("out-" + prefix.strip(".")))))

    def test_prefix_of_a_part_of_the_names(self):
        model = self.golden()
        tensors = {"model." + name: tensor for name, tensor in tensors_of(model).items()}
        self.replace_weights(model, {**tensors, "criterion.weight": ("F32", [1], bytes(4))})
        self.refused(2, "word_embeddings.weight: there is one with 'model.' before its name", *self.evaluate(model), hint="save_pretrained")


class Shards(PeoplesModels):
    QUERY = "bert.encoder.layer.1.attention.self.query.weight"
    FIRST, SECOND = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"

    def setUp(self):
        super().setUp()
        self.model = self.golden()
        self.before = self.json(*self.evaluate(self.model))["loss"]
        tensors = tensors_of(self.model)
        (self.model / "model.safetensors").unlink()
        names = sorted(tensors)
        self.place = {name: (self.FIRST, self.SECOND)[number % 2] for number, name in enumerate(names)}
        self.files = {file: {name: tensors[name] for name in names if self.place[name] == file} for file in (self.FIRST, self.SECOND)}

    def save(self, **more):
        for file, tensors in self.files.items():
            write_tensors(self.model / file, tensors)
        (self.model / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": {**self.place, **more}}))

    def judged(self):
        result = self.done(*self.evaluate(self.model), "--json")
        return json.loads(result.stdout)["loss"], self.warnings(result)

    def test_index_names_what_nobody_needs(self):
        self.save(**{"bert.embeddings.position_ids": self.FIRST, "rotary_emb.inv_freq": self.SECOND})
        self.assertEqual(self.judged(), (self.before, []))

    def test_index_names_a_third_of_two(self):
        write_tensors(self.model / "extra.safetensors", {"cls.predictions.bias": ("F32", [1], bytes(4))})
        self.save(**{"cls.predictions.bias": "extra.safetensors"})
        self.assertEqual(self.judged(), (self.before, []))

    def test_a_tensor_in_both(self):
        place = self.place[self.QUERY]
        other = self.SECOND if place == self.FIRST else self.FIRST
        dtype, shape, content = self.files[place][self.QUERY]
        self.files[other][self.QUERY] = (dtype, shape, content)
        self.save()
        self.assertEqual(self.judged(), (self.before, []))
        self.files[other][self.QUERY] = (dtype, shape, bytes(len(content)))
        self.save()
        loss, warned = self.judged()
        self.assertEqual(loss, self.before)
        self.assertEqual(len(warned), 1)
        self.assertRegex(warned[0], f"query.weight.*that of {place} is taken")

    def test_a_needed_tensor_is_lost(self):
        del self.files[self.place[self.QUERY]][self.QUERY]
        self.save()
        self.refused(2, f"{self.QUERY}: model.safetensors.index.json places it in {self.place[self.QUERY]}", *self.evaluate(self.model))


class WhatIsThereInstead(PeoplesModels):
    def test_git_lfs_pointers(self):
        for golden, file in (("bert-tiny", "model.safetensors"), ("bert-tiny", "config.json"), ("bert-tiny", "vocab.txt"),
                             ("bert-reg", "tokenizer.json"), ("bert-tiny", "tokenizer_config.json")):
            with self.subTest(file):
                model = self.golden(golden)
                (model / file).write_text(POINTER)
                task, data = ("regression", self.write("numbers.tsv", "text\tlabel\nthe film\t1\n")) if golden == "bert-reg" else ("classification", None)
                self.refused(2, f"{file} is a Git LFS pointer", *self.evaluate(model, data, task=task), hint="git lfs pull")
                shutil.rmtree(model)

    def test_only_pickled_weights(self):
        for golden, loads in (("bert-tiny", "AutoModelForSequenceClassification"), ("gpt2-tiny", "AutoModelForCausalLM"),
                              ("vit-tiny", "AutoModelForImageClassification")):
            model = self.golden(golden)
            os.rename(model / "model.safetensors", model / "pytorch_model.bin")
            self.refused(3, "pytorch_model.bin", "inspect", model, hint=f"another directory.*{loads} as M.*save_pretrained\\('{model}-safetensors'\\)")
            shutil.rmtree(model)

    def test_an_adapter_alone(self):
        adapter = self.folder / "adapter"
        adapter.mkdir()
        (adapter / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "task_type": "CAUSAL_LM"}))
        (adapter / "adapter_model.safetensors").write_bytes(b"x")
        self.refused(3, "holds an adapter alone", "inspect", adapter, hint="merge it first: .*AutoPeftModelForCausalLM.*merge_and_unload")

    def test_an_adapter_beside_the_weights(self):
        model = self.golden()
        (model / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "task_type": "SEQ_CLS"}))
        write_tensors(model / "adapter_model.safetensors", {"x": ("F32", [1], bytes(4))})
        for words in (["inspect", model], self.evaluate(model), self.score(model), self.prune(model)):
            warned = [line for line in self.warnings(self.done(*words)) if "which is not applied" in line]
            self.assertEqual(len(warned), 1, words)
        # Beside the pruned weights transformers would load the adapter's base model in their place.
        self.assertEqual([file.name for file in (self.folder / "smaller").iterdir() if "adapter" in file.name], [])

    def test_quantised_encoders(self):
        for golden in ("bert-tiny", "vit-tiny", "distilbert-tiny"):
            model = self.golden(golden)
            edit_json(model / "config.json", quantization_config={"quant_method": "bitsandbytes", "load_in_8bit": True})
            self.refused(3, "quantization_config", "inspect", model, hint="float16")
            shutil.rmtree(model)

    def test_numbers_that_are_not_finite(self):
        model = self.golden()
        config = (model / "config.json").read_text()
        (model / "config.json").write_text('{"limit": [0.0, Infinity], "scale": NaN, ' + config[config.index("{") + 1:])
        self.done(*self.prune(model))
        written = json.loads((self.folder / "smaller/config.json").read_text())
        self.assertEqual(written["limit"], [0.0, float("inf")])
        self.assertNotEqual(written["scale"], written["scale"])
        edit_json(model / "config.json", hidden_size=float("inf"))
        self.refused(2, "'hidden_size' must be an integer, found Infinity", "inspect", model)


class SameWeightsAnotherModel(PeoplesModels):
    """Scores and plans are of weights, config.json and tokenizer together."""

    def setUp(self):
        super().setUp()
        self.model = make_llama(self)
        self.text = self.write("text.txt", TEXT)
        self.windows = ["--task", "perplexity", "--context", 16]
        self.done("score", self.model, "--calib", self.text, *self.windows, "-o", "scores.json", "--quiet")
        self.done("plan", "scores.json", "--ratio", 0.5, "-o", "plan.json", "--quiet")

    def uses(self):
        return (["prune", self.model, "--plan", "plan.json", "-o", "smaller"],
                ["eval", self.model, *self.windows, "--data", self.text, "--plan", "plan.json", "--latency-seconds", 0])

    def test_config_differs(self):
        for words in self.uses():
            self.assertEqual(self.warnings(self.done(*words)), [])
        shutil.rmtree(self.folder / "smaller")
        edit_json(self.model / "config.json", rope_theta=500.0, rope_parameters=None, rope_scaling=None)
        for words in self.uses():
            self.refused(2, "plan.json: config.json differs", *words, hint="score this model and plan again")

    def test_tokenizer_differs(self):
        edit_json(self.model / "tokenizer_config.json", bos_token="</s>")
        for words in self.uses():
            self.refused(2, "plan.json: the tokenizer or image processor differs", *words)

    def test_what_is_not_stated(self):
        document = json.loads((self.folder / "plan.json").read_text())
        del document["model"]["config"]
        document["model"]["inputs"] = None
        (self.folder / "plan.json").write_text(json.dumps(document))
        for words in self.uses():
            warned = self.warnings(self.done(*words))
            self.assertEqual(len(warned), 1)
            self.assertRegex(warned[0], "plan.json: .*config.json and the tokenizer or image processor are not stated")

    def test_a_plan_needs_no_tokenizer(self):
        for file in self.model.glob("tokenizer*"):
            file.unlink()
        warned = self.warnings(self.done(*self.uses()[0]))
        self.assertRegex("".join(warned), "the tokenizer or image processor of this model cannot be read")

    def test_sweep(self):
        words = ["sweep", self.model, *self.windows, "--calib", self.text, "--data", self.text, "-o", "study", "--methods", "his", "--ratios", 0.5,
                 "--seeds", 1, "--examples", 2, "--eval-examples", 4, "--quiet"]
        self.done(*words)
        again = self.done(*words)
        self.assertFalse([line for line in self.warnings(again) if "hash" in line])
        edit_json(self.model / "config.json", rope_theta=500.0, rope_parameters=None, rope_scaling=None)
        self.refused(2, "another config.json", *words)


if __name__ == "__main__":
    unittest.main()
