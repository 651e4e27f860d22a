#!/usr/bin/env python3
"""Compares `hies eval` with EleutherAI's lm-evaluation-harness on the same model and rows, and prints a Markdown table.

    python3 -m venv v && v/bin/pip install -r tools/requirements-goldens.txt lm_eval==0.4.13
    v/bin/python tools/compare_harness.py --hies build/release/apps/hies/hies --model ../shared/models/llama-gqa-books \\
        --choice ../shared/data/choice --mmlu ../shared/data/mmlu --text ../shared/data/text/books-heldout.txt

Both run in float32 on the CPU. The harness gets the rows as local task files with its own rules for requests and metrics (its
tasks' templates are not used where a row has a `query`, as in hies). Ends with 1 when choices differ on more than 0.5 % of a
task's rows, or a log-likelihood by more than 1e-3 and 1e-5 of itself.
"""

import argparse
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

CHOICE_FILES = {
    "hellaswag": "hellaswag_val.jsonl",
    "winogrande": "winogrande.jsonl",
    "arc-easy": "arc_easy.jsonl",
    "arc-challenge": "arc_challenge.jsonl",
    "openbookqa": "openbook_qa.jsonl",
    "piqa": "piqa.jsonl",
    "boolq": "boolq.jsonl",
    "copa": "copa.jsonl",
}
SUBJECTS = ["anatomy", "high_school_us_history", "marketing", "abstract_algebra"]
METRICS = [{"metric": name, "aggregation": "mean", "higher_is_better": True} for name in ("acc", "acc_norm", "acc_bytes")]


def read_rows(path, most):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for _, line in zip(range(most), file)]


