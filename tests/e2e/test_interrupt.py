"""Ctrl-C during each command: exit code 130, one line, nothing half written."""

import os
import signal
import subprocess
import time
import unittest

from program import BIN, EXAMPLES, ProgramTest

DEMO = EXAMPLES / "demo-sst2"


def handles_signals(process):
    """Returns whether the program handles SIGINT already."""
    try:
        if os.readlink(f"/proc/{process.pid}/exe") != os.path.realpath(BIN):
            return False  # not even started
        with open(f"/proc/{process.pid}/status") as status:
            blocked = next(line for line in status if line.startswith("SigBlk:"))
    except (OSError, StopIteration):
        return False
    mask = int(blocked.split()[1], 16)
    # While a thread is created, all signals are blocked for a moment.
    return bool(mask & 1 << (signal.SIGINT - 1)) and not mask & 1 << (signal.SIGUSR1 - 1)


class Interrupt(ProgramTest):
    def setUp(self):
        super().setUp()
        reviews = (EXAMPLES / "reviews.tsv").read_text().splitlines(keepends=True)
        self.many = self.write("many.tsv", reviews[0] + "".join(reviews[1:] * 300))

    def interrupted(self, *words, after=0.0, signals=(signal.SIGINT,)):
        before = self.listing()
        process = subprocess.Popen([BIN, *map(str, words)], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   stdin=subprocess.DEVNULL)
        try:
            while process.poll() is None and not handles_signals(process):
                time.sleep(0.001)
            time.sleep(after)
            for number in signals:
                process.send_signal(number)
                time.sleep(0.05)
            output, errors = process.communicate(timeout=60)
        finally:
            process.kill()
        self.assertEqual(process.returncode, 130, errors)
        self.assertEqual([line for line in errors.splitlines() if not line.startswith("warning: ")], ["error: interrupted"])
        self.assertEqual(output, "")
        self.assertEqual(self.listing(), before)

    def score(self):
        return ["score", DEMO, "--task", "sst2", "--calib", self.many, "--examples", 50000, "-o", "scores.json", "--svg", "map.svg"]

    def prune(self):
        return ["prune", DEMO, "--task", "sst2", "--calib", EXAMPLES / "reviews-calibration.tsv", "--ratio", 0.3, "-o", "smaller", "--eval",
                self.many]

    def test_score(self):
        for after in (0, 0.7, 2):
            self.interrupted(*self.score(), after=after)

    def test_prune(self):
        for after in (0, 1, 3):
            self.interrupted(*self.prune(), after=after)

    def test_eval(self):
        self.interrupted("eval", DEMO, "--task", "sst2", "--data", self.many, "-o", "result.json", after=1)
        self.interrupted("eval", DEMO, "--task", "sst2", "--data", EXAMPLES / "reviews-evaluation.tsv", "--latency-seconds", 300,
                         "--latency-rounds", 10**9, "-o", "result.json", after=3)

    def test_plan(self):
        self.done("score", DEMO, "--task", "sst2", "--calib", EXAMPLES / "reviews-calibration.tsv", "-o", "scores.json")
        scores = (self.folder / "scores.json").read_text()
        # Spaces make the file long to read, so that the signal comes before its end.
        self.write("scores.json", scores.replace("\n", "\n" + " " * 400_000))
        self.interrupted("plan", "scores.json", "--ratio", 0.3, "-o", "plan.json")

    def test_terminate_and_hang_up(self):
        self.interrupted(*self.score(), after=0.5, signals=(signal.SIGTERM,))
        self.interrupted(*self.score(), after=0.5, signals=(signal.SIGHUP,))

    def test_twice(self):
        start = time.monotonic()
        self.interrupted(*self.prune(), after=1, signals=(signal.SIGINT, signal.SIGINT))
        self.assertLess(time.monotonic() - start, 30)


if __name__ == "__main__":
    unittest.main()
