#!/usr/bin/env python3
"""The reference of the benchmark, Hugging Face transformers: a process that reads one job per line (JSON) and answers with one line.

Its imports and the loading of models are in none of the times that it gives. Needs tools/requirements-goldens.txt.
"""

import json
import sys
import time
import types
from functools import cache
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoModelForSequenceClassification, AutoTokenizer

TOOLS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TOOLS), str(TOOLS / "goldens")]
import bench_reference  # noqa: E402
from measure import Heads, head_counts  # noqa: E402
from reference_vision import evaluate_images, score_images  # noqa: E402
from windows import perplexity, score_windows  # noqa: E402


@cache
def load(model, dtype="float32", attention="sdpa"):
    return (AutoTokenizer.from_pretrained(model),
            AutoModelForSequenceClassification.from_pretrained(model, dtype=getattr(torch, dtype), attn_implementation=attention).eval())


def batches(tokenizer, rows, batch, by_length, max_length):
    """Yields the indices of rows and the encoded batch. Batches of one are not padded; by_length: rows of similar length share a batch."""
    columns = [list(column) for column in zip(*(row[:-1] for row in rows))]
    order = list(range(len(rows)))
    if by_length:
        encoded = tokenizer(*columns, truncation=True, max_length=max_length)
        order.sort(key=lambda i: len(encoded["input_ids"][i]))
    for start in range(0, len(rows), batch):
        group = order[start:start + batch]
        if by_length:
            yield group, tokenizer.pad({name: [values[i] for i in group] for name, values in encoded.items()}, return_tensors="pt")
        else:
            texts = [[column[i] for i in group] for column in columns]
            yield group, tokenizer(*texts, truncation=True, max_length=max_length, padding=batch > 1, return_tensors="pt")


def logits_of(tokenizer, model, rows, batch, by_length, max_length):
    """Returns the logits in the order of the rows, and the number of tokens that are no padding."""
    logits, tokens = [None] * len(rows), 0
    for group, encoded in batches(tokenizer, rows, batch, by_length, max_length):
        for i, values in zip(group, model(**encoded).logits.float().tolist()):
            logits[i] = values
        tokens += int(encoded["attention_mask"].sum())
    return logits, tokens


def evaluate(model, data, columns, batch, dtype="float32", by_length=False, max_length=128, examples=None, warm=True):
    tokenizer, network = load(model, dtype)
    rows = bench_reference.read_rows(data, columns, examples, None)
    with torch.inference_mode():
        if warm:
            logits_of(tokenizer, network, rows[:2], 1, False, max_length)
        began = time.perf_counter()
        logits, tokens = logits_of(tokenizer, network, rows, batch, by_length, max_length)
        return {"seconds": time.perf_counter() - began, "logits": logits, "tokens": tokens}


def score(model, data, columns, batch, examples, max_length=128, weight_gradients=False):
    tokenizer, network = load(model, "float32", "eager")
    rows = bench_reference.read_rows(data, columns, examples, None)
    options = types.SimpleNamespace(max_length=max_length, weight_gradients=weight_gradients)
    bench_reference.score(network, tokenizer, rows[:2], 1, options)
    began = time.perf_counter()
    his, ae = bench_reference.score(network, tokenizer, rows, batch, options)
    return {"seconds": time.perf_counter() - began, "his": his, "ae": ae}


def masked(model, data, columns, batch, pruned, max_length=128):
    """Evaluates masks, each a {layer: [heads]}, by hooks on the inputs of the output projections."""
    tokenizer, network = load(model)
    rows = bench_reference.read_rows(data, columns, None, None)
    seconds, logits = [], []
    with torch.inference_mode():
        logits_of(tokenizer, network, rows[:2], 1, False, max_length)
        for mask in pruned:
            gates = [torch.tensor([float(head not in mask.get(str(layer), [])) for head in range(count)])
                     for layer, count in enumerate(head_counts(network))]
            began = time.perf_counter()
            found = []
            for group, encoded in batches(tokenizer, rows, batch, False, max_length):
                with Heads(network, gates):
                    found += network(**encoded).logits.tolist()
            seconds.append(time.perf_counter() - began)
            logits.append(found)
    return {"seconds": seconds, "logits": logits}


def peak(size=2048, repeats=8):
    """Returns the GFLOP/s of the fastest of several products of two square matrices."""
    result = {}
    for dtype in ("float32", "bfloat16"):
        a, b = (torch.randn(size, size).to(getattr(torch, dtype)) for _ in range(2))
        times = []
        for _ in range(repeats):
            began = time.perf_counter()
            torch.matmul(a, b)
            times.append(time.perf_counter() - began)
        result[dtype] = 2 * size**3 / min(times) / 1e9
    return result


def with_layers(model, layers, output):
    """Writes a copy of a BERT checkpoint with another number of layers: the first ones, repeated from the first on where there are not enough."""
    _, network = load(model)
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    tensors, before = {}, network.config.num_hidden_layers
    for name, tensor in network.state_dict().items():
        head, layer, tail = name.partition(".layer.")
        if not layer:
            tensors[name] = tensor.half()
            continue
        number, _, rest = tail.partition(".")
        for copy in range(int(number), layers, before):
            tensors[f"{head}.layer.{copy}.{rest}"] = tensor.half()
    save_file({name: tensor.clone().contiguous() for name, tensor in tensors.items()}, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((Path(model) / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(dict(config, num_hidden_layers=layers)))
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        if (Path(model) / name).exists():
            (folder / name).write_bytes((Path(model) / name).read_bytes())
    return {}


def about(threads):
    torch.set_num_threads(threads)
    return {"torch": torch.__version__, "transformers": transformers.__version__, "threads": torch.get_num_threads()}


JOBS = {function.__name__: function for function in (about, evaluate, score, masked, peak, with_layers, perplexity, score_windows, evaluate_images,
                                                     score_images)}


def main():
    transformers.utils.logging.disable_progress_bar()
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever a library prints is no answer
    for line in sys.stdin:
        job = json.loads(line)
        answer = JOBS[job.pop("job")](**job)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
