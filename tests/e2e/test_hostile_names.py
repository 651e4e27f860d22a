"""Texts of others (names of files, labels, cells, tensors, tokens, strings of config.json, members of a tar) reach the terminal escaped."""

import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import unittest

import test_terminal
from program import BIN, GOLDEN, ProgramTest, edit_json, read_safetensors, table, write_safetensors

# Sets a title, clears the screen, colours; turns the direction of writing; a C1 control character; an invisible one.
COMMANDS = "\x1b]0;title\x07\x1b[2J\x1b[31m"
HOSTILE = "name" + COMMANDS + "\u202egnp\u2066\x9b31m\u200b\ufeff\x7f\r\t"
HIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


class Hostile(ProgramTest):
    def shown(self, *words, code=None, names="name"):
        """Runs the program. Returns both streams, which have to be printable UTF-8 and to show `names`."""
        result = subprocess.run([os.fsencode(BIN), *(word if isinstance(word, bytes) else os.fsencode(str(word)) for word in words)],
                                cwd=self.folder, capture_output=True, timeout=120, stdin=subprocess.DEVNULL, env=dict(os.environ, OMP_NUM_THREADS="1"))
        streams = [stream.decode() for stream in (result.stdout, result.stderr)]  # fails where a stream is not UTF-8
        for stream in streams:
            self.assertIsNone(HIDDEN.search(stream), repr(stream))
        self.assertNotEqual(result.returncode, 70, streams[1])
        if code is not None:
            self.assertEqual(result.returncode, code, streams[1])
        self.assertIn(names, "".join(streams))
        for line in streams[1].splitlines():
            self.assertRegex(line, "^(error|hint|warning): ")
            self.assertLess(len(line.encode()), 1100)
        return streams

    def test_words_of_the_command_line(self):
        self.shown(HOSTILE, code=2)
        self.shown("eval", "--" + HOSTILE, code=2)
        self.shown("inspect", HOSTILE, code=4)
        self.shown("eval", GOLDEN / "bert-tiny/model", "--task", HOSTILE, "--data", self.data, code=2)
        self.shown("inspect", b"\xff\xfe name", code=4)

    def test_names_of_files(self):
        for name in (HOSTILE.encode(), b"\xffraw\xc0\x80 name"):
            data = os.fsencode(self.folder) + b"/" + name + b".tsv"
            pathlib.Path(os.fsdecode(data)).write_text(table())
            self.shown(*self.evaluate(data=data), code=0)
            out, _ = self.shown(*self.evaluate(data=data), "--json", code=0)
            said = json.loads(out)["data"]["file"] if "data" in json.loads(out) else out
            if name == HOSTILE.encode() and "data" in json.loads(out):
                self.assertIn(HOSTILE, said)  # JSON keeps the value
            self.shown(*self.score(data=data, output="scores.json"), "--force", code=0, names="")
            self.shown("explain", GOLDEN / "bert-tiny/model", "--task", "classification", "--data", data, "--pick", "2", "-o", "explained", "--force", code=0, names="")
            model = os.fsencode(self.folder) + b"/" + name
            shutil.copytree(GOLDEN / "bert-tiny/model", os.fsdecode(model))
            self.shown("inspect", model, code=0)
            self.shown("score", model, "--task", "classification", "--calib", data, "-o", "scores.json", "--force", code=0)
            self.shown("plan", "scores.json", "--ratio", 0.3, "-o", b"plan " + name, code=0)
            self.shown("prune", model, "--plan", b"plan " + name, "-o", b"smaller " + name, code=0)
            (pathlib.Path(os.fsdecode(model)) / "config.json").write_text("{")
            self.shown("inspect", model, code=2)

    def test_cells(self):
        self.shown(*self.evaluate(data=self.write("cells.tsv", table([("the film", HOSTILE.replace("\r", "").replace("\t", ""))]))), code=2)
        self.shown(*self.evaluate(data=self.write("header.csv", table(header=("a", '"' + HOSTILE + '"'), separator=","))), code=2)
        self.shown(*self.evaluate(data=self.write("rows.jsonl", json.dumps({"text": "a", "label": HOSTILE}) + "\n")), code=2)
        self.shown(*self.evaluate(data=self.write("keys.jsonl", json.dumps({"a": "a", HOSTILE: "b"}) + "\n")), code=2)
        self.shown(*self.evaluate(data=self.write("long.jsonl", json.dumps({"text": "a", "label": "name" + "x" * 1000000}) + "\n")), code=2)
        self.shown(*self.evaluate(data=self.write("bytes.tsv", b"text\tlabel\na\t\xff\x1b[2J\n")), code=2, names="bytes.tsv")

    def test_config(self):
        for change in ({"model_type": HOSTILE}, {"hidden_act": HOSTILE}, {"architectures": [HOSTILE]}, {"hidden_size": HOSTILE},
                       {"id2label": {"0": HOSTILE, "1": "b", "2": "c"}, "label2id": None}):
            with self.subTest(str(change)):
                shutil.rmtree(self.folder / "model", ignore_errors=True)
                model = self.golden()
                edit_json(model / "config.json", **change)
                out, _ = self.shown("inspect", model, names="")
                if "id2label" in change:
                    self.assertIn("name", out)
                    out, _ = self.shown("inspect", model, "--json", code=0)
                    self.assertEqual(json.loads(out)["labels"][0], HOSTILE)
                    self.shown(*self.evaluate(model, self.write("l.csv", "text,label\na film,nothing\n")), code=2)

    def test_tensors(self):
        model = self.golden()
        header, body = read_safetensors(model / "model.safetensors")
        first = next(name for name in header if name != "__metadata__")
        header[HOSTILE] = dict(header[first])
        write_safetensors(model / "model.safetensors", header, body)
        self.shown("inspect", model, code=2)
        header[HOSTILE] = dict(header.pop(first))
        write_safetensors(model / "model.safetensors", header, body)
        self.shown("inspect", model, names="")
        header[HOSTILE]["dtype"] = HOSTILE
        write_safetensors(model / "model.safetensors", header, body)
        self.shown("inspect", model, code=2)

    def test_tokens(self):
        model = self.golden()
        token = COMMANDS + "\u202ename"
        edit = {"62": {"content": token, "special": True}}
        (model / "tokenizer_config.json").write_text(json.dumps({"added_tokens_decoder": edit}))
        self.shown(*self.evaluate(model, self.write("t.jsonl", json.dumps({"text": "a " + token, "label": "good"}) + "\n")), code=2)
        words = (model / "vocab.txt").read_text().splitlines()
        words[-1] = "film\x1b\u202e"
        (model / "vocab.txt").write_text("\n".join(words) + "\n")
        self.shown("explain", model, "--task", "classification", "--data", self.data, "--pick", "2", "-o", "explained", code=0, names="explained")
        for text in (json.dumps({"cls_token": token}), json.dumps({"truncation_side": HOSTILE}), '{"a": "\x1b[2J'):
            (model / "tokenizer_config.json").write_text(text)
            self.shown(*self.evaluate(model), code=2, names="tokenizer_config.json" if "name" not in text else "name")
        (model / "tokenizer_config.json").unlink()
        (model / "tokenizer.json").write_text(json.dumps({"version": "1.0", "model": {"type": HOSTILE}}))
        self.shown(*self.evaluate(model), code=2, names="tokenizer.json")

    def test_members_of_a_tar(self):
        for name, content in ((f"{HOSTILE}/1.png", b"no image"), ("a/" + HOSTILE + ".png", b"\x1b[2J"), ("a/" + HOSTILE + ".jpg", b"\xff\xd8\x1b[2J")):
            with tarfile.open(self.folder / "images.tar", "w") as archive:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
            self.shown("eval", GOLDEN / "vit-tiny/model", "--task", "image-classification", "--data", "images.tar", "--latency-seconds", 0, code=2,
                       names="name")

    def test_stored_files(self):
        self.shown(*self.score(), code=0, names="layer 2")
        scores = json.loads((self.folder / "scores.json").read_text())
        scores["model"]["path"] = HOSTILE
        self.write("scores.json", json.dumps(scores))
        self.shown("plan", "scores.json", "--ratio", 0.3, "-o", "plan.json", code=0)
        self.write("scores.json", json.dumps(scores | {"schema": HOSTILE}))
        self.shown("plan", "scores.json", "--ratio", 0.3, code=2)

    def test_report(self):
        name = "<img src=x onerror=alert(1)>" + COMMANDS + "name"
        run = {"name": name, "model": str(GOLDEN / "bert-tiny/model"), "task": "classification", "calib": str(self.data), "data": str(self.data)}
        self.write("sweep.json", json.dumps({"runs": [run], "seeds": 1, "ratios": "0.5", "methods": ["his"]}))
        out, err = self.shown("sweep", "--config", "sweep.json", "-o", "study", names="")
        if not (self.folder / "study/records.jsonl").exists():
            self.assertIn("error: ", err)  # such a name is refused
            return
        self.shown("report", "study", "--text", code=0)
        self.shown("report", "study", "--json", code=0)
        result = self.hies("report", "study", "-o", "page.html", "--quiet")
        if result.returncode == 0:  # built with the page
            page = (self.folder / "page.html").read_text()
            self.assertNotIn("<img", page)
            self.assertNotIn("\x1b", page)


class OnTerminal(test_terminal.Terminal):
    """Only the program's own colours are commands."""

    def test_colours_are_ours(self):
        scores = json.loads(self.hies_scores().read_text())
        scores["model"]["path"] = HOSTILE
        self.write("scores.json", json.dumps(scores))
        code, text = self.on_terminal("plan", "scores.json", "--ratio", 0.3)
        self.assertEqual(code, 0)
        self.assertIn("name", text)
        self.assertIsNone(HIDDEN.search(re.sub("\x1b\\[(48;5;\\d+;38;5;\\d+|0)m", "", text).replace("\r\n", "\n")), repr(text))
        _, text = self.on_terminal("inspect", HOSTILE, stream="stderr")
        self.assertIsNone(HIDDEN.search(re.sub("\x1b\\[(31;1|36|0)m", "", text).replace("\r\n", "\n")), repr(text))

    def hies_scores(self):
        self.done(*self.score())
        return self.folder / "scores.json"

    test_colour = test_error_colour = test_progress_bar = test_closed_pipe = None


if __name__ == "__main__":
    unittest.main()
