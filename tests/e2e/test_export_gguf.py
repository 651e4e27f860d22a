"""Decoders as GGUF files: the `gguf` package reads them, and their numbers, computed by the file's own metadata, are transformers'."""

import pathlib
import subprocess
import sys
import unittest

import onnx_runs
from gguf_runs import LLAMA3, GgufExports, byte_level, sentence_piece
from onnx_runs import furthest, golden_of
from program import GOLDEN, edit_json

TOLERANCE = 1e-6  # of the largest log-probability; weights are stored in float16, which f32 holds
ARCHITECTURES = {"llama-gqa": "llama", "llama-mha": "llama", "llama-mqa": "llama", "mistral-tiny": "llama", "qwen2-tiny": "qwen2", "qwen3-tiny": "qwen3"}


class Golden(GgufExports):
    def compare(self, path, golden, wanted):
        inputs, wanted = self.fitting(path, golden, wanted)
        self.assertGreater(sum(map(len, wanted)), 10)
        done = self.read(path, inputs)
        self.assertLess(furthest(done["rows"], wanted), TOLERANCE)
        return done

    def check(self, name, architecture):
        golden, model = golden_of(name), self.give_tokenizer(self.golden(name))
        done = self.compare(self.to_gguf(model, "--dtype", "f32"), golden, golden["log_probabilities"])
        self.assertEqual(done["metadata"]["general.architecture"], architecture)
        if name.startswith("qwen3"):
            return
        layers = self.json("inspect", model)["layers"]
        heads = {str(i): ",".join(str(head) for head, kept in zip(layers[i]["heads"], row) if not kept) for i, row in enumerate(golden["mask"]) if not all(row)}
        smaller = self.pruned(model, {"attention": heads})
        if name == "llama-mqa":
            return self.refused(3, "layer 1 keeps no heads but a bias", "export", smaller, "--to", "gguf", "-o", "smaller.gguf", hint="to transformers")
        counts = [len(layer["heads"]) for layer in self.json("inspect", smaller)["layers"]]
        done = self.compare(self.to_gguf(smaller, "--dtype", "f32", output="smaller.gguf"), golden, golden["masked_log_probabilities"])
        self.assertEqual((done["metadata"]["general.architecture"], done["metadata"]["deci.attention.head_count"]), ("deci", counts))
        self.assertEqual([n == 0 for n in done["metadata"]["deci.attention.head_count_kv"]], [n == 0 for n in counts])

    def test_neurons(self):
        """Widths that differ are an array; the numbers are those of the same neurons as zeros."""
        model, golden = self.give_tokenizer(self.golden("llama-gqa")), golden_of("llama-gqa")
        removed = {"attention": {"1": "0-5"}, "ffn": {"0": "1-5", "1": "0-38"}}
        zeros = self.read(self.to_gguf(self.pruned(model, removed, "--keep-shapes", output="zeros"), "--dtype", "f32"), golden["inputs"])
        done = self.compare(self.to_gguf(self.pruned(model, removed), "--dtype", "f32", output="smaller.gguf"), golden, zeros["rows"])
        self.assertEqual(done["metadata"]["deci.feed_forward_length"], [35, 1])

    def test_fewer_heads_of_qwen2(self):
        """llama.cpp's qwen2 has as many columns of queries as the hidden size."""
        model = self.give_tokenizer(self.golden("qwen2-tiny"))
        smaller = self.pruned(model, {"attention": {"0": "0,1", "1": "2,3"}})
        metadata = self.read(self.to_gguf(smaller))["metadata"]
        self.assertEqual((metadata["general.architecture"], metadata["deci.attention.head_count"]), ("deci", 2))


def case(name, architecture):
    def test(self):
        self.check(name, architecture)
    return test


for golden_name, wanted in ARCHITECTURES.items():
    setattr(Golden, "test_" + golden_name.replace("-", "_"), case(golden_name, wanted))


class Types(GgufExports):
    def test_types(self):
        self.done("make-checkpoint", "--family", "llama", "--layers", 1, "--hidden", 64, "--heads", 2, "--intermediate", 48, "--vocabulary", 61, "--positions", 64,
                  "--dtype", "bfloat16", "-o", "model", "--quiet")
        model = self.give_tokenizer(self.folder / "model")
        for dtype, stored, number in (("auto", "BF16", 32), ("f32", "F32", 0), ("f16", "F16", 1), ("bfloat16", "BF16", 32), ("q8_0", "Q8_0", 7)):
            done = self.read(self.to_gguf(model, "--dtype", dtype, output=dtype + ".gguf"))
            self.assertEqual(done["metadata"]["general.file_type"], number)
            self.assertEqual(done["tensors"]["blk.0.attn_q.weight"], [stored, [64, 64]])
            self.assertEqual(done["tensors"]["blk.0.attn_norm.weight"], ["F32", [64]])
            self.assertEqual(done["tensors"]["blk.0.ffn_down.weight"], ["F16" if dtype == "q8_0" else stored, [48, 64]])
        document = self.json("export", model, "--to", "gguf", "--dtype", "q8_0", "-o", "again.gguf")
        self.assertEqual((document["architecture"], document["files"][0]["path"]), ("llama", "again.gguf"))
        self.assertIn("1 matrices are f16", document["notes"][0])


