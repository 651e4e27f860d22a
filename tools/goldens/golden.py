"""Puts one golden.json together. README.md in this folder documents the fields."""

import json

import causal
import tables
import torch
from measure import attention_parts, check_gate_gradient, forward, gated_logits, head_counts, head_size, measure

ALPHA = 0.7
BATCH_EXAMPLES = 2


def keep_shapes_logits(model, examples, mask):
    """Logits [N][V] with the output-projection columns of the masked heads set to zero: the surgery that keeps all shapes."""
    size, kept = head_size(model), []
    with torch.no_grad():
        for (*_, output), row in zip(attention_parts(model), mask):
            kept.append(output.weight.clone())
            output.weight.mul_(torch.tensor(row, dtype=output.weight.dtype).repeat_interleave(size))
        logits = [forward(model, e).logits[0].tolist() for e in examples]
        for (*_, output), weight in zip(attention_parts(model), kept):
            output.weight.copy_(weight)
    return logits


def measured_and_scored(model, examples, inputs, measured, losses, heads=None):
    """What all goldens have: the model and its inputs, what was measured, and the scores made of it; the first loss is the task's."""
    lengths = [len(e) for e in examples]
    of = lambda fold, field, *more: {n: fold(measured[field][n], lengths, *more) for n in losses}
    his, ae_mean = of(tables.his, "inner"), tables.ae_mean(measured["ae"], lengths)
    return {
        "schema": "hies.golden/1",
        "task_loss": losses[0],
        "heads": heads or [list(range(n)) for n in head_counts(model)],
        "head_dim": head_size(model),
        "inputs": inputs,
        **measured,
        "his": his,
        "his_token": of(tables.his_token, "inner_abs_token"),
        "batch_examples": BATCH_EXAMPLES,
        "his_batch": of(tables.his_batch, "inner", BATCH_EXAMPLES),
        "ae_mean": ae_mean,
        **({"ae_first_mean": tables.ae_mean(measured["ae_first"], lengths)} if "ae_first" in measured else {}),
        "l2": tables.l2(model),
        "l2_out": tables.l2_out(measured["out_sq"], lengths),
        f"hies_{ALPHA}": tables.hies(his[losses[0]], ae_mean, ALPHA),
    }


def build(model, examples, task_loss, mask, classifier, heads=None):
    """The golden of one tiny model. heads [L][H]: original indices, when some are gone already."""
    losses = [task_loss, "logit-norm"] + ([] if task_loss == "mse" else ["pseudo-label"])
    measured = measure(model, examples, losses)
    for name in (task_loss, "logit-norm"):
        check_gate_gradient(model, examples[2], name, measured["inner"][name][2])
    inputs = [{k: v for k, v in vars(e).items() if k in ("ids", "type_ids", "label", "text")} for e in examples]
    if examples[0].pixels is not None:
        inputs = [{k: getattr(e, k) for k in ("pixels", "shape", "tokens", "label")} for e in examples]
    return {
        **measured_and_scored(model, examples, inputs, measured, losses, heads),
        "spectral": tables.spectral_norms(model, classifier),
        "mask": mask,
        "masked_logits": gated_logits(model, examples, mask),
        "keep_shapes_logits": keep_shapes_logits(model, examples, mask),
    }


def build_causal(model, examples, mask):
    """The golden of one tiny language model."""
    losses = ["ce", "pseudo-label", "logit-norm"]
    measured = causal.measure(model, examples, losses)
    inputs = [{"ids": e.ids, "targets": e.targets} for e in examples]
    return {
        **measured_and_scored(model, examples, inputs, measured, losses),
        "mask": mask,
        "masked_logits": gated_logits(model, examples, mask),
        "keep_shapes_logits": keep_shapes_logits(model, examples, mask),
    }


def build_causal(model, examples, mask):
    """The golden of one tiny language model."""
    losses = ["ce", "pseudo-label", "logit-norm"]
    measured = causal.measure(model, examples, losses)
    lengths = [len(e.ids) for e in examples]
    of = lambda fold, field, *more: {n: fold(measured[field][n], lengths, *more) for n in losses}
    his, ae_mean = of(tables.his, "inner"), tables.ae_mean(measured["ae"], lengths)
    return {
        "schema": "hies.golden/1",
        "task_loss": "ce",
        "heads": [list(range(n)) for n in head_counts(model)],
        "head_dim": head_size(model),
        "inputs": [{"ids": e.ids, "targets": e.targets} for e in examples],
        **measured,
        "his": his,
        "his_token": of(tables.his_token, "inner_abs_token"),
        "batch_examples": BATCH_EXAMPLES,
        "his_batch": of(tables.his_batch, "inner", BATCH_EXAMPLES),
        "ae_mean": ae_mean,
        "l2": tables.l2(model),
        "l2_out": tables.l2_out(measured["out_sq"], lengths),
        f"hies_{ALPHA}": tables.hies(his["ce"], ae_mean, ALPHA),
        "mask": mask,
        "masked_log_probabilities": causal.gated_log_probabilities(model, examples, mask),
    }


def write(path, golden):
    """One line per field, so that a diff shows which one changed."""
    body = ",\n".join(f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False, allow_nan=False)}" for k, v in golden.items())
    path.write_text("{\n" + body + "\n}\n", encoding="utf-8")
