"""Encoders as ONNX models: ONNX Runtime gives transformers' numbers, whatever was removed."""

import json
import math
import struct
import unittest

from onnx_runs import Exports, batch_of, furthest, golden_of, run_onnx, skip_without_clients
from program import GOLDEN, edit_json, read_safetensors

TEXTS = ["bert-tiny", "bert-reg", "bert-legacy", "bert-v4-pruned", "roberta-tiny", "xlm-roberta-tiny", "camembert-tiny", "distilbert-tiny"]
IMAGES = ["vit-tiny", "vit-grey", "vit-larger", "deit-tiny", "deit-teacher", "dinov2-tiny", "dinov2-gated"]
TOLERANCE = 2e-5  # of the largest logit


class GoldenExports(Exports):
    def size(self, name):
        # The images of this golden are larger than its positions, and it has no processor that says so.
        return ["--any-size"] if name == "vit-larger" else []

    def run_golden(self, golden, folder, wanted, **options):
        """Checks the numbers of all examples in one batch, and of the shortest and the longest alone. Returns what the client says."""
        inputs = golden["inputs"]
        types = "input_ids" if "ids" in inputs[0] else None
        types = types and "bert" in json.loads((folder / "config.json").read_text())["model_type"] and \
            json.loads((folder / "config.json").read_text()).get("type_vocab_size", 0) > 1
        order = sorted(range(len(inputs)), key=lambda i: len(inputs[i].get("ids", [])))
        alone = [order[0], order[-1]]
        batches = [batch_of(inputs, types)] + [batch_of([inputs[i]], types) for i in alone]
        done = run_onnx(folder / "onnx/model.onnx", batches, **options)
        rows = [wanted, [wanted[alone[0]]], [wanted[alone[1]]]]
        scale = max(abs(v) for row in wanted for v in row)
        for got, want in zip(done["results"], rows):
            self.assertLessEqual(furthest(got, want) * max(abs(v) for row in want for v in row) / scale, TOLERANCE)
        return done


class Golden(GoldenExports):
    """Every encoder of tests/golden, whole and with a layer that lost all its heads."""

    def check(self, name):
        golden = golden_of(name)
        model = GOLDEN / name / "model"
        done = self.run_golden(golden, self.export(model, *self.size(name)), golden["logits"])
        self.assertEqual((done["opset"], done["ir"]), (17, 8))
        self.assertFalse([op for op in done["operators"] if "." in op], "only ONNX's own operators")
        layers = self.json("inspect", model)["layers"]
        heads = {str(i): ",".join(str(head) for head, kept in zip(layers[i]["heads"], row) if not kept)
                 for i, row in enumerate(golden["mask"]) if not all(row)}
        smaller = self.pruned(model, {"attention": heads})
        self.assertIn(0, [len(layer["heads"]) for layer in self.json("inspect", smaller)["layers"]])
        self.run_golden(golden, self.export(smaller, *self.size(name), output="smaller-onnx"), golden["masked_logits"])

    def test_neurons(self):
        """Feed-forward networks of different widths, one of none, give what the same neurons give as zeros."""
        for name, keys in (("bert-tiny", "logits"), ("dinov2-gated", "logits"), ("vit-tiny", "logits")):
            model = GOLDEN / name / "model"
            layers = self.json("inspect", model)["layers"]
            removed = {"ffn": {str(i): f"0-{(layer['neurons'] - 1) // (i + 1) if i else layer['neurons'] - 1}"
                               for i, layer in enumerate(layers)}, "attention": {"1": "0-1"}}
            golden = golden_of(name)
            zeros = self.export(self.pruned(model, removed, "--keep-shapes", output=name + "-zeros"), output=name + "-zeros-onnx")
            types = name.startswith("bert")
            wanted = run_onnx(zeros / "onnx/model.onnx", [batch_of(golden["inputs"], types)])["results"][0]
            self.assertGreater(furthest(wanted, golden["logits"]), 1e-3)
            self.run_golden(golden, self.export(self.pruned(model, removed, output=name), output=name + "-onnx"), wanted)


def linear_of(model, name):
    """Returns a linear layer of a checkpoint as a function of lists."""
    header, body = read_safetensors(model / "model.safetensors")

    def numbers(tensor):
        begin, end = header[tensor]["data_offsets"]
        return struct.unpack(f"<{(end - begin) // 4}f", body[begin:end])
    weight, bias = numbers(name + ".weight"), numbers(name + ".bias")
    return lambda x: [b + sum(w * v for w, v in zip(weight[i * len(x):(i + 1) * len(x)], x)) for i, b in enumerate(bias)]


def case(name):
    def test(self):
        self.check(name)
    return test


def add_cases():
    for name in TEXTS + IMAGES:
        setattr(Golden, "test_" + name.replace("-", "_"), case(name))


