#!/usr/bin/env python3
"""Measures the plug-in's attention and torch's SDPA on one GPU, after checking the results. Prints one JSON document.

usage: gpu_attention.py LIBHIES_CUDA_SO [float32|tf32|bfloat16|float16 ...]
"""

import ctypes
import json
import statistics
import sys

import torch
import torch.nn.functional as functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from cuda_plugin import Attention

# name, sequences, tokens, heads, KV heads, head size, causal
SHAPES = [("bert 32x128", 32, 128, 12, 12, 64, False), ("bert 32x512", 32, 512, 12, 12, 64, False),
          ("llama 1x2048", 1, 2048, 32, 32, 128, True), ("llama 4x2048", 4, 2048, 32, 32, 128, True),
          ("llama 1x8192", 1, 8192, 32, 32, 128, True), ("gqa 1x4096", 1, 4096, 32, 8, 128, True)]
# tf32: float32 tensors whose products round their factors to TF32.
DTYPES = {"float32": torch.float32, "tf32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def milliseconds(run, repeats=20):
    """Returns the median GPU time of run(). The GPU sleeps until all of it is queued, so that the host's time does not count."""
    for _ in range(3):
        run()
    times = []
    for _ in range(repeats):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        torch.cuda._sleep(1_000_000)
        begin.record()
        run()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
    return statistics.median(times)


def exact(q, k, v, dout, causal):
    """Returns out, the normalised entropy of each row, dq, dk and dv of one sequence [T, H, D], computed in float64."""
    q, k, v, dout = (x.double().transpose(0, 1) for x in (q, k, v, dout))
    group = q.shape[0] // k.shape[0]
    q, k, v = (x.detach().requires_grad_() for x in (q, k, v))
    wide_k, wide_v = k.repeat_interleave(group, 0), v.repeat_interleave(group, 0)
    logits = q @ wide_k.transpose(1, 2) * q.shape[-1] ** -0.5
    seen = torch.full((q.shape[1],), q.shape[1], device=q.device, dtype=torch.float64)
    if causal:
        logits = logits.masked_fill(torch.ones(logits.shape[1:], device=q.device, dtype=torch.bool).triu(1), float("-inf"))
        seen = torch.arange(1, q.shape[1] + 1, device=q.device, dtype=torch.float64)
    p = logits.softmax(-1)
    entropy = torch.special.entr(p.detach()).sum(-1) / seen.log()
    entropy[:, seen < 2] = 0
    out = p @ wide_v
    out.backward(dout)
    return [x.detach().transpose(0, 1) for x in (out, entropy, q.grad, k.grad, v.grad)]


def error(x, reference):
    difference = (x.double() - reference).norm().item()
    return difference / reference.norm().item() if difference else 0.0


def check(library, name, kv_heads, head_dim, causal, tokens, heads=4):
    dtype, tf32 = DTYPES[name], name == "tf32"
    q, k, v, dout = (torch.randn(2 * tokens, h, head_dim, device="cuda", dtype=dtype)
                     for h in (heads, kv_heads, kv_heads, heads))
    ours = Attention(library, q, k, v, 2, causal, tf32=tf32)
    ours.forward()
    ours.backward(dout)
    # The same sequence with plain torch in the same dtype.
    torch.backends.cuda.matmul.allow_tf32 = tf32
    a, b, c = (x[:tokens].transpose(0, 1)[None].detach().requires_grad_() for x in (q, k, v))
    with sdpa_kernel(SDPBackend.MATH):
        plain = functional.scaled_dot_product_attention(a, b, c, is_causal=causal, enable_gqa=heads != kv_heads)
    plain.backward(dout[:tokens].transpose(0, 1)[None])
    plain = [x[0].transpose(0, 1) for x in (plain.detach(), a.grad, b.grad, c.grad)]
    out, entropy, dq, dk, dv = exact(q[:tokens], k[:tokens], v[:tokens], dout[:tokens], causal)
    result = {"entropy": error(ours.entropy[:tokens], entropy)}
    for name, mine, theirs, reference in zip(("out", "dq", "dk", "dv"), (ours.out, ours.dq, ours.dk, ours.dv), plain,
                                             (out, dq, dk, dv)):
        result[name] = [error(mine[:tokens], reference), error(theirs, reference)]
    inner = (out * dout[:tokens].double()).sum(-1)
    result["inner"] = error(ours.inner[:tokens], inner)
    result["ok"] = all(x[0] <= 2 * x[1] for x in result.values() if isinstance(x, list)) and result["entropy"] < 1e-2
    return result


def measure(library, name, sequences, tokens, heads, kv_heads, head_dim, causal, dtype_name):
    dtype, tf32 = DTYPES[dtype_name], dtype_name == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = tf32
    q, k, v, dout = (torch.randn(sequences * tokens, h, head_dim, device="cuda", dtype=dtype)
                     for h in (heads, kv_heads, kv_heads, heads))
    ours = Attention(library, q, k, v, sequences, causal, tf32=tf32)
    result = {"name": name, "dtype": dtype_name, "forward": milliseconds(lambda: ours.forward(False)),
              "forward+entropy": milliseconds(ours.forward), "backward": milliseconds(lambda: ours.backward(dout))}
    flops = 4 * sequences * heads * tokens * tokens * head_dim * (0.5 if causal else 1)
    a, b, c = (x.view(sequences, tokens, -1, head_dim).transpose(1, 2).detach().requires_grad_() for x in (q, k, v))
    gradient = dout.view(sequences, tokens, -1, head_dim).transpose(1, 2)
    for backend in (SDPBackend.FLASH_ATTENTION, SDPBackend.CUDNN_ATTENTION, SDPBackend.EFFICIENT_ATTENTION):
        try:
            with sdpa_kernel(backend):
                run = lambda: functional.scaled_dot_product_attention(a, b, c, is_causal=causal, enable_gqa=heads != kv_heads)
                with torch.no_grad():
                    forward = milliseconds(run)
                out = run()
                back = milliseconds(lambda: torch.autograd.grad(out, (a, b, c), gradient, retain_graph=True))
            result[backend.name] = {"forward": forward, "backward": back}
        except RuntimeError:
            result[backend.name] = None
    result["tflops"] = {"forward": flops / result["forward+entropy"] / 1e9, "backward": 2.5 * flops / result["backward"] / 1e9}
    return result


def main():
    library = ctypes.CDLL(sys.argv[1])
    names = sys.argv[2:] or list(DTYPES)
    checks = {}
    for dtype in names:
        for kv_heads, head_dim, causal, tokens in ((4, 64, False, 512), (4, 128, True, 1000), (1, 128, True, 777), (2, 96, True, 300),
                                                   (2, 32, False, 132), (4, 64, True, 8192)):
            key = f"{dtype} K{kv_heads} D{head_dim} causal {causal} T{tokens}"
            checks[key] = check(library, dtype, kv_heads, head_dim, causal, tokens)
    bad = {key: value for key, value in checks.items() if not value["ok"]}
    print(json.dumps({"bad checks": bad}, indent=1), file=sys.stderr)
    timings = [measure(library, *shape, dtype) for dtype in names if dtype != "float16"
               for shape in (SHAPES if dtype == "bfloat16" else SHAPES[:3])]
    print(json.dumps({"GPU": torch.cuda.get_device_name(), "torch": torch.__version__, "checks": checks, "timings": timings}))


if __name__ == "__main__":
    main()
