"""--device on machines whose GPU, driver or plug-in cannot be used. A stub replaces the plug-in (cuda_stub.c)."""

import os
import pathlib
import unittest

from program import GOLDEN, ProgramTest

STUB = pathlib.Path(os.environ["HIES_BUILD_DIR"]) / "tests/libcuda_stub.so"


class Device(ProgramTest):
    def on_gpu(self, says, hint, code=3, **variables):
        environment = {"HIES_CUDA_PLUGIN": str(STUB), "CUDA_VISIBLE_DEVICES": "", **variables}
        for words in (self.score(), ("eval", GOLDEN / "bert-tiny/model", "--task", "classification", "--data", self.data)):
            self.refused(code, says, *words, "--device", "cuda", hint=hint, environment=environment)

    def test_unknown_device(self):
        self.refused(2, "unknown device 'gpu'", *self.score(), "--device", "gpu", hint="cpu, cuda")

    def test_no_plugin(self):
        self.on_gpu("plug-in cannot be opened: .*nothing.so", "make cuda", HIES_CUDA_PLUGIN="nothing.so")

    def test_another_version(self):
        self.on_gpu("plug-in is of version 0, but this program needs", "make cuda", STUB_ABI="0")

    def test_no_driver(self):
        self.on_gpu("no usable NVIDIA driver: CUDA driver version is insufficient", "nvidia-smi", STUB_ERROR="35")

    def test_no_gpu(self):
        self.on_gpu("no NVIDIA GPU", "CUDA_VISIBLE_DEVICES", STUB_ERROR="100")
        self.on_gpu("no NVIDIA GPU", "CUDA_VISIBLE_DEVICES", STUB_COUNT="0")

    def test_a_gpu_without_kernels(self):
        for capability, name in (("75", "7.5"), ("86", "8.6"), ("89", "8.9"), ("120", "12.0")):
            self.on_gpu(f"compute capability {name}, .* 8.0 and 9.0", "--device cpu", STUB_CAPABILITY=capability)

    def test_float64(self):
        self.refused(3, "float32, tf32 or bfloat16, not in float64", *self.score(), "--device", "cuda", "--dtype", "float64",
                     hint="--device cpu", environment={"HIES_CUDA_PLUGIN": str(STUB)})

    def test_offload_is_for_a_gpu(self):
        self.refused(2, "--offload is for --device cuda", *self.score(), "--offload", hint="--memory")

    def test_what_else_is_for_a_gpu(self):
        self.refused(2, "--deterministic is for --device cuda", *self.score(), "--deterministic", hint="every run")
        self.refused(2, "--dtype tf32 is for --device cuda", *self.score(), "--dtype", "tf32", hint="float32")

    def test_cpu_touches_nothing(self):
        """Checks that a run on the CPU opens no plug-in."""
        self.done(*self.score(), environment={"HIES_CUDA_PLUGIN": "nothing.so"})


if __name__ == "__main__":
    unittest.main()
