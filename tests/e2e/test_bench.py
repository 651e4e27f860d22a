"""`hies bench` on one small shape: what it prints, and what it refuses. No time is checked."""

import unittest

from program import ProgramTest

QUICK = ["bench", "kernels", "--seconds", 0.001, "--filter"]


class Bench(ProgramTest):
    def test_json(self):
        report = self.json(*QUICK, "tokens:8/head_dim:16$", "--threads", 1)
        self.assertEqual((report["schema"], report["threads"]), ("hies.bench/1", 1))
        self.assertEqual([result["name"] for result in report["results"]],
                         ["forward/tokens:8/head_dim:16", "backward/tokens:8/head_dim:16"])
        for result, flops_of_a_logit in zip(report["results"], (4, 8)):
            self.assertEqual(result["flops"], result["sequences"] * report["heads"] * 8 * 8 * 16 * flops_of_a_logit)
            for side in ("hies", "torch"):
                self.assertGreater(result[side]["seconds"], 0)
                self.assertAlmostEqual(result[side]["gflops"] * result[side]["seconds"] * 1e9 / result["flops"], 1, places=6)
                self.assertLess(result[side]["error"], 1e-5)
            self.assertAlmostEqual(result["ratio"], result["torch"]["seconds"] / result["hies"]["seconds"], places=6)

    def test_table(self):
        text = self.done(*QUICK, "^forward/tokens:16/head_dim:32$").stdout
        self.assertRegex(text, r"(?m)^forward +16 +32 +128 +[\d.]+ +[\d.]+ +[\d.]+x$")

    def test_bad_options(self):
        self.refused(2, "--model is missing", "bench", "cuda")
        self.refused(2, "unknown suite 'kernel'", "bench", "kernel", hint="'kernels'")
        self.refused(2, "SUITE is missing", "bench")
        self.refused(2, "'tokens:9' matches no benchmark", *QUICK, "tokens:9", hint="forward/tokens:8/")
        self.refused(2, r"'\(' is no regular expression", *QUICK, "(")
        self.refused(2, "--seconds is 0", "bench", "kernels", "--seconds", 0)


if __name__ == "__main__":
    unittest.main()
