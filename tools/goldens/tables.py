"""Per-head tables [L][H] from per-example measurements: HIS of three granularities, AE, HIES, L2, L2-out, spectral norms."""

import math

import torch

from measure import attention_parts, head_size


def combine(per_example, lengths, fold):
    """fold([value of each example], lengths) for every (layer, head)."""
    layers = range(len(per_example[0]))
    return [[fold([x[l][h] for x in per_example], lengths) for h in range(len(per_example[0][l]))] for l in layers]


def his(inner, lengths):
    return combine(inner, lengths, lambda v, n: sum(abs(a) / t for a, t in zip(v, n)) / len(v))


def his_token(inner_abs_token, lengths):
    return combine(inner_abs_token, lengths, lambda v, n: sum(a / t for a, t in zip(v, n)) / len(v))


def his_batch(inner, lengths, batch_examples):
    def fold(values, tokens):
        scaled = [a / t for a, t in zip(values, tokens)]
        groups = [scaled[i : i + batch_examples] for i in range(0, len(scaled), batch_examples)]
        return sum(abs(sum(g) / len(g)) for g in groups) / len(groups)

    return combine(inner, lengths, fold)


def ae_mean(ae, lengths):
    """Mean over the examples that have at least two tokens."""
    return combine(ae, lengths, lambda v, n: sum(a for a, t in zip(v, n) if t > 1) / sum(t > 1 for t in n))


def l2_out(out_sq, lengths):
    return combine(out_sq, lengths, lambda v, n: sum(math.sqrt(a / t) for a, t in zip(v, n)) / len(v))


def min_max(table):
    low, high = min(min(r) for r in table if r), max(max(r) for r in table if r)
    return [[(x - low) / (high - low) if high > low else 0.0 for x in row] for row in table]


def hies(his_table, ae_table, alpha):
    return [
        [alpha * a + (1 - alpha) * (1 - b) for a, b in zip(x, y)] for x, y in zip(min_max(his_table), min_max(ae_table))
    ]


def l2(model):
    """sqrt of the summed squares of the head's W_Q, W_K, W_V rows (K and V of its group) and W_O columns, no biases."""
    size, rows = head_size(model), []
    for *inputs, output in attention_parts(model):
        heads = output.in_features // size
        squares = (output.weight.double() ** 2).sum(0).reshape(heads, size).sum(1)
        for w in inputs:
            of_head = (w.weight.double() ** 2).sum(1).reshape(-1, size).sum(1)
            squares = squares + of_head.repeat_interleave(heads // len(of_head))
        rows.append(squares.sqrt().tolist())
    return rows


def spectral_norms(model, classifier):
    """Largest singular values: W_O per layer, W_O[:,h] per head, and the last linear map of the task head."""
    size, largest = head_size(model), lambda w: torch.linalg.matrix_norm(w.detach().double(), 2).item()
    outputs = [output.weight for *_, output in attention_parts(model)]
    return {
        "output": [largest(w) for w in outputs],
        "output_head": [[largest(block) for block in w.split(size, dim=1)] for w in outputs],
        "classifier": largest(model.get_submodule(classifier).weight),
    }
