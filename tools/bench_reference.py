#!/usr/bin/env python3
"""Measures HIS and AE in Hugging Face, for comparison with `hies score … --order file`: float32, eager attention, output_attentions, hooks on the output projections.

`bench_reference.py MODEL DATA.tsv --examples 256` prints one JSON line per mode: `batch1` (one example at a time) and `padded32` (padded batches, longest
row decides; HIS and AE still per example: padding is left out of both). `seconds` covers tokenising, forward, backward and the scores; `seconds_with_load`
adds loading model and tokenizer (imports of Python are in neither). By default only the gradients that HIS needs are computed (torch.autograd.grad);
--weight-gradients calls loss.backward() instead, as published code does. Needs tools/requirements-goldens.txt.
"""

import argparse
import json
import math
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import AutoModelForSequenceClassification, AutoTokenizer

sys.path.insert(0, str(Path(__file__).resolve().parent / "goldens"))
from measure import Heads  # noqa: E402


def read_rows(path, columns, limit, chosen):
    """Returns the named (or, in a file without header, numbered) columns of the first `limit` rows, or of the rows whose indices `chosen` lists."""
    lines = [line.rstrip("\r").split("\t") for line in Path(path).read_text(encoding="utf-8-sig").split("\n") if line]
    headless = all(c.isdigit() for c in columns)
    positions = [int(c) if headless else lines[0].index(c) for c in columns]
    rows = [[row[p] for p in positions] for row in (lines if headless else lines[1:])]
    return [rows[i] for i in chosen] if chosen is not None else rows[:limit]


def label_tensor(model, labels):
    if model.config.num_labels == 1:
        return torch.tensor([float(l) for l in labels])
    known = {str(k).lower(): v for k, v in model.config.label2id.items()}
    return torch.tensor([int(l) if l.isdigit() else known[l.lower()] for l in labels])


def batch_scores(model, batch, labels, weight_gradients):
    """Returns |inner|/n and AE of each example of one batch, both [B][L·H] (they are summed afterwards)."""
    mask = batch["attention_mask"].float()
    lengths = mask.sum(1)
    with Heads(model) as heads:
        output = model(**batch, output_attentions=True)
    if model.config.num_labels == 1:
        loss = ((output.logits[:, 0] - labels) ** 2).sum()
    else:
        loss = F.cross_entropy(output.logits, labels, reduction="sum")
    gradients = heads.gradients(loss, model if weight_gradients else None)
    his, ae = [], []
    with torch.no_grad():
        for gradient, a, p in zip(gradients, heads.outputs, output.attentions):
            d = (gradient * a).unflatten(-1, (-1, heads.size)).sum(-1)
            his.append((d * mask[:, :, None]).sum(1).abs() / lengths[:, None])
            entropy = -torch.special.xlogy(p, p).sum(-1)
            ae.append((entropy * mask[:, None, :]).sum(-1) / (lengths * lengths.log().clamp_min(1e-30))[:, None])
    return torch.cat(his, 1), torch.cat(ae, 1)


def score(model, tokenizer, rows, batch_size, options):
    his, ae = 0.0, 0.0
    for start in range(0, len(rows), batch_size):
        group = rows[start : start + batch_size]
        texts = [[row[c] for row in group] for c in range(len(group[0]) - 1)]
        batch = tokenizer(*texts, truncation=True, max_length=options.max_length, padding=batch_size > 1, return_tensors="pt")
        pair = batch_scores(model, batch, label_tensor(model, [row[-1] for row in group]), options.weight_gradients)
        his, ae = his + pair[0].double().sum(0), ae + pair[1].double().sum(0)
    return (his / len(rows)).tolist(), (ae / len(rows)).tolist()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("data", help="TSV without quoting")
    parser.add_argument("--text", default="sentence", help="column name, or its number in a file without header")
    parser.add_argument("--text-pair")
    parser.add_argument("--label", default="label")
    parser.add_argument("--examples", type=int, default=256, help="the first N rows")
    parser.add_argument("--rows", help="a file of row indices (0 = first row of data), one per line, instead of the first N")
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--repeat", type=int, default=1, help="runs of each mode, alternating; the median is printed")
    parser.add_argument("--weight-gradients", action="store_true")
    parser.add_argument("--scores", help="writes {mode: {his, ae}} there, layer by layer, to compare with scores.json")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    columns = [options.text] + ([options.text_pair] if options.text_pair else []) + [options.label]
    chosen = [int(i) for i in Path(options.rows).read_text().split()] if options.rows else None
    rows = read_rows(options.data, columns, options.examples, chosen)
    began = time.perf_counter()
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForSequenceClassification.from_pretrained(options.model, dtype=torch.float32, attn_implementation="eager").eval()
    load = time.perf_counter() - began
    score(model, tokenizer, rows[:2], 1, options)

    times, scores = {size: [] for size in options.batch_sizes}, {}
    for _ in range(options.repeat):
        for size in options.batch_sizes:
            began = time.perf_counter()
            his, ae = score(model, tokenizer, rows, size, options)
            times[size].append(time.perf_counter() - began)
            assert all(map(math.isfinite, his + ae))
            scores[mode_name(size)] = {"his": his, "ae": ae}
    for size, seconds in times.items():
        median = sorted(seconds)[len(seconds) // 2]
        line = {"mode": mode_name(size), "seconds": round(median, 3), "seconds_with_load": round(median + load, 3)}
        print(json.dumps({**line, "examples": len(rows), "threads": options.threads, "weight_gradients": options.weight_gradients}))
    if options.scores:
        Path(options.scores).write_text(json.dumps(scores) + "\n", encoding="utf-8")


def mode_name(size):
    return "batch1" if size == 1 else f"padded{size}"


if __name__ == "__main__":
    main()
