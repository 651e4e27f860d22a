"""Writes a tiny model's directory as a fine-tuning script leaves it, and its golden.json."""

import json

import causal
import golden
import torch
from safetensors.torch import save_file
from tiny import check_attention, check_scale

# What transformers adds while running, and what only says which version wrote the file.
TRANSIENT = ("attn_implementation", "_name_or_path", "dtype", "_attn_implementation_internal", "transformers_version", "torch_dtype")


def save_config(folder, model, dtype, drop=(), **changes):
    config = {k: v for k, v in model.config.to_dict().items() if k not in TRANSIENT + tuple(drop)}
    config.update(torch_dtype=dtype, **changes)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def save_weights(folder, tensors, shards=1):
    """One file, or `shards` files of about the same size with their index."""
    tensors = {k: tensors[k].contiguous() for k in sorted(tensors)}
    if shards == 1:
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        return
    total = sum(t.nbytes for t in tensors.values())
    parts, filled = [{} for _ in range(shards)], 0
    for key, tensor in tensors.items():
        parts[min(filled * shards // total, shards - 1)][key] = tensor
        filled += tensor.nbytes
    files = [f"model-{i + 1:05d}-of-{shards:05d}.safetensors" for i in range(shards)]
    for file, part in zip(files, parts):
        save_file(part, folder / file, metadata={"format": "pt"})
    index = {"metadata": {"total_size": total}, "weight_map": {key: f for f, part in zip(files, parts) for key in part}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def finish(folder, model, examples, task_loss, mask, classifier, heads=None):
    """Measures the model as it is in memory, after asserting that the directory loads as the same one."""
    with causal.exact():
        data = golden.build(model, examples, task_loss, mask, classifier, heads)
        check_scale(model, data["ae_mean"], data["logits"])
        loaded = type(model).from_pretrained(folder / "model", attn_implementation="eager", dtype=torch.float64)
        again = golden.gated_logits(loaded, examples, [[1] * len(r) for r in mask])
        assert again == data["logits"], "the directory loads as another model"
    golden.write(folder / "golden.json", data)


def finish_causal(folder, model, examples, mask):
    """The same for a language model."""
    with causal.exact():
        data = golden.build_causal(model, examples, mask)
        check_attention(model, data["ae_mean"])
        assert all(-20 < p for row in data["log_probabilities"] for p in row) and len({t for row in data["top_tokens"] for t in row}) > 3
        loaded = type(model).from_pretrained(folder / "model", attn_implementation="eager", dtype=torch.float64)
        again = causal.gated_log_probabilities(loaded, examples, [[1] * len(r) for r in mask])
        assert again == data["log_probabilities"], "the directory loads as another model"
    golden.write(folder / "golden.json", data)
