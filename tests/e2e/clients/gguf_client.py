"""Run by the Python of tools/requirements-clients.txt: reads a GGUF file with the package of llama.cpp's authors, and computes it in float64 by the file's own
metadata, as llama.cpp's architectures do. Reads {"model": path, "inputs": [{"ids", "targets"}, …]} from standard input, and prints {"metadata": all keys, "tensors":
{name: [type, shape]}, "rows": the log-probabilities of the targets}."""

import json
import sys

import gguf
import numpy


def plain(value):
    return value.tolist() if isinstance(value, (numpy.ndarray, numpy.generic)) else value


class Model:
    def __init__(self, path):
        reader = gguf.GGUFReader(path)
        self.metadata = {key: plain(field.contents()) for key, field in reader.fields.items()}
        self.stored = {tensor.name: tensor for tensor in reader.tensors}
        self.tensors = {name: gguf.quants.dequantize(t.data, t.tensor_type).astype("float64").reshape(t.shape[::-1]) for name, t in self.stored.items()}
        self.kind = self.metadata["general.architecture"]

    def key(self, name):
        return self.metadata[f"{self.kind}.{name}"]

    def of_layer(self, name, layer):
        value = self.key(name)
        return value[layer] if isinstance(value, list) else value

    def linear(self, name, x):
        return x @ self.tensors[name + ".weight"].T + self.tensors.get(name + ".bias", 0)

    def norm(self, name, x):
        return x / numpy.sqrt((x * x).mean(-1, keepdims=True) + self.key("attention.layer_norm_rms_epsilon")) * self.tensors[name + ".weight"]

    def rotated(self, x):
        """x [T, H, D]: deci and llama rotate neighbours, the others the two halves."""
        size = self.key("rope.dimension_count")
        assert x.shape[-1] == size == self.key("attention.key_length")
        divisors = self.tensors.get("rope_freqs.weight", 1)
        slower = self.metadata.get(f"{self.kind}.rope.scaling.factor", 1)
        angles = numpy.arange(len(x))[:, None] * (self.key("rope.freq_base") ** -(numpy.arange(0, size, 2) / size) / divisors / slower)
        cosine, sine = numpy.cos(angles)[:, None], numpy.sin(angles)[:, None]
        neighbours = self.kind in ("llama", "deci")
        a, b = (x[..., 0::2], x[..., 1::2]) if neighbours else (x[..., :size // 2], x[..., size // 2:])
        turned = [a * cosine - b * sine, a * sine + b * cosine]
        return numpy.stack(turned, -1).reshape(x.shape) if neighbours else numpy.concatenate(turned, -1)

    def attention(self, layer, x):
        heads, kv_heads = self.of_layer("attention.head_count", layer), self.of_layer("attention.head_count_kv", layer)
        if heads == 0:
            assert kv_heads == 0 and layer > 0 and not [name for name in self.tensors if name.startswith(f"blk.{layer}.attn")]
            return 0
        x = self.norm(f"blk.{layer}.attn_norm", x)
        q, k, v = (self.linear(f"blk.{layer}.attn_{part}", x).reshape(len(x), count, -1) for part, count in (("q", heads), ("k", kv_heads), ("v", kv_heads)))
        if f"blk.{layer}.attn_q_norm.weight" in self.tensors:
            q, k = self.norm(f"blk.{layer}.attn_q_norm", q), self.norm(f"blk.{layer}.attn_k_norm", k)
        q, k, v = self.rotated(q), self.rotated(k).repeat(heads // kv_heads, 1), v.repeat(heads // kv_heads, 1)
        scores = numpy.einsum("thd,shd->hts", q, k) / numpy.sqrt(q.shape[-1])
        scores[:, ~numpy.tri(len(x), dtype=bool)] = -numpy.inf
        shares = numpy.exp(scores - scores.max(-1, keepdims=True))
        mixed = numpy.einsum("hts,shd->thd", shares / shares.sum(-1, keepdims=True), v)
        return self.linear(f"blk.{layer}.attn_output", mixed.reshape(len(x), -1))

    def log_probabilities(self, ids):
        x = self.tensors["token_embd.weight"][ids]
        for layer in range(self.key("block_count")):
            x = x + self.attention(layer, x)
            read = self.norm(f"blk.{layer}.ffn_norm", x)
            gate, up = self.linear(f"blk.{layer}.ffn_gate", read), self.linear(f"blk.{layer}.ffn_up", read)
            assert up.shape[1] == self.of_layer("feed_forward_length", layer) > 0
            x = x + self.linear(f"blk.{layer}.ffn_down", gate / (1 + numpy.exp(-gate)) * up)
        logits = self.norm("output_norm", x) @ self.tensors.get("output.weight", self.tensors["token_embd.weight"]).T
        logits -= logits.max(-1, keepdims=True)
        return logits - numpy.log(numpy.exp(logits).sum(-1, keepdims=True))

    def row(self, example):
        rows = self.log_probabilities(example["ids"])[-len(example["targets"]):]
        return [float(row[target]) for row, target in zip(rows, example["targets"])]


request = json.load(sys.stdin)
model = Model(request["model"])
json.dump({"metadata": model.metadata, "tensors": {name: [t.tensor_type.name, t.shape.tolist()] for name, t in model.stored.items()},
           "rows": [model.row(example) for example in request["inputs"]]}, sys.stdout)