class Tokenizers(GgufExports):
    def keys(self, tokenizer, model="llama-gqa", **config):
        model = model if isinstance(model, pathlib.Path) else self.golden(model)
        metadata = self.read(self.to_gguf(self.give_tokenizer(model, tokenizer, **config)))["metadata"]
        return {key.removeprefix("tokenizer.").removeprefix("ggml."): value for key, value in metadata.items() if key.startswith("tokenizer.")}

    def test_sentence_piece(self):
        self.done("make-checkpoint", "--family", "llama", "--layers", 1, "--hidden", 32, "--heads", 2, "--intermediate", 48, "--vocabulary", 270, "--positions", 64,
                  "-o", "made", "--quiet")
        keys = self.keys(sentence_piece(), self.folder / "made", bos_token="<s>", eos_token={"content": "</s>"})
        self.assertEqual((keys["model"], keys["pre"], len(keys["tokens"])), ("llama", "default", 270))
        self.assertEqual(keys["tokens"][:4] + keys["tokens"][266:269], ["<unk>", "<s>", "</s>", "<0x00>", "abc", "[user]", "[PAD268]"])
        self.assertEqual(keys["token_type"][:4] + keys["token_type"][258:260] + keys["token_type"][266:269], [2, 3, 3, 6, 6, 1, 1, 4, 5])
        self.assertEqual([keys["scores"][keys["tokens"].index(token)] for token in ("ab", "▁ab", "▁a", "abc", "a")], [0, -1, -2, -4, -6])
        self.assertEqual([keys[name + "_token_id"] for name in ("bos", "eos", "unknown")], [1, 2, 0])
        self.assertEqual([keys["add_" + name] for name in ("bos_token", "eos_token", "space_prefix")], [True, False, True])

    def test_byte_level(self):
        keys = self.keys(byte_level(), "qwen2-tiny", eos_token="<|im_end|>", pad_token="<|endoftext|>", add_bos_token=False,
                         chat_template=[{"name": "default", "template": "{{ x }}"}, {"name": "tool_use", "template": "{{ y }}"}])
        self.assertEqual((keys["model"], keys["pre"], keys["merges"]), ("gpt2", "qwen2", ["a b", "Ġ ab"]))
        self.assertEqual((keys["eos_token_id"], keys["padding_token_id"], keys["add_bos_token"]), (6, 5, False))
        self.assertEqual((keys["chat_template"], keys["chat_template.tool_use"]), ("{{ x }}", "{{ y }}"))

    def test_llama3(self):
        self.assertEqual(self.keys(byte_level(LLAMA3), bos_token="<|endoftext|>")["pre"], "llama-bpe")


class BadInput(GgufExports):
    def refuses(self, code, says, model, *more, **options):
        self.refused(code, says, "export", model, "--to", "gguf", "-o", "model.gguf", *more, **options)

    def model(self, name="llama-gqa"):
        return self.give_tokenizer(self.golden(name))

    def test_layers(self):
        model = self.model()
        for removed, says, hint in (({"attention": {"0": "0-5"}}, "layer 0 keeps no heads", "to transformers"),
                                    ({"ffn": {"1": "0-39"}}, "layer 1 keeps no neurons", "min-neurons-per-layer")):
            self.refuses(3, says, self.pruned(model, removed, "--force"), hint=hint)

    def test_the_hint_works(self):
        smaller = self.pruned(self.model(), {"attention": {"0": "0-5", "1": "0"}})
        self.done("export", smaller, "--to", "transformers", "-o", "stock", "--quiet")
        self.to_gguf(self.folder / "stock")

    def test_models(self):
        self.refuses(3, "models of type bert", GOLDEN / "bert-tiny/model", hint="onnx")
        self.refuses(3, "classifier", GOLDEN / "llama-cls/model")
        self.refuses(3, "'dynamic'", GOLDEN / "llama-dynamic/model")
        self.refuses(3, "'yarn' has other constants", GOLDEN / "llama-yarn/model")

    def test_qwen3(self):
        self.refuses(3, "no norms of queries and keys", self.pruned(self.model("qwen3-tiny"), {"attention": {"0": "0,1"}}), hint="uniform")

    def test_tokenizer(self):
        self.refuses(2, "tokenizer.json is not there", GOLDEN / "llama-gqa/model", hint="save_pretrained")
        model = self.model()
        for tokenizer, code, says in ((byte_level("x+"), 3, "splits texts by 'x.'"), ({"model": {"type": "Unigram"}}, 3, "not BPE"),
                                      ({"model": {**byte_level()["model"], "byte_fallback": True}}, 3, "byte_fallback, but no token <0x00>")):
            self.give_tokenizer(model, tokenizer)
            self.refuses(code, says, model)
        self.give_tokenizer(model)
        edit_json(model / "tokenizer.json", added_tokens=[{"id": 61, "content": "<more>", "special": True}])
        self.refuses(2, "'<more>' has the id 61, but the model's vocabulary has 61 tokens", model)

    def test_options(self):
        model = self.model()
        self.refuses(2, "--dtype is 'int4', but it must be auto, f32, f16, bf16 or q8_0", model, "--dtype", "int4")
        self.refuses(2, "--opset is for --to onnx", model, "--opset", 17)
        self.to_gguf(model)
        self.refuses(2, "model.gguf exists already", model, hint="--force")
        self.to_gguf(model, "--force")


if __name__ == "__main__":
    if subprocess.run([onnx_runs.PYTHON, "-c", "import gguf"], capture_output=True).returncode != 0:
        print("skipped: the package gguf is not installed; tools/setup.sh --clients installs it")
        sys.exit(77)
    unittest.main()
