"""The effect of the options of a GPU on scores: `hies bench cuda` on a small LLaMA; needs a GPU."""

import math
import re
import unittest

from program import ProgramTest
from score_tables import flat, furthest

SEQUENCES, TOKENS = 2, 300  # long enough for cuDNN's gradients, which are summed in no fixed order


def least_memory(refusal):
    """Returns the memory that the message names, with room for the tokens of one layer of three."""
    amount = re.search(r"need ([\d.]+) MiB of the GPU's memory", refusal)
    return f"{math.ceil((float(amount[1]) + 2) * 1024)}KiB"


class ProgramOnGpu(ProgramTest):
    def setUp(self):
        super().setUp()
        self.model = self.folder / "model"
        self.done("make-checkpoint", "--family", "llama", "--size", "tiny", "--layers", 3, "--positions", 512, "--dtype", "float32", "-o", self.model,
                  "--quiet")

    def words(self, dtype, *more):
        return ["bench", "cuda", "--model", self.model, "--repeats", 1, "--sequences", SEQUENCES, "--tokens", TOKENS, "--dtype", dtype, *more]

    def bench(self, dtype, *more):
        """Returns HIS and AE, each a finite value above 0 for each head."""
        report = self.json(*self.words(dtype, *more))
        for table in (report["his"], report["ae"]):
            self.assertEqual([len(row) for row in table], [4, 4, 4])
            self.assertTrue(all(math.isfinite(value) and value > 0 for value in flat(table)), table)
        return report["his"], report["ae"]

    def test_fixed_order_changes_little(self):
        (his, ae), (fixed_his, fixed_ae) = self.bench("bfloat16"), self.bench("bfloat16", "--deterministic")
        self.assertLessEqual(furthest(his, fixed_his), 0.1)
        self.assertLessEqual(furthest(ae, fixed_ae), 1e-3)

    def test_fixed_order_repeats(self):
        self.assertEqual(self.bench("bfloat16", "--deterministic"), self.bench("bfloat16", "--deterministic"))

    def test_offload_changes_nothing(self):
        self.assertEqual(self.bench("bfloat16", "--deterministic", "--offload"), self.bench("bfloat16", "--deterministic"))

    def test_tf32(self):
        (his, _), (exact, _) = self.bench("tf32"), self.bench("float32")
        self.assertLessEqual(furthest(his, exact), 1e-2)
        self.assertNotEqual(his, exact)

    def test_little_memory(self):
        refusal = self.refused(2, "the weights need", *self.words("float32", "--memory", "1MiB"), hint="--offload")
        (his, _), (roomy, _) = self.bench("float32", "--memory", least_memory(refusal.stderr)), self.bench("float32")
        self.assertLessEqual(furthest(his, roomy), 1e-6)

    def test_images(self):
        vit = self.folder / "vit"
        self.done("make-checkpoint", "--family", "vit", "--size", "tiny", "-o", vit, "--quiet")
        self.refused(3, "reads images", "bench", "cuda", "--model", vit)


if __name__ == "__main__":
    unittest.main()
