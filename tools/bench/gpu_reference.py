#!/usr/bin/env python3
"""Measures HIS (and AE) of one batch with Hugging Face transformers on one GPU: the usual recipe, and the fastest implementations without
custom kernels. Prints one JSON document.

usage: gpu_reference.py MODEL SEQUENCES TOKENS DTYPE SIDE…      DTYPE: float32, tf32, bfloat16; SIDE: recipe, best, compiled
"""

import json
import statistics
import sys
import time

import torch
import transformers


def tokens_like_hies(sequences, length, vocabulary):
    """Returns the token ids that apps/hies/gpu_bench.cpp uses."""
    b, t = torch.arange(sequences)[:, None], torch.arange(length)[None]
    return (b * 7919 + t * 104729 + 17) % (vocabulary - 1)


def output_projections(model):
    return [module for name, module in model.named_modules()
            if name.endswith(("self_attn.o_proj", "attention.output.dense"))]


class Gated(torch.nn.Module):
    """An output projection whose input is multiplied by gates of 1, one for each example and head. The gradients of the gates are the inner products."""

    def __init__(self, projection, gates):
        super().__init__()
        self.projection, self.gates = projection, gates

    def forward(self, x):
        heads = self.gates.shape[1]
        gated = x.unflatten(-1, (heads, -1)) * self.gates[:, None, :, None]
        return self.projection(gated.flatten(-2))


def load(path, dtype, attention):
    config = transformers.AutoConfig.from_pretrained(path)
    kind = (transformers.AutoModelForSequenceClassification if config.model_type == "bert" else transformers.AutoModelForCausalLM)
    model = kind.from_pretrained(path, dtype=dtype, attn_implementation=attention).cuda().eval()
    return model, config


def loss_of(model, ids, labels):
    output = model(input_ids=ids, labels=labels, use_cache=False) if model.config.model_type != "bert" else model(input_ids=ids, labels=labels)
    return output.loss * (ids.shape[0])  # the sum of the examples' losses


def recipe(path, dtype, ids, labels):
    """Returns a function that computes HIS and AE with eager attention that returns all probabilities, gradients of all weights, and hooks on
    the heads' outputs."""
    model, config = load(path, dtype, "eager")
    heads, kept = config.num_attention_heads, []

    def keep(_, inputs):
        inputs[0].retain_grad()
        kept.append(inputs[0])

    for projection in output_projections(model):
        projection.register_forward_pre_hook(keep)

    def run():
        kept.clear()
        model.zero_grad(set_to_none=True)
        options = {} if config.model_type == "bert" else {"use_cache": False}
        output = model(input_ids=ids, labels=labels, output_attentions=True, **options)
        (output.loss * ids.shape[0]).backward()
        length = ids.shape[1]
        his = [(x.float() * x.grad.float()).unflatten(-1, (heads, -1)).sum((1, 3)).abs().mean(0) / length for x in kept]
        ae = []
        for p in output.attentions:
            entropy = torch.special.entr(p.float()).sum(-1)
            if config.model_type == "bert":
                ae.append((entropy / torch.tensor(float(length)).log()).mean((0, 2)))
            else:
                seen = torch.arange(2, length + 1, device=p.device).log()
                ae.append((entropy[:, :, 1:] / seen).mean((0, 2)))
        return torch.stack(his).tolist(), torch.stack(ae).tolist()

    return run


def gated(path, dtype, ids, labels, compiled):
    """Returns a function that computes HIS with SDPA, frozen weights and gates on the heads; if `compiled`, each layer with torch.compile, which
    compiles once for all layers."""
    model, config = load(path, dtype, "sdpa")
    model.requires_grad_(False)
    gates = []
    for name, module in list(model.named_modules()):
        if not name.endswith(("self_attn.o_proj", "attention.output.dense")):
            continue
        ones = torch.ones(ids.shape[0], config.num_attention_heads, device="cuda", dtype=dtype, requires_grad=True)
        gates.append(ones)
        parent, child = name.rsplit(".", 1)
        setattr(model.get_submodule(parent), child, Gated(module, ones))
    if compiled:
        for layer in (model.bert.encoder.layer if config.model_type == "bert" else model.model.layers):
            layer.compile()

    def run():
        gradients = torch.autograd.grad(loss_of(model, ids, labels), gates)
        return torch.stack([g.float().abs().mean(0) / ids.shape[1] for g in gradients]).tolist(), None

    return run


def measure(run, repeats=10):
    for _ in range(3):
        run()
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        his, ae = run()
        torch.cuda.synchronize()
        times.append(1e3 * (time.perf_counter() - begin))
    return {"median_ms": statistics.median(times), "least_ms": min(times), "peak_bytes": torch.cuda.max_memory_allocated(),
            "his": his, "ae": ae}


def main():
    path, sequences, length, name = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    torch.backends.cuda.matmul.allow_tf32 = name == "tf32"
    dtype = torch.bfloat16 if name == "bfloat16" else torch.float32
    config = transformers.AutoConfig.from_pretrained(path)
    ids = tokens_like_hies(sequences, length, config.vocab_size).cuda()
    labels = torch.zeros(sequences, dtype=torch.long, device="cuda") if config.model_type == "bert" else ids
    results = {}
    for side in sys.argv[5:]:
        try:
            run = recipe(path, dtype, ids, labels) if side == "recipe" else gated(path, dtype, ids, labels, side == "compiled")
            results[side] = measure(run)
        except torch.cuda.OutOfMemoryError:
            results[side] = {"out_of_memory": True}
        run = None
        torch.cuda.empty_cache()
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
