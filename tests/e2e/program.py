"""Runs the program in a folder of its own and checks all that a user sees: exit code, both streams, and the files in the folder."""

import json
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import unittest

BIN = os.environ["HIES_BIN"]
SOURCE = pathlib.Path(os.environ["HIES_SOURCE_DIR"])
GOLDEN = SOURCE / "tests/golden"
EXAMPLES = SOURCE / "examples"

# The vocabulary of the golden models, and the labels of bert-tiny.
ROWS = [("the film is good", "good"), ("it was not a film", "bad"), ("this film is but fair", "fair"), ("no film is this good", "good"),
        ("it is the film of the film", "fair"), ("not good and not bad", "bad"), ("an film or a film", "fair"), ("bad bad bad", "bad")]


def table(rows=ROWS, header=("text", "label"), separator="\t"):
    return "".join(separator.join(cells) + "\n" for cells in (header, *rows))


def heads_of(units):
    """Returns the heads by layer, {"0": [1, 5, 6, 7]}, of a set of units as files hold it: {"attention": {"0": "1,5-7"}}."""
    def listed(ranges):
        return [head for part in ranges.split(",") for head in range(int(part.split("-")[0]), int(part.split("-")[-1]) + 1)]
    return {layer: listed(ranges) for layer, ranges in units.get("attention", {}).items()}


class ProgramTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hies-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.data = self.write("data.tsv", table())

    def write(self, name, content):
        path = self.folder / name
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
        return path

    def golden(self, name="bert-tiny"):
        """Returns a copy that a test may damage."""
        copy = self.folder / "model"
        shutil.copytree(GOLDEN / name / "model", copy)
        return copy

    def hies(self, *words, environment=None, timeout=120, **options):
        variables = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
        variables.update({"OMP_NUM_THREADS": "1"}, **(environment or {}))
        return subprocess.run([BIN, *map(str, words)], cwd=self.folder, env=variables, capture_output=True, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL, **options)

    def done(self, *words, **options):
        result = self.hies(*words, **options)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertNotIn("\x1b", result.stdout + result.stderr)
        return result

    def json(self, *words):
        return json.loads(self.done(*words, "--json").stdout)

    def listing(self):
        return {str(path.relative_to(self.folder)): path.read_bytes() if path.is_file() else None
                for path in self.folder.rglob("*")}

    def refused(self, code, says, *words, hint=None, **options):
        """Checks for one error line, at most one hint line and this exit code, and that nothing in the folder has changed."""
        before = self.listing()
        result = self.hies(*words, **options)
        self.assertEqual(result.returncode, code, result.stderr)
        lines = [line for line in result.stderr.splitlines() if not line.startswith(("warning: ", "note: "))]
        self.assertTrue(lines and lines[0].startswith("error: "), result.stderr)
        self.assertRegex(lines[0], says)
        self.assertTrue(len(lines) == 1 or len(lines) == 2 and lines[1].startswith("hint: "), result.stderr)
        if hint is not None:
            self.assertRegex(lines[-1], "^hint: .*" + hint)
        self.assertEqual(result.stdout, "")
        self.assertEqual(self.listing(), before)
        return result

    # Commands on the tiny model, as words.
    def score(self, model=GOLDEN / "bert-tiny/model", data=None, *more, task="classification", output="scores.json"):
        return ["score", model, "--task", task, "--calib", data or self.data, "-o", output, *more]

    def prune(self, model=GOLDEN / "bert-tiny/model", data=None, *more, task="classification", ratio=0.5, output="smaller"):
        return ["prune", model, "--task", task, "--calib", data or self.data, "--ratio", ratio, "-o", output, *more]

    def evaluate(self, model=GOLDEN / "bert-tiny/model", data=None, *more, task="classification"):
        return ["eval", model, "--task", task, "--data", data or self.data, "--latency-seconds", 0, *more]


def read_safetensors(path):
    """Returns the header as a dictionary, and the bytes behind it."""
    content = path.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    return json.loads(content[8:8 + length]), content[8 + length:]


def write_safetensors(path, header, body):
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def edit_json(path, **changes):
    """Sets members of a JSON file, and removes those given as None."""
    document = json.loads(path.read_text())
    document.update(changes)
    path.write_text(json.dumps({key: value for key, value in document.items() if value is not None}))
