"""Directories for stock transformers: which form is chosen, what is said of it, and what is refused. Numbers: tests/exported_forms_test.cpp."""

import json
import unittest

from onnx_runs import Exports
from program import GOLDEN, edit_json, read_safetensors, write_safetensors
from small_llama import make_llama


def give_mlp_biases(model):
    """Puts all tensors of a checkpoint into one file, with biases of zeros in the feed-forward networks."""
    tensors = {}
    for shard in sorted(model.glob("*.safetensors")):
        header, body = read_safetensors(shard)
        header.pop("__metadata__", None)
        tensors.update({name: (entry["shape"], body[slice(*entry["data_offsets"])]) for name, entry in header.items()})
        shard.unlink()
    (model / "model.safetensors.index.json").unlink()
    for name, (shape, _) in list(tensors.items()):
        if ".mlp." in name:
            tensors[name.replace(".weight", ".bias")] = ([shape[0]], bytes(4 * shape[0]))
    header, body = {}, b""
    for name, (shape, content) in tensors.items():
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(body), len(body) + len(content)]}
        body += content
    write_safetensors(model / "model.safetensors", header, body)
    edit_json(model / "config.json", mlp_bias=True)


class Forms(Exports):
    def export_form(self, model, *more, output="exported"):
        document = self.json("export", model, "--to", "transformers", "-o", output, *more)
        return document, json.loads((self.folder / output / "config.json").read_text())

    def test_uniform(self):
        document, config = self.export_form(GOLDEN / "bert-tiny/model")
        self.assertEqual((document["to"], document["form"], document["zeros"]), ("transformers", "uniform", {"heads": 0, "neurons": 0}))
        self.assertEqual(config, json.loads((GOLDEN / "bert-tiny/model/config.json").read_text()))
        self.assertEqual([file["path"] for file in document["files"]], ["model.safetensors"])

    def test_padded(self):
        """LLaMA's layers get the heads of the widest one; no more: the loader takes any number, as Mistral."""
        model = make_llama(self, heads=8, layers=3)
        smaller = self.pruned(model, {"attention": {"0": "0-3,4", "1": "7", "2": "0"}, "ffn": {"0": "0-9", "2": "0-19"}})
        document, config = self.export_form(smaller)
        self.assertEqual((document["form"], config["num_attention_heads"], config["num_key_value_heads"]), ("padded", 8, 2))
        self.assertEqual(config["intermediate_size"], 48)
        smaller = self.pruned(model, {"attention": {"0": "0-3,4", "1": "3,7", "2": "0,4"}, "ffn": {"0": "0-9", "1": "0", "2": "0-19"}}, output="narrow")
        document, config = self.export_form(smaller, output="narrow-exported")
        self.assertEqual((document["form"], config["num_attention_heads"], config["num_key_value_heads"]), ("padded", 6, 2))
        self.assertEqual((config["intermediate_size"], config["model_type"], config["architectures"]), (47, "mistral", ["MistralForCausalLM"]))
        self.assertNotIn("hies", config)

    def test_biases_keep_the_model_type(self):
        """With biases the model cannot be a Mistral, so the number of heads becomes one that LLaMA's loader takes: a divisor of 64."""
        model = make_llama(self, heads=8, layers=3)
        give_mlp_biases(model)
        smaller = self.pruned(model, {"attention": {"0": "0-3,4", "1": "3,7", "2": "0,4"}})
        document, config = self.export_form(smaller)
        self.assertEqual((document["form"], config["model_type"], config["num_attention_heads"], config["num_key_value_heads"]), ("padded", "llama", 8, 2))

    def test_text(self):
        smaller = self.pruned(GOLDEN / "bert-tiny/model", {"attention": {"1": "0,1"}})
        said = self.done("export", smaller, "--to", "transformers", "-o", "exported").stdout
        self.assertIn("form padded: transformers has one number of heads and neurons for all layers", said)
        self.assertIn("2 heads and 0 neurons of zeros were added", said)

    def test_pruned_heads(self):
        smaller = self.pruned(GOLDEN / "bert-tiny/model", {"attention": {"0": "1", "1": "0-3"}})
        document, config = self.export_form(smaller, "--form", "pruned-heads")
        heads = len(self.json("inspect", GOLDEN / "bert-tiny/model")["layers"][1]["heads"])
        self.assertEqual(config["pruned_heads"], {"0": [1], "1": list(range(1, heads))})
        self.assertEqual(document["zeros"]["heads"], 1)

    def test_per_layer(self):
        model = make_llama(self, heads=4, layers=3)
        smaller = self.pruned(model, {"attention": {"0": "0,1", "2": "0-3"}, "ffn": {"1": "0-7"}})
        _, config = self.export_form(smaller, "--form", "per-layer")
        self.assertEqual(config["per_layer_config"], {"0": {"num_attention_heads": 2, "num_key_value_heads": 1}, "1": {"intermediate_size": 40},
                                                      "2": {"skip": ["attention"]}})


class BadInput(Exports):
    def refuses(self, code, says, model, *more, **options):
        self.refused(code, says, "export", model, "--to", "transformers", "-o", "exported", *more, **options)

    def test_forms(self):
        model = GOLDEN / "bert-tiny/model"
        self.refuses(2, "--form is 'even', which is none of transformers", model, "--form", "even", hint="known: auto, uniform")
        self.refuses(3, "cannot be written with --form per-layer: transformers' bert has no number of heads", model, "--form", "per-layer", hint="auto")
        self.refuses(3, "--form pruned-heads: transformers 4 prunes no heads of llama", GOLDEN / "llama-gqa/model", "--form", "pruned-heads")
        self.refuses(3, "--form uniform: its layers have different numbers", self.pruned(model, {"attention": {"1": "0"}}), "--form", "uniform")
        self.refuses(2, "--max-shard-size is '5'", model, "--max-shard-size", "5")


if __name__ == "__main__":
    unittest.main()