def write_rows(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


class Hies:
    def __init__(self, binary, model, folder):
        self.binary, self.model, self.folder = binary, model, folder

    def eval(self, task, data, *options):
        """Returns the metrics and the rows of --predictions."""
        predictions = self.folder / "predictions.tsv"
        words = [self.binary, "eval", self.model, "--task", task, "--data", data, "--order", "file", "--latency-seconds", "0",
                 "--predictions", predictions, "--force", "--json", "--quiet", *options]
        printed = subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE).stdout
        with open(predictions, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        return json.loads(printed), rows


class Harness:
    def __init__(self, model):
        from lm_eval.models.huggingface import HFLM

        self.make = lambda **options: HFLM(pretrained=str(model), dtype="float32", device="cpu", batch_size=8, **options)
        self.lm = self.make()

    def choices(self, name, config, files, shots=0):
        """Returns the metrics and the log-likelihoods of each row's choices."""
        from lm_eval.api.task import ConfigurableTask
        from lm_eval.evaluator import evaluate

        task = ConfigurableTask(config={
            "task": name, "dataset_path": "json", "dataset_kwargs": {"data_files": {k: str(v) for k, v in files.items()}},
            "output_type": "multiple_choice", "test_split": "test", "metric_list": METRICS, "num_fewshot": shots, **config})
        result = evaluate(self.lm, {name: task}, bootstrap_iters=0, log_samples=True)
        samples = sorted(result["samples"][name], key=lambda sample: sample["doc_id"])
        metrics = {key.split(",")[0]: value for key, value in result["results"][name].items()}
        return metrics, [[float(answer[0]) for answer in sample["filtered_resps"]] for sample in samples]

    def text(self, text, context):
        """Returns the log-likelihood of a text by windows, with nothing but BOS before it."""
        from lm_eval.api.instance import Instance

        lm = self.make(max_length=context, add_bos_token=False)
        return lm.loglikelihood_rolling([Instance("loglikelihood_rolling", {}, (text,), 0)])[0]


def compare(name, theirs, hies):
    """Returns a row of the table, and whether both sides agree."""
    (their_metrics, their_rows), (result, rows) = theirs, hies
    same, absolute, relative, bad, count = 0, 0.0, 0.0, 0, 0
    assert len(rows) == len(their_rows), name
    for theirs_of, row in zip(their_rows, rows):
        mine = [float(value) for value in row["log_likelihoods"].split(",")]
        assert len(mine) == len(theirs_of), name
        same += int(float(row["answer"])) == theirs_of.index(max(theirs_of))
        for a, b in zip(mine, theirs_of):
            absolute, relative = max(absolute, abs(a - b)), max(relative, abs(a - b) / abs(b))
            bad += abs(a - b) > 1e-3 and abs(a - b) > 1e-5 * abs(b)
            count += 1
    shown = " · ".join(f"{metric} {their_metrics[metric]:.4f} / {value:.4f}" for metric, value in result["metrics"].items())
    print(f"| {name} | {len(rows)} | {same / len(rows):.2%} | {absolute:.1e} | {relative:.1e} | {shown} |", flush=True)
    return same >= 0.995 * len(rows) and bad == 0


def query_config(row):
    if "context_options" in row:
        return {"doc_to_text": lambda doc: doc["gold"], "doc_to_choice": lambda doc: doc["context_options"],
                "doc_to_target": lambda doc: doc["continuation"]}
    text, choices, gold = ("query", "choices", "gold") if "query" in row else ("ctx", "endings", "label")
    return {"doc_to_text": lambda doc: doc[text], "doc_to_choice": lambda doc: doc[choices], "doc_to_target": lambda doc: doc[gold]}


def subject_rows(path, most=None):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[:most]
    return [{"question": row[0], "choices": row[1:5], "answer": "ABCD".index(row[5])} for row in rows]


def compare_subject(subject, args, harness, hies, folder):
    test = args.mmlu / "test" / f"{subject}_test.csv"
    words = subject.replace("_", " ")
    config = {
        "description": f"The following are multiple choice questions (with answers) about {words}.\n\n",
        "doc_to_text": "{{question.strip()}}\nA. {{choices[0]}}\nB. {{choices[1]}}\nC. {{choices[2]}}\nD. {{choices[3]}}\nAnswer:",
        "doc_to_choice": ["A", "B", "C", "D"], "doc_to_target": "answer",
        "fewshot_split": "dev", "fewshot_config": {"sampler": "first_n"}, "validation_split": None}
    files = {"test": write_rows(folder / "test.jsonl", subject_rows(test, args.rows)),
             "dev": write_rows(folder / "dev.jsonl", subject_rows(args.mmlu / "dev" / f"{subject}_dev.csv"))}
    return compare(f"mmlu {subject}", harness.choices(f"mmlu_{subject}", config, files, shots=5),
                   hies.eval("mmlu", test, "--examples", args.rows))


def compare_text(args, harness, hies, folder):
    import math

    text = args.text.read_text(encoding="utf-8")[: args.characters]
    file = folder / "text.txt"
    file.write_text(text, encoding="utf-8")
    theirs = harness.text(text, args.context)
    result, rows = hies.eval("perplexity", file, "--context", args.context)
    mine = sum(float(row["log_likelihood"]) for row in rows)
    tokens = sum(int(row["tokens"]) for row in rows)
    print(f"\ntext of {tokens} tokens in {len(rows)} windows of {args.context}: log-likelihood {theirs:.4f} / {mine:.4f}, "
          f"{abs(mine - theirs) / abs(theirs):.1e} apart; perplexity {math.exp(-theirs / tokens):.5f} / {result['metrics']['perplexity']:.5f}")
    return abs(mine - theirs) <= 1e-5 * abs(theirs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hies", type=pathlib.Path, required=True)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--choice", type=pathlib.Path, required=True)
    parser.add_argument("--mmlu", type=pathlib.Path, required=True)
    parser.add_argument("--text", type=pathlib.Path, required=True)
    parser.add_argument("--rows", type=int, default=200, help="of each task")
    parser.add_argument("--characters", type=int, default=200_000, help="of the text")
    parser.add_argument("--context", type=int, default=256)
    args = parser.parse_args()
    harness = Harness(args.model)
    good = True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        hies = Hies(args.hies, args.model, folder)
        print("| task | rows | same choice | largest difference of log-likelihoods | relative | metrics, harness / hies |")
        print("|---|---|---|---|---|---|", flush=True)
        for task, file in CHOICE_FILES.items():
            rows = read_rows(args.choice / file, args.rows)
            data = write_rows(folder / "rows.jsonl", rows)
            good &= compare(task, harness.choices(task, query_config(rows[0]), {"test": data}), hies.eval(task, data))
        for subject in SUBJECTS:
            good &= compare_subject(subject, args, harness, hies, folder)
        good &= compare_text(args, harness, hies, folder)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
