"""What is drawn on a terminal, and what is not elsewhere."""

import os
import pty
import subprocess
import unittest

from program import BIN, EXAMPLES, GOLDEN, ProgramTest

MODEL = GOLDEN / "bert-tiny/model"


class Terminal(ProgramTest):
    def on_terminal(self, *words, environment=None, stream="stdout"):
        """All that the program writes to a terminal that stands for one of its streams."""
        ours, theirs = pty.openpty()
        variables = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
        variables.update({"TERM": "xterm-256color"}, **(environment or {}))
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: theirs}
        process = subprocess.Popen([BIN, *map(str, words)], cwd=self.folder, env=variables, stdin=subprocess.DEVNULL, **streams)
        os.close(theirs)
        seen = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            seen += piece
        os.close(ours)
        return process.wait(), seen.decode()

    def test_colour(self):
        code, text = self.on_terminal(*self.score())
        self.assertEqual(code, 0)
        self.assertIn("\x1b[48;5;", text)
        for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            _, text = self.on_terminal(*self.score(MODEL, None, "--force"), environment=variables)
            self.assertIn("layer 2", text)
            self.assertNotIn("\x1b", text)

    def test_error_colour(self):
        code, text = self.on_terminal("inspect", "nowhere", stream="stderr")
        self.assertEqual(code, 4)
        self.assertTrue(text.startswith("\x1b[31;1merror:\x1b[0m "), text)
        _, text = self.on_terminal("inspect", "nowhere", stream="stderr", environment={"NO_COLOR": "1"})
        self.assertTrue(text.startswith("error: "), text)

    def long_job(self, *more):
        reviews = (EXAMPLES / "reviews.tsv").read_text().splitlines(keepends=True)
        many = self.write("many.tsv", reviews[0] + "".join(reviews[1:] * 30))
        return ["score", EXAMPLES / "demo-sst2", "--task", "sst2", "--calib", many, "--examples", 5000, "--tables", "his,ae", *more]

    def test_progress_bar(self):
        _, text = self.on_terminal(*self.long_job(), stream="stderr")
        self.assertRegex(text, r"score █*░* +\d+ % \d+/5000 examples, \d+/s, \d+ s left")
        self.assertTrue(text.endswith("\r\x1b[K"), "the bar is wiped at the end")
        _, text = self.on_terminal(*self.long_job("--quiet"), stream="stderr")
        self.assertEqual(text, "")
        self.assertEqual(self.done(*self.long_job()).stderr.count("\x1b"), 0)

    def test_closed_pipe(self):
        process = subprocess.Popen([BIN, "tasks"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        process.stdout.close()
        self.assertEqual(process.stderr.read(), "")
        process.stderr.close()
        self.assertEqual(process.wait(), 141)


if __name__ == "__main__":
    unittest.main()
