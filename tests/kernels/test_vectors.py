"""What is concluded from the features of a processor."""

import pytest

from minitransfer.kernels import vector_code


@pytest.mark.parametrize(
    "features, triple, found",
    [
        ("+sse2,+avx,+fma,+avx512f", "x86_64-linux", (64, 32)),
        ("+sse2,+avx,+fma,-avx512f", "x86_64-linux", (32, 16)),
        ("+sse2,+avx,-fma", "x86_64-linux", (16, 16)),  # without fma it is no gain
        ("+sse2", "x86_64-linux", (16, 16)),
        ("+neon,+fp-armv8", "armv7-linux", (16, 32)),
        ("", "aarch64-linux", (16, 32)),
        ("", "arm64-apple-darwin", (16, 32)),
        ("", "x86_64-linux", (16, 16)),
    ],
)
def test_the_widest_vectors_there_are(features, triple, found, monkeypatch):
    monkeypatch.setattr(vector_code, "host", lambda: ("processor", features))
    monkeypatch.setattr(vector_code.llvm, "get_process_triple", lambda: triple)
    assert vector_code.machine.__wrapped__() == found
