"""The reference's jobs on language models: windows of one text, as `hies --task perplexity --order file` reads them."""

import sys
import time
from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "goldens"))
from measure import Heads  # noqa: E402


@cache
def load(model, dtype, attention):
    return (AutoTokenizer.from_pretrained(model),
            AutoModelForCausalLM.from_pretrained(model, dtype=getattr(torch, dtype), attn_implementation=attention).eval())


def windows(tokenizer, text, context, examples):
    """Returns the tokens that the first windows read and those that they predict, both [windows, context]; the first window begins with BOS."""
    ids = tokenizer(Path(text).read_text(encoding="utf-8"), add_special_tokens=False)["input_ids"][:examples * context]
    whole = torch.tensor([tokenizer.bos_token_id, *ids])
    return whole[:-1].view(examples, context), whole[1:].view(examples, context)


def losses(model, read, judged, **more):
    """Returns the losses [windows, context], and the whole output."""
    output = model(read, use_cache=False, **more)
    return F.cross_entropy(output.logits.float().flatten(0, 1), judged.flatten(), reduction="none").view(judged.shape), output


def perplexity(model, data, context, examples, batch, dtype="float32"):
    tokenizer, network = load(model, dtype, "sdpa")
    with torch.inference_mode():
        began = time.perf_counter()
        read, judged = windows(tokenizer, data, context, examples)
        total = sum(losses(network, r, j)[0].double().sum() for r, j in zip(read.split(batch), judged.split(batch)))
        return {"seconds": time.perf_counter() - began, "perplexity": float(torch.exp(total / judged.numel()))}


def score_windows(model, data, context, examples, weight_gradients):
    """Computes HIS and AE, one window after the other. weight_gradients: with loss.backward(), as published code does; else with
    gradients of heads' outputs alone."""
    tokenizer, network = load(model, "float32", "eager")
    began = time.perf_counter()
    read, judged = windows(tokenizer, data, context, examples)
    his, ae = 0.0, 0.0
    seen = torch.arange(1, context + 1).log().clamp_min(1e-30)  # of a causal query; the first one sees one key and does not count
    for r, j in zip(read.split(1), judged.split(1)):
        with Heads(network) as heads:
            each, output = losses(network, r, j, output_attentions=True)
        gradients = heads.gradients(each.mean(), network if weight_gradients else None)
        with torch.no_grad():
            his += torch.cat([(g * a).unflatten(-1, (-1, heads.size)).sum((0, 1, 3)).abs() / context for g, a in zip(gradients, heads.outputs)])
            ae += torch.cat([(-torch.special.xlogy(p, p).sum(-1)[0] / seen)[:, 1:].mean(1) for p in output.attentions])
    return {"seconds": time.perf_counter() - began, "his": (his / examples).tolist(), "ae": (ae / examples).tolist()}
