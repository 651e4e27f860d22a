"""The tiny models: random weights, scaled so that attention is neither uniform nor one-hot and the logits differ."""

import zlib

import numpy as np
import torch
from measure import Example, attention_parts, forward, head_size


def randomise(model, name):
    """Fills every parameter from a generator seeded with the model's name.

    Query and key weights have standard deviation 0.2 over a layer, with heads from a third of that to one and a half times: small ones give a nearly
    uniform attention (AE near 1), large ones a concentrated one. More would make the model so steep that float32 itself errs by 1e-5. All biases and layer-norm parameters are non-trivial, so that forgetting one of them shows.
    """
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    normal = lambda shape, std: torch.from_numpy(rng.normal(0.0, std, tuple(shape))).float()
    with torch.no_grad():
        for key, parameter in sorted(model.named_parameters()):
            norm = "norm" in key.lower() or ".ln_" in key
            if norm:
                parameter.copy_(normal(parameter.shape, 0.2) + (1.0 if key.endswith("weight") else 0.0))
                # Where queries are normalised, only this makes attention differ.
                parameter.mul_(2.5 if key.endswith("1.self_attn.q_norm.weight") else 1.0)
            elif key.endswith("bias"):
                parameter.copy_(normal(parameter.shape, 0.2))
            elif "embed" in key or ".wte." in key or ".wpe." in key:
                # As output matrix the table makes the logits.
                parameter.copy_(normal(parameter.shape, 0.3 if is_output_matrix(model, parameter) else 0.8))
            else:
                gain = 2.5 if key.startswith(("classifier", "cls_classifier", "distillation_classifier", "score", "lm_head")) else 1.2
                parameter.copy_(normal(parameter.shape, gain / parameter.shape[-1] ** 0.5))
        for query, key, *_ in attention_parts(model):
            for linear, scale in zip((query, key), head_scales(rng, query, key, head_size(model))):
                weight = normal(linear.weight.shape, 1.0) * scale
                linear.weight.copy_(weight * (0.201 / weight.std()))
    return model


def is_output_matrix(model, parameter):
    head = model.get_output_embeddings()
    return head is not None and head.weight is parameter


def head_scales(rng, query, key, size):
    """How large the weights of each query head are, and those of the key heads, of which there may be fewer: [out, 1] each."""
    spread = lambda linear: torch.from_numpy(rng.permutation(np.linspace(0.35, 1.35, linear.out_features // size))).float()
    of_queries = spread(query)
    of_keys = of_queries if key.out_features == query.out_features else spread(key)
    return [scale.repeat_interleave(size)[:, None] for scale in (of_queries, of_keys)]


def centre(model, classifier, examples, mean=0.0):
    """Shifts the last bias so that each logit's mean over the examples is `mean`: without it, one class would win on all of them."""
    bias = model.get_submodule(classifier).bias
    with torch.no_grad():
        logits = torch.cat([forward(model, e).logits for e in examples])
        bias += mean - logits.mean(0)


def draw_examples(name, vocabulary, lengths, first, last, specials, labels, pairs):
    """Random token ids between the special tokens; every second example longer than 6 is a pair where `pairs`. labels: a list."""
    rng = np.random.default_rng(zlib.crc32(("examples of " + name).encode()))
    examples = []
    for index, (length, label) in enumerate(zip(lengths, labels)):
        ids = [first] + rng.integers(specials, vocabulary, length - 2).tolist() + [last]
        type_ids = [0] * length
        if pairs and length > 6 and index % 2:
            cut = length // 2
            ids[cut] = last
            type_ids = [0] * (cut + 1) + [1] * (length - cut - 1)
        examples.append(Example(ids, type_ids, label))
    return examples


def draw_mask(name, counts, empty_layer):
    """Random gates [L][H], 1 = kept; `empty_layer` loses all its heads, every other one keeps at least one and loses one if it has two."""
    rng = np.random.default_rng(zlib.crc32(("mask of " + name).encode()))
    mask = []
    for layer, count in enumerate(counts):
        row = rng.integers(0, 2, count).tolist()
        first, second = rng.permutation(max(count, 2)).tolist()[:2]
        row[first % count] = 1
        if count > 1:
            row[second] = 0
        mask.append([0] * count if layer == empty_layer else row)
    return mask


def check_attention(model, ae_mean):
    """Asserts that heads attend, and differ in how."""
    for linears in list(zip(*attention_parts(model)))[:2]:
        assert torch.cat([linear.weight.flatten() for linear in linears]).double().std() >= 0.2
    values = [v for row in ae_mean for v in row]
    assert max(values) - min(values) >= 0.2, (min(values), max(values))


def check_scale(model, ae_mean, logits):
    """Asserts what makes a tiny model worth comparing with."""
    check_attention(model, ae_mean)
    table = np.array(logits)
    assert (table.max(0) - table.min(0)).min() >= 0.2, table
    if table.shape[1] > 1:
        assert len(set(table.argmax(1))) > 1, "every example has the same prediction"
