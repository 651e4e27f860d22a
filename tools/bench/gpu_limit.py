#!/usr/bin/env python3
"""Measures the rate of large matrix products on the GPU, and computes the least time that the products of a workload take at that rate.

usage: gpu_limit.py      prints the GPU, its driver, versions and rates (TFLOP/s of a product of 8192³) as one JSON document
"""

import datetime
import json
import statistics
import subprocess
import sys
from pathlib import Path

from limit import DecoderSizes, Sizes

SIZE, WARM_UP, REPEATS = 8192, 5, 10


def attention_flops(config, sequences, tokens):
    """Returns the FLOPs of attention: two products forward and four backward, half of each if causal. The first layer needs no gradients of
    queries, keys and values. In BERT's last layer only first tokens are read, but AE needs the logits of all tokens."""
    causal = config["model_type"] != "bert"
    head = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    product = 2 * sequences * tokens**2 * config["num_attention_heads"] * head / (2 if causal else 1)
    return product * (6 * config["num_hidden_layers"] - 4 - (0 if causal else 5))


def limit_ms(model, sequences, tokens, rate):
    """Returns the time of the products for HIS and AE of one batch at `rate` TFLOP/s: those with weights as in limit.py, and those of attention."""
    config = json.loads((Path(model) / "config.json").read_text())
    sizes = (Sizes if config["model_type"] == "bert" else DecoderSizes)(model)
    return (sizes.scoring(sequences * tokens, sequences) + attention_flops(config, sequences, tokens)) / rate / 1e9


def rate(torch, name):
    torch.backends.cuda.matmul.allow_tf32 = name == "tf32"
    a, b = (torch.randn(SIZE, SIZE, device="cuda").to(torch.bfloat16 if name == "bfloat16" else torch.float32) for _ in range(2))
    out, times = torch.empty_like(a), []
    for i in range(WARM_UP + REPEATS):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        torch.mm(a, b, out=out)
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
    return 2 * SIZE**3 / statistics.median(times[WARM_UP:]) / 1e9


def driver():
    try:
        answer = subprocess.run(["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.split()[0] if answer.stdout.strip() else None


def main():
    import torch  # imported here, so that limit_ms can be used without torch and transformers
    import transformers
    json.dump({"GPU": torch.cuda.get_device_name(), "driver": driver(),
               "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "torch": torch.__version__,
               "transformers": transformers.__version__, "rates": {name: rate(torch, name) for name in ("bfloat16", "tf32", "float32")}}, sys.stdout)


if __name__ == "__main__":
    main()
