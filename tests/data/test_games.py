"""The two games: the same rules behind, other numbers in front."""

import numpy as np
import pytest

from minitransfer.data import games

CASTS = {"basketball": games.BASKETBALL, "arena": games.ARENA}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(params=CASTS)
def game(request):
    return games.Game(CASTS[request.param], seed=3)


def press(game, name):
    return game.buttons.index(name)


def moment(role, breath=3, cool=0, distance=4, guarded=0, monster=0):
    return [role, breath, cool, distance, guarded, monster]


def play(game, at, move, rng, times=4000):
    name = game.cast.moves[games.MOVES.index(move)]
    before = np.repeat([at], times, axis=0)
    return game.play(before, np.full(times, press(game, name)), rng)


def test_moments_stay_within_the_rules(game, rng):
    log = game.watch(200, rng)
    most = [4, 3, 2, 4, 1, int(game.has_monsters)]
    assert log["moment"].min() == 0
    np.testing.assert_array_equal(log["moment"].max(0), most)


def test_same_seed_same_world():
    logs = [games.Game(games.ARENA, 1).watch(5, np.random.default_rng(2)) for _ in range(2)]
    np.testing.assert_array_equal(logs[0]["seen"], logs[1]["seen"])
    other = games.Game(games.ARENA, 2).watch(5, np.random.default_rng(2))
    assert not np.allclose(logs[0]["seen"], other["seen"])


def test_a_rotation_keeps_distances(rng):
    """The same moments, seen through two rotations of one game, are equally far apart."""
    moments = games.Game(games.BASKETBALL, 0).start(20, rng)
    seen = [games.Game(games.BASKETBALL, s).see(moments, rng, noise=0) for s in (0, 1)]
    apart = [np.linalg.norm(x[:, None] - x, axis=-1) for x in seen]
    np.testing.assert_allclose(*apart, atol=1e-5)
    stretched = games.Game(games.BASKETBALL, 0, stretch=3.0).see(moments, rng, noise=0)
    assert not np.allclose(np.linalg.norm(stretched[:, None] - stretched, axis=-1), apart[0])


def test_rules_of_the_moves(game, rng):
    role = {kind: game.kinds.tolist().index(k) for k, kind in enumerate(games.KINDS) if k < 4}
    after, _ = play(game, moment(role["runner"]), "sprint", rng, 5)
    assert (after[:, 3] == 2).all()
    assert (after[:, 1] == 2).all()
    after, _ = play(game, moment(role["helper"], breath=0), "sprint", rng, 5)
    assert (after[:, 3] == 4).all()  # out of breath
    after, _ = play(game, moment(role["helper"], guarded=1), "evade", rng, 5)
    assert not after[:, 4].any()
    after, reward = play(game, moment(role["finisher"], distance=1), "big", rng)
    assert reward.mean() == pytest.approx(1)
    assert (after[:, 2] == 2).all()
    _, reward = play(game, moment(role["finisher"], distance=1, cool=1), "big", rng)
    assert not reward.any()
    after, _ = play(game, moment(role["helper"]), "pass", rng)
    assert set(after[:, 0]) == {role["shooter"], role["finisher"]}
    after, _ = play(game, moment(role["runner"]), "pass", rng)
    assert len(set(after[:, 0])) == 4


def test_a_monster_is_worth_gold_once(rng):
    arena = games.Game(games.ARENA, 0)
    after, reward = play(arena, moment(0, monster=1), "hunt", rng)
    assert (reward == np.float32(0.6)).all()
    assert after[:, 5].mean() == 0
    _, reward = play(arena, moment(0), "hunt", rng)
    assert not reward.any()


def test_the_master_plays_better_than_chance_and_can_be_forbidden_to_hunt(rng):
    arena = games.Game(games.ARENA, 0)
    best = arena.score(arena.master(), rng, inside=True)
    tame = arena.score(arena.master(("hunt monster",)), rng, inside=True)
    chance = arena.score(lambda seen: rng.integers(0, 7, len(seen)), rng)
    assert best["score"] > tame["score"] > 2 * chance["hits"]
    assert best["gold"] > 0.5
    assert tame["gold"] == pytest.approx(0, abs=1e-6)
    assert best["score"] == pytest.approx(best["hits"] + best["gold"])


def test_effects_and_habits_do_not_depend_on_the_rotation():
    logs = [games.Game(games.BASKETBALL, s).watch(3000, np.random.default_rng(5)) for s in (0, 1)]
    buttons = [games.Game(games.BASKETBALL, s).buttons for s in (0, 1)]
    order = [buttons[1].index(name) for name in buttons[0]]
    first, second = (games.effects(log) for log in logs)
    second = second[order]
    np.testing.assert_allclose(first @ first.T, second @ second.T, atol=0.15)
    habits = games.habits(logs[0], range(6)), games.habits(logs[1], order)
    np.testing.assert_allclose(*habits, atol=0.3)


def test_pairs_are_alike_but_for_what_only_one_game_has(rng):
    """The two sides of a pair differ by a rotation: their inner products agree."""
    both = [games.Game(cast, 0) for cast in CASTS.values()]
    ours, theirs = games.alike(*both, 400, rng)
    turn = np.linalg.lstsq(theirs, ours, rcond=None)[0]
    left = ours - theirs @ turn
    assert (left**2).mean() < 0.05 * (ours**2).mean()
