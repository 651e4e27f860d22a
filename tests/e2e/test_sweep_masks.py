"""`hies sweep` evaluates many masks at once and shares the layers on which they agree; `hies eval --plan` evaluates one. Both give the same."""

import json
import unittest

from program import EXAMPLES, ProgramTest, heads_of

DEMO = EXAMPLES / "demo-sst2"
CALIBRATION, EVALUATION = EXAMPLES / "reviews-calibration.tsv", EXAMPLES / "reviews-evaluation.tsv"


class Masks(ProgramTest):
    def test_all_at_once_are_what_each_is_alone(self):
        self.done("sweep", DEMO, "--task", "sst2", "--calib", CALIBRATION, "--data", EVALUATION, "-o", "study", "--quiet", "--threads", 1,
                  "--methods", "random,ad,hies,l2,his/uniform", "--alphas", "0.5", "--ratios", "0.15,0.6", "--seeds", 1, "--random-masks", 2)
        records = [json.loads(line) for line in (self.folder / "study/records.jsonl").read_text().splitlines()]
        masks = {record["mask"]: record for record in records}
        layers = json.loads((self.folder / "study/summary.json").read_text())["layer_evaluations"]
        depth = len(self.json("inspect", DEMO)["layers"])
        self.assertLess(layers["done"], len(masks) * depth, "no layer was shared, so that nothing is shown here")
        self.assertEqual(layers["done"] + layers["avoided"], len(records) * depth)
        emptied = 0
        for record in masks.values():
            emptied += any(len(heads) == 12 for heads in heads_of(record["removed"]).values())
            plan = {"schema": "hies.plan/2", "model": record["model"], "units": "head", "removed": record["removed"]}
            self.write("plan.json", json.dumps(plan))
            alone = self.json("eval", DEMO, "--task", "sst2", "--data", EVALUATION, "--plan", "plan.json", "--threads", 1, "--latency-seconds", 0)
            cell = (record["method"], record["ratio"], record["alpha"])
            self.assertEqual(alone["metrics"], record["metrics"], cell)
            self.assertEqual(alone["stability"], record["stability"], cell)
            self.assertEqual(alone["loss"], record["mean_loss"], cell)
            self.assertEqual(alone["cost"]["parameters"], record["cost"]["parameters"], cell)
            self.assertEqual(alone["cost"]["flops_per_example"], record["cost"]["flops_per_example"], cell)
        self.assertGreater(emptied, 0, "no mask emptied a layer")
        # Equal masks have equal measurements, whichever method ranked the heads.
        for record in records:
            for name in ("metrics", "stability", "mean_loss", "cost", "removed"):
                self.assertEqual(record[name], masks[record["mask"]][name])


if __name__ == "__main__":
    unittest.main()
