"""Training steps on sequences: a block of a GPT, and a gated recurrent unit."""

import numpy as np

import minitransfer as mt

from .timing import Case

try:
    import torch
except ImportError:
    torch = None

#: Sizes of the block: those of a small GPT on characters.
BATCH, TOKENS, WIDTH, HEADS = 12, 64, 128, 4


def sequence_cases():
    """A step of attention with its small network, and a step of a GRU over 50 time steps."""
    rng = np.random.default_rng(0)
    numbers = rng.standard_normal((BATCH, TOKENS, WIDTH)).astype(np.float32)
    sizes = f"batch {BATCH}, {TOKENS} tokens, {WIDTH} wide, {HEADS} heads"
    yield _case(f"attention step: GPT block, {sizes}, AdamW", gpt_block, numbers, "tokens")
    numbers = rng.standard_normal((50, 32, WIDTH)).astype(np.float32)
    name = f"GRU step: batch 32, 50 time steps, {WIDTH} wide, AdamW"
    yield _case(name, lambda lib: lib.nn.GRU(WIDTH, WIDTH), numbers, "time steps")


def _case(name, build, numbers, unit):
    calls, first = {}, None
    for peer, library in (("minitransfer", mt), ("torch", torch)):
        if library is None:
            continue
        net = build(library)
        first = first or {k: v.array.copy() for k, v in net.state_dict().items()}
        net.load_state_dict({k: library.from_numpy(v.copy()) for k, v in first.items()})
        adamw = library.optim.AdamW(net.parameters(), lr=1e-3)
        inputs = library.from_numpy(numbers.copy())
        calls[peer] = step_of(net, adamw, inputs, library.from_numpy(numbers[::-1].copy()))
    units = numbers.shape[0] * numbers.shape[1]
    return Case("training step", name, calls, 0, 0.8, unit=unit, units=units)


def step_of(net, optimizer, inputs, targets):
    """Return a function that takes a step towards the targets, and returns the loss."""

    def step():
        optimizer.zero_grad()
        y = net(inputs)
        y = y[0] if isinstance(y, tuple) else y
        loss = ((y - targets) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    return step


def gpt_block(lib):
    """Return a block as it is written for PyTorch, made of a library's own parts."""
    nn = lib.nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.ln_1, self.ln_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            self.c_attn = nn.Linear(WIDTH, 3 * WIDTH)
            self.c_proj = nn.Linear(WIDTH, WIDTH)
            self.c_fc, self.gelu = nn.Linear(WIDTH, 4 * WIDTH), nn.GELU()
            self.c_out = nn.Linear(4 * WIDTH, WIDTH)

        def forward(self, x):
            x = x + self.attend(self.ln_1(x))
            return x + self.c_out(self.gelu(self.c_fc(self.ln_2(x))))

        def attend(self, x):
            b, t, c = x.size()
            heads = (b, t, HEADS, c // HEADS)
            parts = self.c_attn(x).split(WIDTH, dim=2)
            q, k, v = (part.view(*heads).transpose(1, 2) for part in parts)
            y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.c_proj(y.transpose(1, 2).contiguous().view(b, t, c))

    return Block()
