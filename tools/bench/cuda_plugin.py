"""Calls libhies_cuda.so with torch tensors through its C ABI (src/hies/kernels/cuda/hies_cuda.h)."""

import ctypes

import torch

DTYPES = {torch.float32: 0, torch.bfloat16: 1, torch.float16: 2}


class Rows(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("token_stride", ctypes.c_int64), ("head_stride", ctypes.c_int64)]


class Shape(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int32) for name in
                ("dtype", "tf32", "sequences", "heads", "kv_heads", "head_dim", "causal", "window")] + [
        ("scale", ctypes.c_float), ("longest_queries", ctypes.c_int32), ("longest_keys", ctypes.c_int32),
        ("query_tokens", ctypes.c_int64), ("query_offsets", ctypes.c_void_p), ("key_offsets", ctypes.c_void_p),
        ("kv_of_head", ctypes.c_void_p), ("skip_head", ctypes.c_void_p)]


class Forward(ctypes.Structure):
    _fields_ = [("q", Rows), ("k", Rows), ("v", Rows), ("out", Rows), ("lse", ctypes.c_void_p), ("entropy", ctypes.c_void_p)]


class Backward(ctypes.Structure):
    _fields_ = [(name, Rows) for name in ("q", "k", "v", "out", "dout", "dq", "dk", "dv")] + [
        ("lse", ctypes.c_void_p), ("head_inner", ctypes.c_void_p)]


def rows(tensor):
    """Returns the view of a tensor [tokens, heads, D]."""
    return Rows(tensor.data_ptr(), tensor.stride(0), tensor.stride(1))


class Attention:
    """The arguments and results of one attention over B sequences of T tokens: q is [B·T, H, D], k and v are [B·T, K, D]."""

    def __init__(self, library, q, k, v, sequences, causal, window=0, tf32=False):
        self.library = library
        self.q, self.k, self.v = q, k, v
        tokens, heads, head_dim = q.shape
        length = tokens // sequences
        kv_heads = k.shape[1]
        self.offsets = torch.arange(0, tokens + 1, length, dtype=torch.int32, device=q.device)
        self.kv_of_head = (torch.arange(heads, device=q.device) * kv_heads // heads).int()
        self.shape = Shape(DTYPES[q.dtype], tf32, sequences, heads, kv_heads, head_dim, causal, window, head_dim ** -0.5, length, length,
                           tokens, self.offsets.data_ptr(), self.offsets.data_ptr(), self.kv_of_head.data_ptr(), None)
        self.out = torch.full_like(q, float("nan"))
        self.lse = torch.full((tokens, heads), float("nan"), device=q.device)
        self.entropy, self.inner = torch.full_like(self.lse, float("nan")), torch.full_like(self.lse, float("nan"))
        self.dq, self.dk, self.dv = (torch.full_like(x, float("nan")) for x in (q, k, v))

    def call(self, function, arguments):
        error = getattr(self.library, function)(ctypes.byref(self.shape), ctypes.byref(arguments),
                                                ctypes.c_void_p(torch.cuda.current_stream().cuda_stream))
        if error:
            raise RuntimeError(f"{function}: CUDA error {error}")

    def forward(self, entropy=True):
        self.call("hies_cuda_attention_forward",
                  Forward(rows(self.q), rows(self.k), rows(self.v), rows(self.out), self.lse.data_ptr(),
                          self.entropy.data_ptr() if entropy else None))

    def backward(self, dout):
        self.call("hies_cuda_attention_backward",
                  Backward(rows(self.q), rows(self.k), rows(self.v), rows(self.out), rows(dout), rows(self.dq), rows(self.dk),
                           rows(self.dv), self.lse.data_ptr(), self.inner.data_ptr()))
