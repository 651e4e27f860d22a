"""Goldens of the trained checkpoints in ../shared: scores on the first training rows, metrics on the dev set."""

import causal
import golden
import tables
import torch
from glue import SHARED, read
from measure import Example, measure
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

EXAMPLES, MAX_LENGTH, ALPHA, BATCH = 64, 128, 0.7, 32
TASKS = {"demo-sst2": "sst2", "minilm-sst2": "sst2", "minilm-cola": "cola", "minilm-mrpc": "mrpc", "minilm-stsb": "stsb"}
CAUSAL, BOOKS, CONTEXT, WINDOWS = ["llama-gqa-books"], "books-heldout.txt", 256, 16
# The task's metrics, the primary one first; each from (labels, predictions).
METRICS = {
    "sst2": {"accuracy": accuracy_score},
    "cola": {"matthews": matthews_corrcoef},
    "mrpc": {"f1": f1_score, "accuracy": accuracy_score},
    "stsb": {"pearson": lambda y, p: pearsonr(y, p)[0], "spearman": lambda y, p: spearmanr(y, p)[0]},
}


def encode(tokenizer, texts):
    return tokenizer(*texts, truncation=True, max_length=MAX_LENGTH)


def dev_metrics(folder, task, tokenizer):
    """Float32, padded batches of similar lengths."""
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    rows = read(task, "dev")
    encodings = [encode(tokenizer, texts) for texts, _ in rows]
    order = sorted(range(len(rows)), key=lambda i: len(encodings[i]["input_ids"]))
    predictions = [None] * len(rows)
    for start in range(0, len(order), BATCH):
        group = order[start : start + BATCH]
        batch = tokenizer.pad([encodings[i] for i in group], return_tensors="pt")
        with torch.no_grad():
            logits = model(**batch).logits
        for i, row in zip(group, logits):
            predictions[i] = row.item() if task == "stsb" else int(row.argmax())
    labels = [label for _, label in rows]
    return {"examples": len(rows), **{name: float(metric(labels, predictions)) for name, metric in METRICS[task].items()}}


def make_causal(name, path):
    """The first windows of the held-out books: HIS of the token cross-entropy, and AE under the causal mask."""
    folder = SHARED / "models" / name
    tokenizer = AutoTokenizer.from_pretrained(folder)
    text = (SHARED / "data" / "text" / BOOKS).read_text(encoding="utf-8")
    # A beginning that ends between two lines has the same first tokens as the whole.
    tokens = tokenizer(text[: text.index("\n", 40 * WINDOWS * CONTEXT)], add_special_tokens=False)["input_ids"][: WINDOWS * CONTEXT]
    rows = causal.windows(tokens, tokenizer.bos_token_id, CONTEXT)
    examples = [Example(ids, [], None, targets=targets) for ids, targets in rows]
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager")
    with causal.exact():
        measured = causal.measure(model, examples, ["ce"])
    lengths = [CONTEXT] * WINDOWS
    his, ae = tables.his(measured["inner"]["ce"], lengths), tables.ae_mean(measured["ae"], lengths)
    golden.write(
        path,
        {
            "schema": "hies.golden/1",
            "text": BOOKS,
            "context": CONTEXT,
            "tokens": tokens,
            "log_probabilities": measured["log_probabilities"][0],
            "losses": measured["losses"]["ce"],
            "his": his,
            "ae": ae,
            f"hies_{ALPHA}": tables.hies(his, ae, ALPHA),
            "l2": tables.l2(model),
            "l2_out": tables.l2_out(measured["out_sq"], lengths),
        },
    )


def make(name, path):
    if name in CAUSAL:
        return make_causal(name, path)
    task, folder = TASKS[name], SHARED / "models" / name
    loss = "mse" if task == "stsb" else "ce"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager")
    examples = []
    for texts, label in read(task, "train", limit=EXAMPLES):
        encoding = encode(tokenizer, texts)
        examples.append(Example(encoding["input_ids"], encoding["token_type_ids"], label))
    lengths = [len(e.ids) for e in examples]
    measured = measure(model, examples, [loss])
    his, ae = tables.his(measured["inner"][loss], lengths), tables.ae_mean(measured["ae"], lengths)
    golden.write(
        path,
        {
            "schema": "hies.golden/1",
            "task": task,
            "task_loss": loss,
            "examples": EXAMPLES,
            "max_length": MAX_LENGTH,
            "tokens": lengths,
            "labels": [e.label for e in examples],
            "logits": measured["logits"],
            "mean_loss": sum(measured["losses"][loss]) / EXAMPLES,
            "his": his,
            "ae": ae,
            f"hies_{ALPHA}": tables.hies(his, ae, ALPHA),
            "l2": tables.l2(model),
            "l2_out": tables.l2_out(measured["out_sq"], lengths),
            "dev": dev_metrics(folder, task, tokenizer),
        },
    )
