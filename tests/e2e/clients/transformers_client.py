"""Run by a Python that has transformers: loads directories and runs them in float64. Reads {"folders", "unused": tensors that no model reads, "inputs": examples of a golden.json} from standard input, and
prints {"transformers", "rows" by folder}: the logits of each example, or the log-probabilities of the targets of a language model. A tensor that is missing or has another shape
is an error."""

import json
import pathlib
import sys

import torch
import transformers


def load(folder, unused):
    config = json.loads((folder / "config.json").read_text())
    (name,) = config.get("architectures", ["AutoModelForSequenceClassification"])  # very old checkpoints do not say
    model, info = getattr(transformers, name).from_pretrained(folder, dtype=torch.float64, attn_implementation="sdpa", output_loading_info=True)
    for problem in ("missing_keys", "mismatched_keys", "unexpected_keys"):
        if found := set(map(str, info[problem])) - set(unused):
            sys.exit(f"{folder}: {problem}: {sorted(found)}")
    return model.eval()


def answer(model, example):
    if "pixels" in example:
        pixels = torch.tensor(example["pixels"], dtype=torch.float32).reshape(1, *example["shape"]) / 127.5 - 1
        options = {} if model.config.model_type == "dinov2" else {"interpolate_pos_encoding": True}  # as the goldens were made
        return model(pixel_values=pixels.double(), **options).logits[0]
    inputs = {"input_ids": torch.tensor([example["ids"]])}
    if getattr(model.config, "type_vocab_size", 0) > 1:
        inputs["token_type_ids"] = torch.tensor([example["type_ids"]])
    logits = model(**inputs).logits[0]
    if "targets" not in example:
        return logits
    targets = torch.tensor(example["targets"])
    return torch.log_softmax(logits[-len(targets):], -1).gather(1, targets[:, None])[:, 0]


def main():
    request = json.load(sys.stdin)
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    rows = {}
    for folder in request["folders"]:
        model = load(pathlib.Path(folder), request["unused"])
        with torch.no_grad():
            rows[folder] = [answer(model, example).tolist() for example in request["inputs"]]
    json.dump({"transformers": transformers.__version__, "rows": rows}, sys.stdout)


main()
