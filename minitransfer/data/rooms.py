"""Rooms of a grid in which a small robot looks for the door (article B, B7)."""

import numpy as np

#: Up, down, left, right.
STEPS = np.array([(-1, 0), (1, 0), (0, -1), (0, 1)])
AROUND = np.array([(r, c) for r in (-1, 0, 1) for c in (-1, 0, 1) if r or c])


class Room:
    """A room with walls in it, a door, and a robot whose four motors are wired in some order.

    The robot sees which of the eight fields around it are walls, and how far the door is down and
    to the right. It does not know which motor moves it where.

    Args:
        seed: draws walls, door and wiring.
        side: of the room, with its outer walls.

    Example:
        >>> room, rng = Room(seed=0), np.random.default_rng(0)
        >>> places = room.start(5, rng)
        >>> room.see(places).shape
        (5, 10)
        >>> places, found = room.move(places, np.zeros(5, int))
        >>> places.shape, found.dtype
        ((5, 2), dtype('bool'))
    """

    def __init__(self, seed: int, side: int = 9):
        rng = np.random.default_rng([23, seed])
        while True:
            self.walls = rng.random((side, side)) < 0.2
            self.walls[[0, -1]] = self.walls[:, [0, -1]] = True
            free = np.argwhere(~self.walls)
            self.door = free[rng.integers(len(free))]
            self.free = self._within_reach()
            if len(self.free) > side:
                break
        self.wiring, self.side = rng.permutation(4), side

    def start(self, count: int, rng) -> np.ndarray:
        """Return places (count, 2) from which the door can be reached."""
        return self.free[rng.integers(len(self.free), size=count)]

    def see(self, places) -> np.ndarray:
        """Return what the robot sees (N, 10), float32."""
        near = places[:, None] + AROUND
        walls = self.walls[near[..., 0], near[..., 1]]
        return np.c_[walls, 3 * (self.door - places) / self.side].astype(np.float32)

    def move(self, places, motors) -> tuple[np.ndarray, np.ndarray]:
        """Return places after the motors (N,) have run, and whether the door is there.

        Who runs into a wall stays where he is.
        """
        ahead = places + STEPS[self.wiring[np.asarray(motors)]]
        blocked = self.walls[ahead[:, 0], ahead[:, 1]]
        places = np.where(blocked[:, None], places, ahead)
        return places, (places == self.door).all(1)

    def _within_reach(self):
        """Fields other than the door from which one gets there."""
        seen, edge = {tuple(self.door)}, [self.door]
        while edge:
            here = edge.pop()
            for step in STEPS:
                there = tuple(here + step)
                if there not in seen and not self.walls[there]:
                    seen.add(there)
                    edge.append(np.array(there))
        return np.array(sorted(seen - {tuple(self.door)})).reshape(-1, 2)
