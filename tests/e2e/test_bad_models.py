"""Damaged checkpoints: one clear line, the documented exit code, and nothing written."""

import json
import math
import os
import shutil
import struct
import unittest

from program import GOLDEN, ProgramTest, edit_json, read_safetensors, table, write_safetensors

QUERY = "bert.encoder.layer.1.attention.self.query.weight"


class BadModels(ProgramTest):
    def setUp(self):
        super().setUp()
        self.model = self.golden()
        self.config = self.model / "config.json"
        self.weights = self.model / "model.safetensors"

    def refuses(self, code, says, **options):
        self.refused(code, says, *self.prune(self.model), **options)

    def rewrite(self, change):
        """`change` edits the header in place, or returns another body."""
        header, body = read_safetensors(self.weights)
        changed = change(header, body)
        write_safetensors(self.weights, header, body if changed is None else changed)

    def test_missing_directory(self):
        self.model = self.folder / "nowhere"
        self.refuses(4, "nowhere")

    def test_config_missing(self):
        self.config.unlink()
        self.refuses(2, "no config.json")

    def test_config_not_json(self):
        self.config.write_text('{"model_type": "bert",')
        self.refuses(2, "config.json")

    def test_config_not_an_object(self):
        self.config.write_text("[1, 2]")
        self.refuses(2, "config.json")

    def test_unknown_model_type(self):
        edit_json(self.config, model_type="mamba")
        self.refuses(3, "mamba", hint="bert")

    def test_heads_do_not_divide(self):
        edit_json(self.config, num_attention_heads=5)
        self.refuses(2, "64.*5|5.*64")

    def test_missing_field(self):
        edit_json(self.config, num_hidden_layers=None)
        self.refuses(2, "num_hidden_layers")

    def test_lists_inside_lists_without_end(self):
        self.config.write_text('{"model_type": "bert", "hidden_size": ' + "[" * 1_000_000)
        self.refuses(2, "config.json.*inside one another")

    def test_counts_that_would_fill_the_memory(self):
        for field in ("num_hidden_layers", "num_attention_heads"):
            with self.subTest(field):
                self.model = self.golden_again()
                edit_json(self.config, **{field: 10**9})
                self.refuses(2, field + " is 1000000000")

    def test_heads_too_large_for_the_kernels(self):
        header, _ = read_safetensors(self.weights)
        size = {64: 260, 24: 8}  # of hidden and intermediate layers
        kept, offset = {}, 0
        for name, entry in header.items():
            if name == "__metadata__" or ".layer.1." in name or ".layer.2." in name:
                continue
            shape = [size.get(n, n) for n in entry["shape"]]
            end = offset + 4 * math.prod(shape)
            kept[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, end]}
            offset = end
        write_safetensors(self.weights, kept, bytes(offset))
        edit_json(self.config, hidden_size=260, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1)
        self.done("inspect", self.model)
        self.refuses(3, "heads of size 260")

    def test_name_too_long(self):
        self.model = self.folder / ("x" * 300)
        self.refuses(4, "too long")

    def test_token_type_without_embedding(self):
        shutil.rmtree(self.model)
        self.model = self.golden("bert-reg")
        tokenizer = self.model / "tokenizer.json"
        document = json.loads(tokenizer.read_text())
        pieces = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 7}}]
        document["post_processor"] = {"type": "TemplateProcessing", "single": pieces,
                                      "pair": [*pieces, {"Sequence": {"id": "B", "type_id": 1}}],
                                      "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}}}
        tokenizer.write_text(json.dumps(document))
        (self.model / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')  # takes the file as it stands
        data = self.write("numbers.tsv", "text\tlabel\nthe film\t1\n")
        self.refused(2, "token type 7", *self.prune(self.model, data, task="regression"))

    def test_truncated_weights(self):
        self.weights.write_bytes(self.weights.read_bytes()[:100_000])
        self.refuses(2, "model.safetensors")

    def test_truncated_header(self):
        self.weights.write_bytes(self.weights.read_bytes()[:200])
        self.refuses(2, "model.safetensors")

    def test_empty_weights(self):
        self.weights.write_bytes(b"")
        self.refuses(2, "model.safetensors")

    def test_absurd_header_length(self):
        self.weights.write_bytes(struct.pack("<Q", 2**63) + self.weights.read_bytes()[8:])
        self.refuses(2, "header")

    def test_overlapping_offsets(self):
        def change(header, _):
            begin, end = header[QUERY]["data_offsets"]
            header[QUERY]["data_offsets"] = [begin - 64, end - 64]

        self.rewrite(change)
        self.refuses(2, "model.safetensors")

    def test_offsets_out_of_file(self):
        def change(header, _):
            begin, end = header[QUERY]["data_offsets"]
            header[QUERY]["data_offsets"] = [begin + 2**40, end + 2**40]

        self.rewrite(change)
        self.refuses(2, "model.safetensors")

    def test_wrong_dtype(self):
        self.rewrite(lambda header, _: header[QUERY].update(dtype="I32"))
        self.refuses(2, "query.weight.*int32|int32.*query.weight")

    def test_wrong_shape(self):
        self.rewrite(lambda header, _: header[QUERY].update(shape=[32, 128]))
        self.refuses(2, "query.weight")

    def test_missing_tensor(self):
        def change(header, _):
            header["another"] = header.pop(QUERY)

        self.rewrite(change)
        self.refuses(2, "query.weight")

    def test_not_finite(self):
        for value in (float("nan"), float("inf")):
            with self.subTest(value):
                self.model = self.golden_again()

                def change(header, body):
                    begin = header[QUERY]["data_offsets"][0] + 40
                    return body[:begin] + struct.pack("<f", value) + body[begin + 4:]

                self.rewrite(change)
                self.refuses(2, "query.weight")
                # `prune --plan` runs no model, but checks every weight while it copies.
                self.write_plan()
                self.refused(2, "query.weight", "prune", self.model, "--plan", "plan.json", "-o", "smaller")

    def golden_again(self):
        shutil.rmtree(self.model)
        return self.golden()

    def write_plan(self):
        fingerprint = self.json("inspect", self.model)["hash"]
        self.write("plan.json", json.dumps({"schema": "hies.plan/1", "model": {"hash": fingerprint}, "units": "head",
                                            "pruned": {"0": [1]}}))

    def test_missing_shard(self):
        header, _ = read_safetensors(self.weights)
        names = [name for name in header if name != "__metadata__"]
        index = {"metadata": {}, "weight_map": {name: "model-00001-of-00002.safetensors" for name in names}}
        index["weight_map"][QUERY] = "model-00002-of-00002.safetensors"
        os.rename(self.weights, self.model / "model-00001-of-00002.safetensors")
        (self.model / "model.safetensors.index.json").write_text(json.dumps(index))
        self.refuses(4, "model-00002-of-00002.safetensors")

    def test_only_pickled_weights(self):
        os.rename(self.weights, self.model / "pytorch_model.bin")
        self.refuses(3, "pytorch_model.bin", hint="")

    def test_broken_tokenizer(self):
        (self.model / "tokenizer.json").write_text('{"version": "1.0", "model": ')
        self.refuses(2, "tokenizer.json")

    def test_no_tokenizer(self):
        (self.model / "vocab.txt").unlink()
        self.refuses(2, "tokenizer|vocab.txt")

    def test_vocabulary_larger_than_embedding(self):
        with open(self.model / "vocab.txt", "a") as vocabulary:
            vocabulary.write("zebra\n")
        self.data = self.write("data.tsv", table([("the film is good", "good"), ("a zebra", "bad")]))
        self.refuses(2, "data.tsv: line 3: the token 'zebra' has id 62, but the model's embedding holds 62")

    def test_no_task_head(self):
        def change(header, body):
            begin = header["bert.pooler.dense.bias"]["data_offsets"][0]
            for name in [name for name in header if name.startswith(("classifier", "bert.pooler"))]:
                del header[name]
            return body[:begin]

        self.rewrite(change)
        self.refuses(2, "head")
        self.assertFalse(self.json("inspect", self.model)["task_head"])

    def test_emptied_layer_loads(self):
        """Checks that this is no error: a layer may lose all its heads."""
        self.write("plan.json", json.dumps({"schema": "hies.plan/1", "model": {"hash": self.json("inspect", self.model)["hash"]},
                                            "units": "head", "pruned": {"1": [0, 1, 2, 3]}}))
        self.done("prune", self.model, "--plan", "plan.json", "-o", "smaller")
        self.assertEqual([len(layer["heads"]) for layer in self.json("inspect", "smaller")["layers"]], [4, 0, 4])
        self.done(*self.prune("smaller", output="smallest"))


if __name__ == "__main__":
    unittest.main()
