"""The processes of a comparison: `hies`, started for each run, and the reference, which keeps running."""

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path


class Failed(Exception):
    pass


class Run:
    """One run of a command: its seconds from launch to exit, peak resident bytes, standard output."""

    def __init__(self, words, threads):
        began = time.perf_counter()
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
        process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        # Standard output is one small document and standard error is almost empty: neither fills its pipe.
        output, errors = process.stdout.read(), process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        self.seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        self.peak_bytes = usage.ru_maxrss * 1024
        self.output = output.decode()
        if process.returncode != 0:
            raise Failed(f"{' '.join(map(str, words))}\n{errors.decode()}")

    def json(self):
        return json.loads(self.output)


class Hies:
    def __init__(self, program, folder, threads):
        self.program, self.folder, self.threads = program, Path(folder), threads

    def run(self, *words):
        return Run([self.program, *words, "--threads", self.threads, "--json", "--quiet"], self.threads)

    def evaluate(self, work, dtype="float32", examples=None):
        """Returns the run, the number of tokens, and the logits in the order of the file."""
        predictions = self.folder / "predictions.tsv"
        words = ["--predictions", predictions] if examples is None else ["--examples", examples]
        run = self.run("eval", work.model, "--task", work.task, "--data", work.data, "--order", "file", *work.length(),
                       "--latency-seconds", 0, "--dtype", dtype, "--force", *words)
        return run, run.json()["data"]["tokens"], read_logits(predictions) if examples is None else None

    def score(self, work, examples):
        run = self.run("score", work.model, "--task", work.task, "--calib", work.calib, "--order", "file", "--examples", examples,
                       *work.length(), "--tables", "his,ae")
        return run, run.json()


def read_logits(path):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    columns = [i for i, name in enumerate(rows[0]) if name.startswith("logit:")]
    return [[float(row[i]) for i in columns] for row in rows[1:]]


class Reference:
    """transformers in a process of its own; called with a job of reference.py and its arguments."""

    def __init__(self, python, threads):
        began = time.perf_counter()
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads), HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
        self.process = subprocess.Popen([python, str(Path(__file__).with_name("reference.py"))], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=environment)
        self.versions = self("about", threads=threads)
        self.import_seconds = time.perf_counter() - began

    def __call__(self, job, **arguments):
        self.process.stdin.write(json.dumps({"job": job, **arguments}, default=str) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"the reference ended in the job {job}; its message stands above")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)
