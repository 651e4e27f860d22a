"""What is drawn on a terminal only."""

import os
import pty
import subprocess
import unittest

from program import BIN, GOLDEN, ProgramTest

MODEL = GOLDEN / "bert-tiny/model"


class Terminal(ProgramTest):
    def on_terminal(self, *words, environment=None, stream="stdout"):
        """Returns all that the program writes to a terminal that replaces one of its streams."""
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

    def test_progress_bar(self):
        words = ["eval", MODEL, "--task", "classification", "--data", self.data, "--latency-seconds", 3, "--latency-rounds", 10**9]
        _, text = self.on_terminal(*words, stream="stderr")
        self.assertRegex(text, r"\r\x1b\[Ktime █*░* +\d+ % \d\.\d of 1\.5 s")
        self.assertTrue(text.endswith("\r\x1b[K"), "the bar is wiped at the end")
        _, text = self.on_terminal(*words, "--quiet", stream="stderr")
        self.assertEqual(text, "")

    def test_closed_pipe(self):
        process = subprocess.Popen([BIN, "tasks"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        process.stdout.close()
        self.assertEqual(process.stderr.read(), "")
        process.stderr.close()
        self.assertEqual(process.wait(), 141)


if __name__ == "__main__":
    unittest.main()
