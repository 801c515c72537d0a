"""Rooms: walls hold, doors can be reached, and what is seen is what is there."""

import numpy as np
import pytest

from minitransfer.data import rooms


@pytest.fixture(params=range(5))
def room(request):
    return rooms.Room(request.param)


def test_nobody_walks_through_walls(room):
    rng = np.random.default_rng(0)
    places = room.start(50, rng)
    for _ in range(100):
        places, _ = room.move(places, rng.integers(0, 4, 50))
        assert not room.walls[places[:, 0], places[:, 1]].any()


def test_the_door_is_reached_in_the_end(room):
    rng = np.random.default_rng(0)
    places, arrived = room.start(30, rng), np.zeros(30, bool)
    for _ in range(5000):
        places, found = room.move(places, rng.integers(0, 4, 30))
        arrived |= found
    assert arrived.all()


def test_motors_are_wired_in_an_order_of_the_rooms_own():
    wirings = {tuple(rooms.Room(seed).wiring) for seed in range(20)}
    assert len(wirings) > 5
    assert all(sorted(wiring) == [0, 1, 2, 3] for wiring in wirings)


def test_walls_and_the_door_are_seen(room):
    place = room.start(1, np.random.default_rng(1))
    seen = room.see(place)[0]
    for (row, column), wall in zip(rooms.AROUND, seen[:8], strict=True):
        assert wall == room.walls[place[0, 0] + row, place[0, 1] + column]
    np.testing.assert_allclose(seen[8:] * room.side / 3, room.door - place[0], rtol=1e-6)


def test_same_seed_same_room():
    np.testing.assert_array_equal(rooms.Room(7).walls, rooms.Room(7).walls)
