"""The page of `hies report` in a real Chromium, driven by report/web/test/page.e2e.mjs; screenshots go to report-screenshots in the build folder."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from program import SOURCE, ProgramTest
from report_inputs import CALIB, DEMO, DEV, many, records, sites_sweep, sweep, write_records

WEB = SOURCE / "report/web"
EVIL = "</script><img src=x onerror=window.owned=1>\u2028<svg onload=window.owned=2>"


class Page(ProgramTest):
    def hostile(self, study):
        copy = shutil.copytree(study, self.folder / "hostile")
        config = json.loads((copy / "sweep.json").read_text())
        for run in config["runs"]:
            run.update(model=EVIL, data=EVIL, calib="'\"`${window.owned=3}`" + EVIL)
            run["name"] = EVIL + run["name"]
        (copy / "sweep.json").write_text(json.dumps(config, ensure_ascii=False))
        write_records(copy, [dict(record, run=EVIL + record["run"]) for record in records(study)])
        seen = shutil.copytree(self.folder / "seen", self.folder / "hostile-seen")
        document = json.loads((seen / "explain.json").read_text())
        document["labels"] = [EVIL, "<b>label</b>"]
        document["data"]["file"] = EVIL
        for example in document["examples"]:
            example["tokens"][1] = "<b>hies</b>"
            example["tokens"][2] = EVIL
        (seen / "explain.json").write_text(json.dumps(document, ensure_ascii=False))
        self.done("report", "hostile", "hostile-seen", "-o", "hostile.html")

    def image(self):
        """Turns an example into one of an image: its first tokens are patches."""
        document = json.loads((self.folder / "seen/explain.json").read_text())
        example = document["examples"][-1]
        example["image"] = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
        example["grid"] = {"rows": 2, "columns": (len(example["tokens"]) - 1) // 2, "first_token": 1}
        (self.folder / "seen/explain.json").write_text(json.dumps(document))

    def test_page(self):
        study = sweep(self)
        self.done("plan", "study/scores/demo-sst2-ce-0.json", "--ratio", 0.5, "-o", "plan.json", "--quiet")
        self.done("explain", DEMO, "--task", "sst2", "--data", DEV, "--plan", "plan.json", "-o", "seen", "--most", 3, "--quiet")
        self.image()
        self.done("report", "study", "seen", "-o", "report.html")
        self.hostile(study)
        sites = sites_sweep(self)
        self.done("report", "sites", "-o", "sites.html")
        many(study, self.folder / "many", 10_000)
        self.done("report", "many", "-o", "large.html", timeout=300)
        out = pathlib.Path(os.environ["HIES_BUILD_DIR"]) / "report-screenshots"
        done = subprocess.run(["node", "--test", WEB / "test/page.e2e.mjs"], capture_output=True, text=True, timeout=900, env={
            **os.environ, "HIES_E2E_PAGE": str(self.folder / "report.html"), "HIES_E2E_SWEEP": str(study), "HIES_E2E_HOSTILE": str(self.folder / "hostile.html"),
            "HIES_E2E_LARGE": str(self.folder / "large.html"), "HIES_E2E_OUT": str(out),
            "HIES_E2E_SITES": str(self.folder / "sites.html"), "HIES_E2E_SITES_SWEEP": str(sites)})
        print(done.stdout)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for width in (390, 1600):
            self.assertGreater((out / f"report-{width}-light.png").stat().st_size, 100_000)


if __name__ == "__main__":
    missing = [name for name in ("node", os.environ.get("HIES_CHROMIUM", "chromium")) if shutil.which(name) is None]
    if missing or not (WEB / "node_modules").exists():
        print("skipped: missing", " and ".join(missing) or "report/web/node_modules")
        sys.exit(77)
    unittest.main()
