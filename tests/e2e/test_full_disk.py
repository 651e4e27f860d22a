"""A disk that is full while the program writes: exit code 4, and the old output is unchanged."""

import os
import resource
import subprocess
import unittest

from program import GOLDEN, ProgramTest

MODEL = GOLDEN / "bert-tiny/model"


def no_file_above(limit):
    """Returns what limits the size of files in a process: it replaces a full disk where none can be mounted."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


class FullDisk(ProgramTest):
    def test_new_outputs(self):
        self.refused(4, "smaller", *self.prune(), preexec_fn=no_file_above(50_000))
        self.refused(4, "scores.json", *self.score(), preexec_fn=no_file_above(500))
        self.refused(4, "exported", "export", MODEL, "-o", "exported", preexec_fn=no_file_above(50_000))

    def test_old_outputs_stay(self):
        self.done(*self.prune())
        self.done(*self.score())
        self.refused(4, "smaller", *self.prune(MODEL, None, "--force", ratio=0.25), preexec_fn=no_file_above(50_000))
        self.refused(4, "scores.json", *self.score(MODEL, None, "--force", "--seed", 7), preexec_fn=no_file_above(500))
        self.refused(4, "plan.json", "plan", "scores.json", "--ratio", 0.5, "-o", "plan.json", preexec_fn=no_file_above(100))

    def test_really_full(self):
        disk = self.folder / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "none", str(disk)]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
            self.skipTest("no right to mount a small disk")
        self.addCleanup(subprocess.run, ["umount", "-l", str(disk)])
        self.done(*self.prune(output="disk/smaller"))
        self.refused(4, "No space left", *self.prune(MODEL, None, "--force", ratio=0.25, output="disk/smaller"), hint="free some space")
        self.refused(4, "No space left", *self.prune(output="disk/another"))
        self.assertEqual(self.json("inspect", "disk/smaller")["heads"], 6)

    def test_standard_output(self):
        with open("/dev/full", "w") as full:
            result = subprocess.run([os.environ["HIES_BIN"], "tasks"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(result.returncode, 4)
        self.assertRegex(result.stderr, "^error: cannot write to standard output: .*\n$")


if __name__ == "__main__":
    unittest.main()
