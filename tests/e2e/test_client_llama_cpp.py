"""llama.cpp runs what `hies export --to gguf` writes (`make test-clients`)."""

import json
import math
import os
import pathlib
import subprocess
import sys
import unittest

import onnx_runs
from gguf_runs import LLAMA3, QWEN2, TEKKEN, GgufExports, added, byte_level
from onnx_runs import golden_of, run_client
from program import SOURCE

SHARED = pathlib.Path(os.environ["HIES_SHARED_DIR"])
BOOKS = SHARED / "models/llama-gqa-books"
WINDOW, WINDOWS = 256, 2
# Largest difference of log-probabilities, and of perplexities as a share.
TOLERANCES = {"f32": (1e-4, 1e-6), "f16": (2e-2, 1e-3), "bf16": (2e-1, 2e-3), "q8_0": (1, 1e-2)}
UNEVEN = {"attention": {"0": "1,3", "1": "0-3", "2": "0-7", "4": "0,2,4,6", "5": "6,7", "11": "0-5"},
          "ffn": {"0": "0-95", "1": "5-100", "3": "0-600", "7": "1-352", "11": "0-702"}}


class LlamaCpp(GgufExports):
    def run_llama(self, models, ids, context, texts=()):
        request = {"models": list(map(str, models)), "context": context, "ids": ids, "texts": list(texts), "output": str(self.folder / "rows.json")}
        done = subprocess.run(["node", SOURCE / "tests/e2e/clients/llama_client.mjs"], input=json.dumps(request), capture_output=True, text=True, timeout=1800)
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        return json.loads((self.folder / "rows.json").read_text())

    def test_tiny(self):
        """Every golden model that llama.cpp has an architecture for, whole and pruned: the goldens' log-probabilities."""
        for name in ("llama-gqa", "llama-mha", "llama-mqa", "mistral-tiny", "qwen2-tiny", "qwen3-tiny"):
            golden, model = golden_of(name), self.give_tokenizer(self.golden(name))
            cases = [(model, golden["log_probabilities"])]
            if name not in ("llama-mqa", "qwen3-tiny"):  # `deci` has no such layers
                heads = {str(i): ",".join(str(head) for head, kept in enumerate(row) if not kept) for i, row in enumerate(golden["mask"])}
                cases.append((self.pruned(model, {"attention": heads}), golden["masked_log_probabilities"]))
            for checkpoint, wanted in cases:
                path = self.to_gguf(checkpoint, "--dtype", "f32", output=f"{name}-{checkpoint.name}.gguf")
                inputs, numbers = self.fitting(path, golden, wanted)
                done = self.run_llama([path], [example["ids"] + example["targets"][-1:] for example in inputs], 64)
                errors = [abs(got[1] - want) for row, rows in zip(numbers, done["results"][str(path)]["rows"])
                          for got, want in zip(rows[:-1][-len(row):], row)]
                print(f"llama.cpp {done['release']}: {path.name}, {len(errors)} tokens, largest difference {max(errors):.1e}")
                self.assertLess(max(errors), 1e-4)
            subprocess.run(["rm", "-r", self.folder / "model"], check=True)
            subprocess.run(["rm", "-rf", self.folder / "smaller"], check=True)

    def test_byte_level(self):
        """GPT-2's vocabulary, split in each way that llama.cpp has a name for: the ids of Hugging Face's tokenizers."""
        files = SHARED / "tokenizers/gpt2"
        merges = [line for line in (files / "vocab.bpe").read_text().split("\n")[1:] if line]
        vocabulary = json.loads((files / "encoder.json").read_text())
        bytes_only = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
        ways = {"llama-bpe": byte_level(LLAMA3)["pre_tokenizer"], "qwen2": byte_level(QWEN2)["pre_tokenizer"], "tekken": byte_level(TEKKEN)["pre_tokenizer"],
                "gpt-2": bytes_only, "smollm": {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, bytes_only]}}
        for way in ("llama-bpe", "qwen2", "tekken"):
            ways[way]["pretokenizers"][1]["trim_offsets"] = True
        text = (SHARED / "data/text/books-heldout.txt").read_text()[:30000] + "\n\nIn 12345 (IT'S, we'LL) \t x  y\r\n日本語 ÜBER naïve 3.14//\n\n  end  "
        model = self.folder / "model"
        self.done("make-checkpoint", "--family", "llama", "--layers", 1, "--hidden", 32, "--heads", 2, "--intermediate", 32, "--vocabulary", len(vocabulary),
                  "--positions", 64, "-o", model, "--quiet")
        wanted = {}
        for way, steps in ways.items():
            tokenizer = {**byte_level(), "added_tokens": [added(50256, "<|endoftext|>")], "pre_tokenizer": steps, "post_processor": None,
                         "model": {"type": "BPE", "byte_fallback": False, "fuse_unk": False, "vocab": vocabulary, "merges": merges}}
            self.give_tokenizer(model, tokenizer, eos_token="<|endoftext|>")
            wanted[str(self.to_gguf(model, output=way + ".gguf"))] = self.ids_of(model, text)
        done = self.run_llama(wanted, [], 64, [text])
        for path, ids in wanted.items():
            print(f"llama.cpp {done['release']}: {path.split('/')[-1]}, {len(ids)} ids")
            self.assertEqual(done["results"][path]["tokens"], [ids])

    def ids_of(self, model, text):
        probe = "import sys, tokenizers; print(tokenizers.Tokenizer.from_file(sys.argv[1]).encode(sys.stdin.buffer.read().decode(), add_special_tokens=False).ids)"
        done = subprocess.run([onnx_runs.PYTHON, "-c", probe, model / "tokenizer.json"], input=text.encode(), capture_output=True, check=True)
        return json.loads(done.stdout)

    def test_books(self):
        """A trained LLaMA with grouped queries, whole and unevenly pruned, as transformers computes it in float64."""
        smaller = self.pruned(BOOKS, UNEVEN)
        self.done("export", smaller, "--to", "transformers", "-o", "stock", "--quiet")
        text = (SHARED / "data/text/books-heldout.txt").read_text()[:8 * WINDOW * WINDOWS]
        ids = self.ids_of(BOOKS, text)
        windows = [[1] + ids[i * (WINDOW - 1):(i + 1) * (WINDOW - 1)] for i in range(WINDOWS)]
        folders = {"whole": BOOKS, "pruned": self.folder / "stock"}
        clients, onnx_runs.PYTHON = onnx_runs.PYTHON, os.environ["HIES_REFERENCE_PYTHON"]
        wanted = run_client("decoder_client.py", {"folders": list(map(str, folders.values())), "ids": windows})
        onnx_runs.PYTHON = clients
        files = {(name, dtype): self.to_gguf(BOOKS if name == "whole" else smaller, "--dtype", dtype, output=f"{name}-{dtype}.gguf")
                 for name in folders for dtype in TOLERANCES}
        # One more token, or the library would begin to shift the texts.
        done = self.run_llama(files.values(), windows, WINDOW + 8, [text])
        for (name, dtype), path in files.items():
            result = done["results"][str(path)]
            self.assertEqual(result["tokens"], [ids])
            got, want = ([row for rows in side for row in rows] for side in (result["rows"], wanted[str(folders[name])]))
            error = max(abs(a[1] - b[2]) for a, b in zip(got, want) if b[2] is not None)
            perplexities = [math.exp(-sum(row[at] for row in side if row[at] is not None) / (len(side) - WINDOWS)) for side, at in ((got, 1), (want, 2))]
            change = perplexities[0] / perplexities[1] - 1
            same = sum(a[0] == b[0] for a, b in zip(got, want))
            print(f"llama.cpp {done['release']}: {path.name}, top token of {same} of {len(got)}, largest difference {error:.1e}, perplexity {perplexities[0]:.4f} ({change:+.1e})")
            self.assertLess(error, TOLERANCES[dtype][0])
            self.assertLess(abs(change), TOLERANCES[dtype][1])
            if dtype == "f32":
                self.assertFalse([b for a, b in zip(got, want) if a[0] != b[0] and b[1] > 1e-4], "another top token where it is not a tie")


if __name__ == "__main__":
    for variable in ("HIES_NODE_CLIENTS", "HIES_REFERENCE_PYTHON"):
        if variable not in os.environ:
            print(f"skipped: {variable} is not set; make test-clients sets it")
            sys.exit(77)
    if not BOOKS.is_dir():
        print("skipped: ../shared is not there")
        sys.exit(77)
    unittest.main()
