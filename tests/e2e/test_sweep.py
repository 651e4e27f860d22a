"""hies sweep that is killed, interrupted, locked or changed, or whose disk is full: the records are those of an undisturbed sweep."""

import json
import os
import random
import resource
import signal
import subprocess
import time
import unittest

from program import BIN, EXAMPLES, ProgramTest

DEMO = EXAMPLES / "demo-sst2"
GRID = ["--methods", "random,his,hies,l2,ad/uniform", "--alphas", "0.5", "--ratios", "0.2:0.6:0.2", "--seeds", 2, "--random-masks", 3, "--examples", 4,
        "--max-length", 24, "--masks-at-once", 2, "--threads", 1]


def without_timings(path):
    document = json.loads(path.read_text())
    return {key: value for key, value in document.items() if key != "timings"}


class Sweep(ProgramTest):
    def setUp(self):
        super().setUp()
        calibration = (EXAMPLES / "reviews-calibration.tsv").read_text().splitlines(keepends=True)
        evaluation = (EXAMPLES / "reviews-evaluation.tsv").read_text().splitlines(keepends=True)
        self.calibration = self.write("train.tsv", "".join(calibration[:60]))
        self.evaluation = self.write("dev.tsv", "".join(evaluation[:13]))

    def words(self, output="study", *more, grid=GRID):
        return ["sweep", DEMO, "--task", "sst2", "--calib", self.calibration, "--data", self.evaluation, "-o", output, "--quiet", *grid, *more]

    def start(self, *words, **options):
        return subprocess.Popen([BIN, *map(str, words)], cwd=self.folder, env={**os.environ, "OMP_NUM_THREADS": "1"}, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def records(self, output="study"):
        return (self.folder / output / "records.jsonl").read_bytes()

    def wait_for_records(self, process, count, output="study"):
        file = self.folder / output / "records.jsonl"
        while process.poll() is None and (not file.exists() or file.read_bytes().count(b"\n") < count):
            time.sleep(0.002)
        self.assertIsNone(process.poll(), "the sweep was over too soon")

    def test_killed_at_ten_moments(self):
        start = time.monotonic()
        self.done(*self.words("whole"))
        duration = time.monotonic() - start
        draw = random.Random(time.time_ns())
        kills = into = 0
        while kills < 10:
            process = self.start(*self.words())
            time.sleep(draw.uniform(0, duration * 0.8))
            process.kill()
            process.communicate()
            if process.returncode == 0:  # it was over: begin again
                self.assertEqual(self.records(), self.records("whole"))
                subprocess.run(["rm", "-r", self.folder / "study"], check=True)
                continue
            kills += 1
            file = self.folder / "study/records.jsonl"
            into += file.exists() and file.stat().st_size > 0
        self.done(*self.words())
        self.assertGreater(into, 0, "every kill came before the first record")
        self.assertEqual(self.records(), self.records("whole"))
        whole = self.folder / "whole"
        names = sorted(path.relative_to(whole) for path in whole.rglob("*"))
        self.assertEqual(sorted(path.relative_to(self.folder / "study") for path in (self.folder / "study").rglob("*")), names)
        for name in names:
            if name.suffix == ".json":
                self.assertEqual(without_timings(self.folder / "study" / name), without_timings(whole / name))
            elif (whole / name).is_file():
                self.assertEqual((self.folder / "study" / name).read_bytes(), (whole / name).read_bytes(), name)

    def test_torn_last_line(self):
        self.done(*self.words("whole"))
        self.done(*self.words())
        for cut in (1, 200, len(self.records()) - 5):
            (self.folder / "study/records.jsonl").write_bytes(self.records("whole")[:-cut])
            self.done(*self.words())
            self.assertEqual(self.records(), self.records("whole"))

    def test_damaged_files(self):
        """Checks for one line that names the file, whatever is wrong with it, and that no file has changed."""
        words = self.words("study", "--alpha", "auto", "--heldout", 8)
        self.done(*words)
        whole = {name: (self.folder / "study" / name).read_bytes()
                 for name in ("sweep.json", "records.jsonl", "heldout.jsonl", "scores/demo-sst2-ce-0.json")}
        for name, content in whole.items():
            for damaged in (b"", b"{}\n", b"[1]\n", b"null\n", b"\xff\xfe\n", content[:40] + b"\n", content.replace(b'":', b'":{"a":', 1),
                            content.replace(b'"run', b'"rum').replace(b'"sites"', b'"sides"')):
                if damaged == b"" and name.endswith("jsonl"):
                    continue  # a journal with nothing in it is a sweep that has just begun
                (self.folder / "study" / name).write_bytes(damaged)
                self.refused(2, f"study/{name}", *words)
            (self.folder / "study" / name).write_bytes(content)
        runs = json.loads(whole["sweep.json"])
        for run in (1, None, [], {}, {"name": 1}):
            (self.folder / "study/sweep.json").write_text(json.dumps({**runs, "runs": [run]}))
            self.refused(2, r"study/sweep.json: 'runs\[0\]", *words)
        (self.folder / "study/sweep.json").write_bytes(whole["sweep.json"])
        (self.folder / "study/summary.json").write_text("{")  # is only written
        self.done(*words)
        self.assertEqual(self.records(), whole["records.jsonl"])

    def test_interrupted(self):
        self.done(*self.words("whole"))
        process = self.start(*self.words())
        self.wait_for_records(process, 3)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, errors)
        lines = [line for line in errors.splitlines() if not line.startswith("warning: ")]
        self.assertRegex(lines[0], "^error: interrupted: [0-9]+ records are in study/records.jsonl$")
        self.assertEqual(lines[1:], ["hint: run the same command again to resume"])
        self.assertTrue(self.records().endswith(b"\n"))
        self.assertTrue(self.records("whole").startswith(self.records()))
        self.assertRegex(self.done(*[word for word in self.words() if word != "--quiet"]).stdout, "[0-9]+ were there before")
        self.assertEqual(self.records(), self.records("whole"))

    def test_one_process_at_a_time(self):
        process = self.start(*self.words())
        self.wait_for_records(process, 1)
        process.send_signal(signal.SIGSTOP)
        try:
            self.refused(2, "another process is sweeping into study", *self.words(), hint="-o")
        finally:
            process.kill()
            process.communicate()
        self.done(*self.words())  # the dead process holds nothing

    def test_changed_options(self):
        self.done(*self.words())
        self.refused(2, "other options: --ratios was .* and is .*; --seeds was 2 and is 3", *self.words("study", grid=[*GRID[:4], "--seeds", 3, *GRID[8:]]))
        self.write("dev.tsv", self.evaluation.read_text() + "a fine film\t1\tevaluation\n")
        self.refused(2, "other evaluation data", *self.words())

    def test_another_model(self):
        self.done(*self.words())
        (self.folder / "other").mkdir()
        self.done("prune", DEMO, "--task", "sst2", "--calib", self.calibration, "--ratio", 0.1, "-o", "other/demo-sst2")
        words = self.words()
        words[1] = "other/demo-sst2"
        self.refused(2, "a sweep of another model in run demo-sst2", *words)

    def test_another_version(self):
        self.done(*self.words())
        file = self.folder / "study/sweep.json"
        file.write_text(file.read_text().replace('"hies": "', '"hies": "9.'))
        self.refused(2, "hies 9\\.", *self.words())
        file.write_text(file.read_text().replace("hies.sweep/1", "hies.sweep/9"))
        self.refused(3, "hies.sweep/9", *self.words())

    def test_dry_run(self):
        before = self.listing()
        estimate = json.loads(self.done(*self.words("study", "--dry-run", "--json")).stdout)
        text = self.done(*self.words("study", "--dry-run")).stdout
        self.assertEqual(self.listing(), before)
        self.assertIn("Nothing was written", text)
        self.done(*self.words())
        summary = json.loads((self.folder / "study/summary.json").read_text())
        run = estimate["runs"][0]
        self.assertEqual(run["cells"], summary["cells"])
        records = [json.loads(line) for line in self.records().splitlines()]
        self.assertEqual(run["known_masks"], len({record["mask"] for record in records if record["examples"] is None}))
        self.assertGreaterEqual(run["estimated_masks"], run["known_masks"])
        self.assertGreater(run["estimated_seconds"], 0)

    def test_sites_budgets_and_refits(self):
        grid = ["--methods", "his,fisher", "--losses", "logit-norm", "--sites", "attention/attention,ffn", "--matrix-flops-ratios", "0.1,0.6", "--refit",
                "none,all", "--seeds", 1, "--examples", 4, "--refit-examples", 20, "--refit-heldout", 5, "--threads", 1]
        estimate = json.loads(self.done(*self.words(grid=grid), "--dry-run", "--json").stdout)["runs"][0]
        # The unpruned model; heads by both methods at 0.1, heads and neurons by fisher at 0.1 and 0.6; each without and with a refit.
        self.assertEqual(estimate["cells"], 1 + 2 * 4)
        self.assertGreaterEqual(estimate["estimated_refits"], 3)
        done = self.done(*self.words(grid=grid))
        self.assertIn("no cells of his with sites attention,ffn and --matrix-flops-ratios", done.stderr)
        self.assertIn("units of sites attention alone cannot meet --matrix-flops-ratios 0.6", done.stderr)
        records = [json.loads(line) for line in self.records().decode().splitlines()]
        self.assertEqual(len(records), 9)
        self.assertEqual({record["budget"] for record in records[1:]}, {"matrix_flops_ratio"})
        # A cell is the model that `hies prune` writes.
        cell = next(record for record in records if record["ratio"] == 0.6 and record["refit"] == "all")
        self.done("prune", DEMO, "--task", "sst2", "--calib", self.calibration, "--preset", "paper", "--method", "fisher", "--loss", "logit-norm", "--sites",
                  "attention,ffn", "--matrix-flops-ratio", 0.6, "--examples", 4, "--seed", 0, "--refit", "all", "--refit-examples", 20, "--refit-heldout", 5,
                  "-o", "small", "--threads", 1, "--quiet")
        result = json.loads(self.done("eval", "small", "--reference", DEMO, "--task", "sst2", "--data", self.evaluation, "--latency-seconds", 0, "--json",
                                      "--threads", 1).stdout)
        self.assertEqual(result["metrics"], cell["metrics"])
        self.assertEqual(result["stability"], cell["stability"])
        self.assertAlmostEqual(result["loss"], cell["mean_loss"], places=4)
        def changed(**options):
            words = [str(word) for word in grid]
            for name, value in options.items():
                words[words.index("--" + name.replace("_", "-")) + 1] = str(value)
            return self.words("bad", grid=words)

        self.refused(2, "a refit needs 4 rows that are scored, 100 to fit with and 5 held out, but", *changed(refit_examples=100))
        self.refused(2, "--methods ad has no cell in this grid: method ad has no value for a neuron", *changed(methods="ad,fisher", sites="ffn"))
        self.refused(2, "scores of his do not compare heads with neurons", *changed(methods="his", sites="attention,ffn"))
        self.refused(2, "--matrix-flops-ratios: 1.5 is not within", *changed(matrix_flops_ratios="1.5"))
        self.refused(2, "'some'", *changed(refit="some"))

    def test_several_runs(self):
        runs = ["--run", f"{DEMO}:sst2:train.tsv:dev.tsv", "--run", f"{DEMO}:classification:train.tsv:dev.tsv"]
        grid = ["--methods", "his", "--ratios", "0.3", "--seeds", 1, "--examples", 2, "--text", "sentence", "--label", "label", "--threads", 1]
        self.done("sweep", *runs, "-o", "flags", *grid)
        names = [json.loads(line)["run"] for line in self.records("flags").splitlines()]
        self.assertEqual(names, ["demo-sst2"] * 2 + ["demo-sst2-classification"] * 2)
        # The same sweep from a config file, and from the sweep.json that it wrote.
        config = self.write("grid.json", json.dumps({"methods": "his", "ratios": [0.3], "seeds": 1, "examples": 2, "text": "sentence", "label": "label",
                                                     "runs": [{"model": str(DEMO), "task": task, "calib": "train.tsv", "data": "dev.tsv"}
                                                              for task in ("sst2", "classification")]}))
        self.done("sweep", "--config", config, "-o", "config")
        self.assertEqual(self.records("config"), self.records("flags"))
        self.done("sweep", "--config", "flags/sweep.json", "-o", "stored")
        self.assertEqual(self.records("stored"), self.records("flags"))
        self.refused(2, "other options: --seeds was 1 and is 2", "sweep", "--config", config, "--seeds", 2, "-o", "config")

    def test_bad_input(self):
        def words(*grid):
            return self.words("study", grid=grid)

        self.refused(2, "no ratios", *words("--ratios", ""))
        self.refused(2, "0.2 is there twice", *words("--ratios", "0.2,0.1,0.2"))
        self.refused(2, "--ratios 'x': not a number", *words("--ratios", "0.1,x"))
        self.refused(2, "unknown method 'hiess'", *words("--methods", "his,hiess"), hint="did you mean 'hi")
        self.refused(2, "unknown loss 'logit-nrm'", *words("--losses", "logit-nrm"), hint="did you mean 'logit-norm'")
        self.refused(2, "unknown option '--ratio'", *words("--ratio", "0.1"), hint="--ratios")
        self.refused(2, "unknown option 'ratio'", *words("--config", self.write("c.json", '{"ratio": [0.1]}')), hint="ratios")
        self.refused(2, "--data is missing", "sweep", DEMO, "--task", "sst2", "--calib", self.calibration, "-o", "study")
        self.refused(2, "no model is given", "sweep", "-o", "study")
        self.refused(2, "--output is missing", "sweep", DEMO, "--task", "sst2", "--calib", self.calibration, "--data", self.evaluation)
        self.refused(2, "is not MODEL:T:TRAIN:DEV", "sweep", "--run", "a:b", "-o", "study")
        self.refused(4, "no such directory|not a directory|No such", *self.words("no/such/study"))
        (self.folder / "mine").mkdir()
        self.write("mine/notes.txt", "not a sweep")
        self.refused(2, "holds no sweep: there is notes.txt", *self.words("mine"))

    def test_held_out_part_too_large(self):
        self.refused(2, "heldout is 100, but only [0-9]+ rows of .*train.tsv neither score heads nor are in",
                     *self.words("study", "--alpha", "auto", "--heldout", 100), hint="lower --heldout")

    def test_ratio_out_of_reach(self):
        self.refused(2, "ratio 0.2 is 14 heads, but only 12 can be removed", *self.words("study", "--min-heads-per-layer", 10))

    def test_dev_is_the_calibration_file(self):
        words = self.words("study", grid=["--methods", "his", "--ratios", "0.2", "--seeds", 1, "--max-length", 24, "--threads", 1])
        words[words.index("--data") + 1] = self.calibration
        self.assertRegex(self.done(*words).stderr, "warning: .*train.tsv is used both to rank the heads and to evaluate")

    def test_full_disk(self):
        self.done(*self.words("whole"))
        limit = len(self.records("whole")) // 2
        result = self.hies(*self.words(), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        self.assertEqual(result.returncode, 4, result.stderr)
        self.assertRegex(result.stderr, "error: cannot write .*records.jsonl: .*\nhint: the records so far are kept")
        self.assertGreater(len(self.records()), 0)
        self.assertTrue(self.records("whole").startswith(self.records()) and self.records().endswith(b"\n"))
        self.done(*self.words())
        self.assertEqual(self.records(), self.records("whole"))

    def test_really_full(self):
        """Runs on a disk with room for the scores and half of the records."""
        self.done(*self.words("whole"))
        disk = self.folder / "disk"
        disk.mkdir()
        page = 4096
        files = ["sweep.json", *(f"scores/demo-sst2-ce-{seed}.json" for seed in range(2))]
        pages = sum(-(-(self.folder / "whole" / name).stat().st_size // page) for name in files) + len(self.records("whole")) // 2 // page
        mount = ["mount", "-t", "tmpfs", "-o", f"size={pages * page}", "none", str(disk)]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
            self.skipTest("no right to mount a small disk")
        self.addCleanup(subprocess.run, ["umount", "-l", str(disk)])
        result = self.hies(*self.words("disk/study"))
        self.assertEqual(result.returncode, 4, result.stderr)
        self.assertRegex(result.stderr, "error: cannot write .*records.jsonl: No space left.*\nhint: the records so far are kept")
        kept = self.records("disk/study")
        self.assertGreater(kept.count(b"\n"), 1)
        self.assertTrue(self.records("whole").startswith(kept) and kept.endswith(b"\n"))
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        self.done(*self.words("disk/study"))
        self.assertEqual(self.records("disk/study"), self.records("whole"))

    def test_read_only_directory(self):
        if os.geteuid() == 0:
            mount = ["mount", "-t", "tmpfs", "-o", "ro,size=1m", "none", str(self.folder / "study")]
            (self.folder / "study").mkdir()
            if subprocess.run(mount, capture_output=True).returncode != 0:
                self.skipTest("no right to mount a read-only disk")
            self.addCleanup(subprocess.run, ["umount", "-l", str(self.folder / "study")])
        else:
            (self.folder / "study").mkdir(mode=0o555)
        self.refused(4, "study", *self.words())


if __name__ == "__main__":
    unittest.main()