class Forms(GoldenExports):
    def test_directory(self):
        folder = self.export(GOLDEN / "bert-tiny/model")
        names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
        self.assertEqual(names, ["config.json", "onnx/model.onnx", "tokenizer_config.json", "vocab.txt"])
        self.assertEqual((folder / "config.json").read_bytes(), (GOLDEN / "bert-tiny/model/config.json").read_bytes())

    def test_axes(self):
        golden = golden_of("bert-tiny")
        done = run_onnx(self.export(GOLDEN / "bert-tiny/model") / "onnx/model.onnx", [batch_of(golden["inputs"], True)])
        self.assertEqual(list(done["inputs"]), ["input_ids", "attention_mask", "token_type_ids"])
        self.assertTrue(all(shape == ["batch_size", "sequence_length"] for shape in done["inputs"].values()))
        self.assertEqual(done["outputs"], {"logits": ["batch_size", 3]})

    def test_external_data(self):
        golden = golden_of("bert-tiny")
        folder = self.export(GOLDEN / "bert-tiny/model", "--external-data", "always")
        self.assertLess((folder / "onnx/model.onnx").stat().st_size, (folder / "onnx/model.onnx_data").stat().st_size)
        self.assertTrue(json.loads((folder / "config.json").read_text())["transformers.js_config"]["use_external_data_format"])
        self.run_golden(golden, folder, golden["logits"])

    def test_half(self):
        golden = golden_of("bert-tiny")
        model = self.export(GOLDEN / "bert-tiny/model", "--dtype", "float16") / "onnx/model_fp16.onnx"
        done = run_onnx(model, [batch_of(golden["inputs"], True)])
        self.assertLess(furthest(done["results"][0], golden["logits"]), 1e-2)
        self.assertLess(model.stat().st_size, 0.6 * (self.export(GOLDEN / "bert-tiny/model", output="wide") / "onnx/model.onnx").stat().st_size)

    def test_hidden_states(self):
        """Of the first state the pooler and the classifier, which are not read here, make the golden's logits."""
        model = self.golden("bert-tiny")
        edit_json(model / "config.json", architectures=["BertForMaskedLM"])
        golden = golden_of("bert-tiny")
        done = run_onnx(self.export(model) / "onnx/model.onnx", [batch_of(golden["inputs"], True)])
        (name, shape), = done["outputs"].items()
        self.assertEqual((name, shape[:2]), ("last_hidden_state", ["batch_size", "sequence_length"]))
        pooler, classifier = (linear_of(model, name) for name in ("bert.pooler.dense", "classifier"))
        logits = [classifier([math.tanh(x) for x in pooler(states[0])]) for states in done["results"][0]]
        self.assertLess(furthest(logits, golden["logits"]), TOLERANCE)

    def test_again(self):
        self.export(GOLDEN / "bert-tiny/model")
        self.refused(2, "exported exists already", "export", GOLDEN / "bert-tiny/model", "-o", "exported", hint="--force")
        self.export(GOLDEN / "bert-tiny/model", "--force")

    def test_beside_the_weights(self):
        """`hies prune --export onnx` writes the file that `hies export` makes of its result."""
        result = self.done(*self.prune(GOLDEN / "bert-tiny/model", None, "--export", "onnx"))
        self.assertIn("ONNX model in smaller/onnx/model.onnx", result.stdout)
        made = (self.folder / "smaller/onnx/model.onnx").read_bytes()
        self.assertEqual(made, (self.export(self.folder / "smaller") / "onnx/model.onnx").read_bytes())
        self.assertEqual(self.json(*self.prune(GOLDEN / "bert-tiny/model", None, "--export", "onnx", "--force"))["exported"], "onnx/model.onnx")

    def test_json(self):
        document = self.json("export", GOLDEN / "bert-tiny/model", "-o", "exported")
        size = (self.folder / "exported/onnx/model.onnx").stat().st_size
        self.assertEqual((document["schema"], document["files"]), ("hies.export/1", [{"path": "onnx/model.onnx", "bytes": size}]))
        self.assertIn("tokenizer.json", document["notes"][0])


class BadInput(Exports):
    def refuses(self, code, says, *more, model=GOLDEN / "bert-tiny/model", **options):
        self.refused(code, says, "export", model, "-o", "exported", *more, **options)

    def test_options(self):
        self.refuses(2, "--to is 'onix', which is no form", "--to", "onix", hint="did you mean 'onnx'")
        self.refuses(3, "--opset is 18, but only 17", "--opset", 18, hint="version_converter")
        self.refuses(2, "--dtype is 'int4'", "--dtype", "int4")
        self.refuses(2, "--external-data is 'yes'", "--external-data", "yes")

    def test_weights(self):
        model = self.golden("bert-tiny")
        (model / "model.safetensors").write_bytes((model / "model.safetensors").read_bytes()[:-100])
        self.refuses(2, "model.safetensors", model=model)

    def test_options_of_another_form(self):
        self.refuses(2, "--form is for --to transformers", "--form", "padded")
        self.refuses(2, "--opset is for --to onnx", "--to", "transformers", "--opset", 17)

    def test_prune(self):
        self.refused(2, "--export is 'gguf', but only onnx", *self.prune(GOLDEN / "bert-tiny/model", None, "--export", "gguf"), hint="hies export")
        self.refused(3, "is a decoder", "prune", GOLDEN / "llama-gqa/model", "--plan", "none.json", "--export", "onnx", "-o", "smaller")

    def test_decoder(self):
        self.refuses(3, "is a decoder", model=GOLDEN / "llama-gqa/model")


if __name__ == "__main__":
    skip_without_clients()
    add_cases()
    unittest.main()
