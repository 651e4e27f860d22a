#!/usr/bin/env python3
"""Logits of a checkpoint in Hugging Face, in float64, to compare with `hies`: `check_pruned.py MODEL GOLDEN.json` or `check_pruned.py MODEL --ids 2,5,3`.

A directory with `pruned_heads` (what `hies prune` writes) needs transformers 4.57; one with all shapes kept (`hies prune --keep-shapes`) loads in 5.x too.
Inputs are the ids of a golden.json, or ids separated by commas, one --ids per sequence. Prints {"transformers", "pruned_heads", "logits": [N][V]};
with a golden.json that holds the same model's expected logits, --against FIELD adds the largest absolute difference.

A language model prints the logits of every token, [N][T][V]. `check_pruned.py MODEL --ids … --masked WHOLE` compares a language model that `hies prune` made smaller
with WHOLE, the checkpoint that it was made from, its removed heads masked (the columns of their output projections zeroed): the largest difference must be rounding.
"""

import argparse
import json
import sys
from pathlib import Path

import torch
import transformers
from measure import Example, forward
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification


def load(folder):
    """The model, and transformers' own account of what did not fit: anything missing or of another shape is an error."""
    config = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
    pruned = config.get("pruned_heads") or {}
    if pruned and not transformers.__version__.startswith("4."):
        sys.exit(f"error: {folder} has pruned_heads, which transformers {transformers.__version__} ignores: use 4.57 (tools/requirements-goldens-v4.txt)")
    causal = any(name.endswith(("ForCausalLM", "LMHeadModel")) for name in config.get("architectures") or [])
    model, info = (AutoModelForCausalLM if causal else AutoModelForSequenceClassification).from_pretrained(
        folder, dtype=torch.float64, attn_implementation="eager", output_loading_info=True
    )
    for problem in ("missing_keys", "mismatched_keys"):
        if info[problem]:
            sys.exit(f"error: {folder}: {problem}: {sorted(map(str, info[problem]))}")
    return model.eval(), pruned


def mask(model, block):
    """Zeroes what the output projections read of the heads that `block`, the hies block of the smaller checkpoint, says are removed."""
    size = block["head_dim"]
    for layer, module in enumerate(model.get_decoder().layers):
        ranges = block["removed"].get("attention", {}).get(str(layer), "")
        parts = [[int(end) for end in part.split("-")] for part in ranges.split(",") if part]
        for head in (head for ends in parts for head in range(ends[0], ends[-1] + 1)):
            with torch.no_grad():
                module.self_attn.o_proj.weight[:, head * size : (head + 1) * size] = 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("golden", nargs="?", help="a golden.json; its inputs are run")
    parser.add_argument("--ids", action="append", default=[], help="token ids separated by commas")
    parser.add_argument("--masked", help="the checkpoint that MODEL was made from, to compare with")
    parser.add_argument("--against", help="a field of the golden.json, e.g. masked_logits")
    options = parser.parse_args()
    golden = json.loads(Path(options.golden).read_text(encoding="utf-8")) if options.golden else {"inputs": []}
    examples = [Example(e["ids"], e["type_ids"], None) for e in golden["inputs"]]
    for ids in options.ids:
        numbers = [int(i) for i in ids.split(",")]
        examples.append(Example(numbers, [0] * len(numbers), None))
    torch.set_num_threads(1)
    model, pruned = load(options.model)
    with torch.no_grad():
        logits = [forward(model, e).logits[0].tolist() for e in examples]
    result = {"transformers": transformers.__version__, "pruned_heads": pruned, "logits": logits}
    if options.masked:
        whole, _ = load(options.masked)
        mask(whole, json.loads((Path(options.model) / "config.json").read_text(encoding="utf-8"))["hies"])
        with torch.no_grad():
            masked = [forward(whole, e).logits[0] for e in examples]
        result["largest_difference"] = max((torch.tensor(a) - b).abs().max().item() for a, b in zip(logits, masked))
        result["largest_logit"] = max(b.abs().max().item() for b in masked)
        del result["logits"]
    if options.against:
        pairs = zip(golden[options.against], logits)
        result["largest_difference"] = max(abs(a - b) for expected, row in pairs for a, b in zip(expected, row))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
