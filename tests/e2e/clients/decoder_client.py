"""Run by a Python that has transformers: reads {"folders", "ids": token ids of texts} from standard input, and prints {folder: for each text and token [top token, its lead
over the second in log-probability, log-probability of the next token]}, in float64."""

import json
import sys

import torch
import transformers


def rows(model, ids):
    with torch.no_grad():
        shares = torch.log_softmax(model(input_ids=torch.tensor([ids])).logits[0], -1)
    (first, second), top = shares.topk(2).values.T, shares.argmax(-1)
    following = ids[1:] + [None]
    return [[int(top[i]), float(first[i] - second[i]), None if token is None else float(shares[i, token])] for i, token in enumerate(following)]


request = json.load(sys.stdin)
result = {}
for folder in request["folders"]:
    loaded = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64).eval()
    result[folder] = [rows(loaded, ids) for ids in request["ids"]]
json.dump(result, sys.stdout)
