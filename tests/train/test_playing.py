"""Policy gradient: it learns, it is repeatable, and it leaves frozen parts alone."""

import numpy as np

from minitransfer import nn, train, transfer
from minitransfer.data.rooms import Room


def policy(seed=0):
    rng = np.random.default_rng(seed)
    return nn.Sequential(
        nn.Linear(10, 32, generator=rng), nn.Tanh(), nn.Linear(32, 4, generator=rng)
    )


def test_a_robot_learns_to_find_the_door():
    arrived = train.policy_gradient(policy(), Room(3), 60, generator=np.random.default_rng(0))
    assert arrived[-10:].mean() > arrived[:5].mean() + 0.3


def test_same_seed_same_learning():
    one, two = (
        train.policy_gradient(policy(), Room(3), 5, generator=np.random.default_rng(1))
        for _ in range(2)
    )
    np.testing.assert_array_equal(one, two)


def test_what_is_frozen_stays():
    net = policy()
    transfer.freeze(net[:2])
    before = [p.array.copy() for p in net.parameters()]
    train.policy_gradient(net, Room(3), 3, generator=np.random.default_rng(1))
    same = [np.array_equal(a, p.array) for a, p in zip(before, net.parameters(), strict=True)]
    assert same == [True, True, False, False]


def test_what_followed_is_counted_from_the_moment_on():
    """A corridor of one step: who takes it at once gets 1, who waits one turn 0.5 before."""

    class Corridor:
        turns = 0

        def start(self, count, rng):
            return np.zeros((count, 2), int)

        def see(self, places):
            return np.ones((len(places), 1), np.float32)

        def move(self, places, actions):
            self.turns += 1
            return places + 1, places[:, 0] == 1  # two turns

    from minitransfer.train.playing import _episodes

    corridor = Corridor()
    seen, _, worth, arrived = _episodes(
        nn.Linear(1, 2), corridor, 3, 9, 0.5, np.random.default_rng(0)
    )
    assert corridor.turns == 2  # nobody plays on when all have arrived
    assert arrived == 1
    assert len(seen) == 6
    np.testing.assert_allclose(worth, [0.5] * 3 + [1] * 3)
