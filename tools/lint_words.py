#!/usr/bin/env python3
"""Finds words for which this project has another one: the field's (CONTRIBUTING.md, "Style"). Prints FILE:LINE, the word and what to say.

usage: lint_words.py [FILE…]      without files: all sources and texts that git tracks"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
SUFFIXES = (".h", ".cpp", ".cu", ".cuh", ".py", ".ts", ".mjs", ".md", ".sh")

# (word, what to say, files where the word has its ordinary meaning)
WORDS = [
    (r"\bcards?\b", "GPU or device", r"pipeline/(model_card|prune_run)\."),
    (r"\bpictures?\b", "image", None),
    (r"\bways? to (prune|rank)\b", "method or configuration", None),
    (r"\bwhat models can be asked\b", "tasks", None),
    (r"\bmade (model|checkpoint)s?\b|\bMadeCheckpoint\b", "synthetic checkpoint", None),
    (r"\bways? (back|there and back)\b|\bgo(es)? back by hand\b|\bbookkeeping\b", "backward pass, manual backward, autograd", None),
    (r"\bslopes?\b", "gradient", r"report/web/(src|test)/|tools/goldens/(images|models_vision)\."),
    (r"\bfore(told|tells?)\b|\bwhat comes next\b", "prefetch, predict", None),
    (r"\blayers? (that |are |is )?run twice\b|\bruns? layers twice\b", "activation recomputation", None),
    (r"\bnotings?\b|\bAttentionProbe\b|\bnotes? (the )?(entrop|inner|norm|loss)", "record, recorder, statistics", None),
    (r"\bin (its|their) own order\b", "prepacked", None),
    (r"\bbrought (over|to|back)\b|\btaken along\b", "to_device, to_host, copied", None),
    (r"\bnorm of the mean square\b", "RMSNorm", None),
    (r"\bsoften(s|ed|ing)?\b", "online softmax, rescale", None),
    (r"\bsettl(e|es|ed|ing)\b|\bpackets?\b", "CUDA's words: commit, wait, TMA descriptor", None),
    (r"\bsolved (questions?|ones)\b", "few-shot examples", None),
    (r"\bReading::|\bstd::.*\bReading\b", "InputKind", None),
    (r"\bfigures?\b(?! \d)", "measurement, result, number", r"report/web/|howto/read-the-report\.md|tests/e2e/test_report_page\."),
    (r"\bgoodness\b", "higher-is-better value", None),
    (r"\bdead[ -]heads?\b", "padding heads", None),
    (r"\bheads? (that )?(go|goes) first\b|\bhigher stays\b|\bwhat (goes|stays)\b|\bstays? as zeros\b", "removed, kept", None),
    (r"\b(told|tells)\b", "says, shows, gives", r"data/question_forms_test\."),
]
# In device code CUDA's words only.
DEVICE_WORDS = [(r"\bwalks?\b|\bgoes? on\b|\bgo on\b|\bmeets?\b", "pipeline stage, loop, barrier", None)]
# The table of these words in CONTRIBUTING.md.
TABLE = re.compile(r"^\| say \| not \|\n(\|.*\n)+", re.M)
OWN_FILES = ("tools/lint_words.py", "tests/lint_words_test.py")


def problems(name, text):
    text = TABLE.sub(lambda table: "\n" * table.group().count("\n"), text)
    words = WORDS + (DEVICE_WORDS if name.endswith((".cu", ".cuh")) else [])
    for pattern, say, fine in words:
        if fine and re.search(fine, name):
            continue
        # A space of the pattern also stands for the end of a line of a comment.
        spread = pattern.replace(" ", r"\s+(?:(?://|#|\*)\s*)?")
        for found in re.finditer(spread, text.replace("model card", "model_card"), re.I):
            yield f"{name}:{text.count(chr(10), 0, found.start()) + 1}: '{' '.join(found.group().split())}': say {say}"


def tracked():
    names = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], check=True, capture_output=True, text=True).stdout.split("\0")
    return [name for name in names if name.endswith(SUFFIXES) and name not in OWN_FILES and not name.startswith("tests/golden/")]


def main(names):
    found = []
    for name in names or tracked():
        path = ROOT / name
        if path.is_file():
            found += problems(name, path.read_text(encoding="utf-8"))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
