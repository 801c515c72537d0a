"""Frozen means frozen whatever else happens: random networks, random orders of events.

The tests in `tests/transfer/test_freezing.py` go through the contract line by line. This one lets
hypothesis choose what is done, in which order, and compares with what a reader of the contract
would expect after each step.
"""

import copy
import tempfile

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from minitransfer import Tensor, checkpoint, manual_seed, nn, optim
from minitransfer.transfer import freeze, freeze_to, unfreeze, weight_layers

WIDTH = 5

LAYERS = {
    "linear": lambda: nn.Linear(WIDTH, WIDTH),
    "no bias": lambda: nn.Linear(WIDTH, WIDTH, bias=False),
    "batch norm": lambda: nn.BatchNorm1d(WIDTH),
    "layer norm": lambda: nn.LayerNorm(WIDTH),
    "dropout": lambda: nn.Dropout(0.4),
    "tanh": nn.Tanh,
    "nested": lambda: nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.BatchNorm1d(WIDTH), nn.Tanh()),
}

OPTIMISERS = {
    "sgd": lambda p: optim.SGD(p, lr=0.05),
    "momentum": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.1),
    "adam": lambda p: optim.Adam(p, lr=0.05, weight_decay=0.1),
    "adamw": lambda p: optim.AdamW(p, lr=0.05, weight_decay=0.1),
    "rmsprop": lambda p: optim.RMSprop(p, lr=0.01, momentum=0.9, weight_decay=0.1),
    "adagrad": lambda p: optim.Adagrad(p, lr=0.05, weight_decay=0.1),
}

seeds = st.integers(0, 2**31)


def bits(module):
    return {name: tensor.array.tobytes() for name, tensor in module.state_dict().items()}


class Freezing(RuleBasedStateMachine):
    """A network that learns, is frozen, thawed, copied and stored; `held` is what may not move."""

    @initialize(kinds=st.lists(st.sampled_from(sorted(LAYERS)), min_size=2, max_size=5), seed=seeds)
    def build(self, kinds, seed):
        manual_seed(seed)
        self.kinds = kinds
        self.net = self.fresh()
        self.held = {}
        self.change_optimiser("momentum")

    def fresh(self):
        return nn.Sequential(
            nn.Linear(3, WIDTH), *[LAYERS[kind]() for kind in self.kinds], nn.Linear(WIDTH, 2)
        )

    def note(self):
        """Remember the bits of what is frozen now; what was frozen before must have kept them."""
        frozen = {}
        for name, module in self.net.named_modules():
            if module.frozen:
                frozen |= {f"{name}.{inner}".lstrip("."): b for inner, b in bits(module).items()}
        self.held = frozen

    @rule(place=st.integers(0, 6))
    def freeze_one(self, place):
        freeze(self.net[place % len(self.net)])
        self.note()

    @rule(place=st.integers(0, 6))
    def unfreeze_one(self, place):
        unfreeze(self.net[place % len(self.net)])
        self.note()

    @rule(share=st.floats(0, 1))
    def freeze_the_first(self, share):
        freeze_to(self.net, int(share * len(weight_layers(self.net))))
        self.note()

    @rule(mode=st.booleans())
    def change_mode(self, mode):
        self.net.train(mode)

    @rule(kind=st.sampled_from(sorted(OPTIMISERS)))
    def change_optimiser(self, kind):
        self.kind = kind
        self.optimizer = OPTIMISERS[kind](self.net.parameters())

    @rule()
    def go_on_with_a_copy(self):
        self.net = copy.deepcopy(self.net)
        self.change_optimiser(self.kind)

    @rule()
    def go_on_with_what_was_stored(self):
        other = self.fresh()
        with tempfile.TemporaryDirectory() as folder:
            checkpoint.save_weights(self.net, f"{folder}/net.safetensors")
            checkpoint.load_weights(other, f"{folder}/net.safetensors")
        assert bits(other) == bits(self.net)
        # A file holds weights; what is frozen is a state of the program, and is said again.
        for own, theirs in zip(self.net, other, strict=True):
            for old, new in zip(own.modules(), theirs.modules(), strict=True):
                if old.frozen:
                    freeze(new)
        other.train(self.net.training)
        self.net = other
        self.change_optimiser(self.kind)

    @rule(seed=seeds, clip=st.sampled_from([None, 0.5]), steps=st.integers(1, 3))
    def learn(self, seed, clip, steps):
        generator = np.random.default_rng(seed)
        if not any(p.requires_grad for p in self.net.parameters()):
            with pytest.raises(RuntimeError, match="are all parameters frozen"):
                self.net(Tensor(np.zeros((8, 3), np.float32))).sum().backward()
            return
        for _ in range(steps):
            x = generator.normal(size=(8, 3)).astype(np.float32)
            y = generator.integers(0, 2, 8)
            before = bits(self.net)
            self.optimizer.zero_grad()
            manual_seed(seed)
            nn.CrossEntropyLoss()(self.net(Tensor(x)), y).backward()
            if clip:
                optim.clip_grad_norm_(self.net.parameters(), clip)
            self.optimizer.step()
            after = bits(self.net)
            for name, parameter in self.net.named_parameters():
                if not parameter.requires_grad:
                    assert parameter.grad is None, name
                elif parameter.grad is not None and abs(parameter.grad.array).max() > 1e-3:
                    assert after[name] != before[name], f"{name} has a gradient and did not move"

    @rule(seed=seeds)
    def compare_with_the_thawed_twin(self, seed):
        """A frozen layer lets the gradient through as the same layer would that learns."""
        twin = copy.deepcopy(self.net)
        modes = [module.training for module in twin.modules()]
        unfreeze(twin)
        for module, mode in zip(twin.modules(), modes, strict=True):
            module.training = mode
        x = np.random.default_rng(seed).normal(size=(6, 3)).astype(np.float32)
        inputs, gradients = [], []
        for net in (copy.deepcopy(self.net), twin):
            net.zero_grad()
            inputs.append(Tensor(x, requires_grad=True))
            manual_seed(seed)
            (net(inputs[-1]) ** 2).sum().backward()
            gradients.append({name: p.grad for name, p in net.named_parameters()})
        np.testing.assert_array_equal(inputs[0].grad.array, inputs[1].grad.array)
        for name, gradient in gradients[0].items():
            if gradient is not None:
                np.testing.assert_array_equal(gradient.array, gradients[1][name].array, name)

    @invariant()
    def frozen_bytes_are_what_they_were(self):
        now = bits(self.net)
        assert {name: now[name] for name in self.held} == self.held

    @invariant()
    def frozen_layers_do_not_train(self):
        for module in self.net.modules():
            assert not (module.frozen and module.training)
            if module.frozen:
                assert not any(p.requires_grad for p in module.parameters())
                assert not any(m.training for m in module.modules() if not m.stateless)


TestFreezing = Freezing.TestCase
TestFreezing.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
