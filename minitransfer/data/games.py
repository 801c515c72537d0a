"""Two games with one inside: basketball and an arena game (article A), as small generated worlds.

Who watches a game sees statistics. Behind them stand who has the ball (or the lead), how much
breath is left, how far the goal is. Both worlds follow the same rules there; each shows its
moments through numbers of its own, mixed by a rotation of its own, and each has something the
other lacks: basketball tells two kinds of helpers apart, the arena has a hunter, monsters and gold.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

#: What each kind of player is good at: (aim, force, speed, help), as large as it shows.
KINDS = {
    "helper": (0.0, 0.0, 0.0, 1.0),
    "runner": (0.0, 0.0, 0.8, 0.0),
    "shooter": (1.2, 0.0, 0.0, 0.0),
    "finisher": (0.0, 1.5, 0.0, 0.0),
    "hunter": (0.0, 0.0, 0.0, 0.0),
}
#: How much each gauge shows: breath (0 to 3), cool-down (0 to 2), distance (0 to 4), guarded.
GAUGES = {"breath": (3, 1.5), "cool-down": (2, 1.0), "distance": (4, 2.0), "guarded": (1, 1.2)}

#: The moves behind both games. The last one is known in the arena only.
MOVES = ("rest", "sprint", "evade", "shot", "big", "pass", "hunt")

#: Numbers that one sees of a moment.
SEEN = 16


@dataclass(frozen=True)
class Cast:
    """What a game calls its roles and its moves.

    Attributes:
        roles: name → kind, a key of `KINDS`.
        moves: their names, in the order of `MOVES`.
    """

    roles: dict
    moves: tuple


BASKETBALL = Cast(
    {
        "point guard": "helper",
        "power forward": "helper",
        "small forward": "runner",
        "shooting guard": "shooter",
        "centre": "finisher",
    },
    ("catch breath", "fast dribble", "jump step", "jump shot", "dunk", "pass"),
)
ARENA = Cast(
    {
        "support": "helper",
        "solo lane": "runner",
        "carry": "shooter",
        "tank": "finisher",
        "hunter": "hunter",
    },
    ("fall back", "sprint", "flash", "attack", "ultimate", "hand over", "hunt monster"),
)


class Game:
    """One of the two worlds (article A, A6): many matches of it are played side by side.

    A *moment* is a row of whole numbers, which only the world knows: role, breath, cool-down,
    distance, guarded, monster. `see` turns moments into what a player sees. Buttons are shuffled:
    which one is which move, `buttons` says.

    The rules. A shot succeeds more often from near and unguarded, and for a shooter; the big move
    asks for two of three breaths and a cool-down that is over, and succeeds from near, for a
    finisher nearly always. Both are followed by a new attack from far off. Sprinting costs breath
    and brings nearer, a runner twice as far; evading costs breath and gets rid of the guard;
    resting brings breath back; passing gives the ball to another role, and a helper's pass reaches
    the shooter or the finisher, unguarded. In the arena a monster comes by at times: who hunts it
    gets gold, worth 0.6 of a hit.

    Args:
        cast: `BASKETBALL` or `ARENA`.
        seed: draws the rotation, and the order of the buttons.
        stretch: by which factor the statistics may differ in scale: 1 for a pure rotation.

    Example:
        >>> game = Game(ARENA, seed=0)
        >>> rng = np.random.default_rng(0)
        >>> moments = game.start(5, rng)
        >>> game.see(moments, rng).shape, len(game.buttons)
        ((5, 16), 7)
        >>> after, reward = game.play(moments, np.zeros(5, int), rng)
        >>> after.shape, reward.shape
        ((5, 6), (5,))
    """

    def __init__(self, cast: Cast, seed: int, stretch: float = 1.0):
        rng = np.random.default_rng([seed, len(cast.moves)])
        self.cast, self.roles = cast, tuple(cast.roles)
        self.kinds = np.array([list(KINDS).index(kind) for kind in cast.roles.values()])
        self.buttons = tuple(rng.permutation(cast.moves).tolist())
        self._moves = np.array([cast.moves.index(name) for name in self.buttons])
        turn = np.linalg.qr(rng.standard_normal((SEEN, SEEN)))[0]
        self._mixed = turn[:12] * stretch ** rng.uniform(-1, 1, SEEN)
        self.has_monsters = len(cast.moves) == len(MOVES)

    def start(self, count: int, rng) -> np.ndarray:
        """Return the first moments (count, 6) of as many matches."""
        breath, monster = rng.integers(2, 4, count), self._monsters(count, rng)
        role, distance = rng.integers(0, 5, count), np.full(count, 4)
        guarded = rng.integers(0, 2, count)
        return np.stack([role, breath, 0 * breath, distance, guarded, monster], 1)

    def see(self, moments, rng, noise: float = 0.05) -> np.ndarray:
        """Return what a player sees of moments: (N, 16) float32."""
        moments = np.asarray(moments)
        role = moments[:, 0]
        behind = np.zeros((len(moments), 12))
        behind[:, :4] = np.array(list(KINDS.values()))[self.kinds[role]]
        for column, (most, scale) in enumerate(GAUGES.values(), 1):
            behind[:, 3 + column] = scale * moments[:, column] / most
        if self.has_monsters:  # breath shows twice, as health and as mana, and there are riches
            behind[:, 8] = behind[:, 4] = behind[:, 4] * np.sqrt(0.5)
            behind[:, 9] = moments[:, 5]
            behind[:, 10] = role == self.roles.index("hunter")
        else:
            behind[:, 11] = 0.6 * (role == 0) - 0.6 * (role == 1)  # two kinds of helpers
        return (behind @ self._mixed + noise * rng.standard_normal((len(role), SEEN))).astype("f4")

    def play(self, moments, buttons, rng) -> tuple[np.ndarray, np.ndarray]:
        """Press a button in each match.

        Args:
            moments: (N, 6).
            buttons: (N,) places in `buttons`.
            rng: decides what succeeds.

        Returns:
            The moments after it, and the rewards (N,): 1 for a hit, 0.6 for a monster.
        """
        before = np.asarray(moments)
        count = len(before)
        role, breath, cool, distance, guarded, monster = before.T.copy()
        kind, luck = self.kinds[role], rng.random((3, count))
        helper, runner, shooter, finisher = (kind == k for k in range(4))
        move = self._moves[np.asarray(buttons)]
        rest, sprint, evade, shot, big, give, hunt = (move == m for m in range(len(MOVES)))
        sprint, evade, hunt = (done & (breath >= 1) for done in (sprint, evade, hunt))
        hunt &= monster == 1
        big &= (breath >= 2) & (cool == 0)
        aim = np.where(shooter, 1.0, 0.3) * (1 - 0.2 * distance) * np.where(guarded, 0.4, 1)
        force = np.where(distance <= 1, np.where(finisher, 1.0, 0.3), 0.05)
        reward = (shot & (luck[0] < aim)) + (big & (luck[0] < force)) + 0.6 * hunt
        # What a move costs and brings.
        breath = np.clip(breath + rest - (sprint | evade | hunt) - 2 * big, 0, 3)
        cool = np.where(big, 2, np.maximum(cool - 1, 0))
        distance = np.maximum(distance - sprint * np.where(runner, 2, 1), 0)
        guarded = np.where(evade, 0, np.where(rest & (luck[1] < 0.3), 1, guarded))
        # A pass, or a new attack: somebody else has it.
        other = (role + rng.integers(1, 5, count)) % 5
        strong = np.flatnonzero(np.isin(self.kinds, (2, 3)))
        other = np.where(give & helper, rng.choice(strong, count), other)
        anew = shot | big
        role = np.where(give, other, np.where(anew, rng.integers(0, 5, count), role))
        guarded = np.where(give | anew, luck[1] < np.where(give & helper, 0, 0.5), guarded)
        distance = np.where(anew, 4, distance)
        monster = np.where(hunt, 0, np.maximum(monster, self._monsters(count, rng)))
        after = np.stack([role, breath, cool, distance, guarded, monster], 1)
        return after, reward.astype("f4")

    def watch(
        self, matches: int, rng, policy=None, *, inside: bool = False, turns: int = 20
    ) -> dict[str, np.ndarray]:
        """Play matches and write down every moment.

        Args:
            matches: how many, side by side.
            rng: draws all that is random.
            policy: called with what is seen (N, 16), returns buttons (N,); random ones if None.
            inside: whether the policy is called with the moments (N, 6) themselves, as a `master`.
            turns: of a match.

        Returns:
            Rows of all moments, turn by turn: ``seen`` and ``after`` (N, 16), ``button`` (N,),
            ``reward`` (N,), ``role`` (N,), the place in `roles` of who has the ball, as everybody
            sees; and the moments themselves, ``moment`` (N, 6), which only the world knows.

        Example:
            >>> log = Game(BASKETBALL, seed=0).watch(10, np.random.default_rng(0))
            >>> log["seen"].shape, sorted(log)
            ((200, 16), ['after', 'button', 'moment', 'reward', 'role', 'seen'])
        """
        moments = self.start(matches, rng)
        seen, rows = self.see(moments, rng), []
        for _ in range(turns):
            random = rng.integers(0, len(self.buttons), matches)
            known = moments if inside else seen
            button = random if policy is None else np.asarray(policy(known))
            following, reward = self.play(moments, button, rng)
            after = self.see(following, rng)
            rows.append((seen, after, button, reward, moments[:, 0], moments))
            moments, seen = following, after
        names = ("seen", "after", "button", "reward", "role", "moment")
        return dict(zip(names, map(np.concatenate, zip(*rows, strict=True)), strict=True))

    def advice(self, coach, rng, matches: int = 500) -> tuple[np.ndarray, np.ndarray]:
        """Return moments, and what a coach says that he would do in each.

        He plays the matches himself, and every second button is pressed by chance: so there are bad
        moments among them, as a pupil will meet them.

        Args:
            coach: from `master`.
            rng: draws the matches.
            matches: how many, of twenty moments.

        Returns:
            What is seen (N, 16), and buttons (N,).

        Example:
            >>> game = Game(BASKETBALL, seed=0)
            >>> seen, buttons = game.advice(game.master(), np.random.default_rng(0), matches=5)
            >>> seen.shape, buttons.shape
            ((100, 16), (100,))
        """

        def half(moments):
            chance = rng.integers(0, len(self.buttons), len(moments))
            return np.where(rng.random(len(moments)) < 0.5, chance, coach(moments))

        log = self.watch(matches, rng, half, inside=True)
        return log["seen"], coach(log["moment"])

    def score(self, policy, rng, *, inside: bool = False, matches: int = 500) -> dict[str, float]:
        """Return what a policy scores in a match, on average over many; see `watch`.

        Returns:
            {"hits", "gold", "score"}: the last is the sum of both.
        """
        reward = self.watch(matches, rng, policy, inside=inside)["reward"]
        hits, all_in_all = (reward == 1).sum() / matches, reward.sum() / matches
        return {
            "hits": float(hits),
            "gold": float(all_in_all - hits),
            "score": float(all_in_all),
        }

    def master(
        self, without=(), *, discount: float = 0.9, samples: int = 100, seed: int = 0
    ) -> Callable[[np.ndarray], np.ndarray]:
        """Return somebody who knows the rules: the best button for every moment, as far as it goes.

        Every button is tried in every moment, many times, and the values of moments are found by
        value iteration (Bellman 1957).

        Args:
            without: names of moves that are never made.
            discount: what a hit in the next turn is worth beside one in this turn.
            samples: how often a button is tried in a moment.
            seed: of these trials.

        Returns:
            A function: moments (N, 6) → buttons (N,).

        Example:
            >>> game = Game(BASKETBALL, seed=0)
            >>> button = game.master(samples=20)([[4, 3, 0, 0, 1, 0]])  # a centre below the basket
            >>> game.buttons[button[0]]
            'dunk'
        """
        rng = np.random.default_rng(seed)
        sizes = (5, *(most + 1 for most, _ in GAUGES.values()), 1 + self.has_monsters)
        every = np.stack(np.unravel_index(np.arange(np.prod(sizes)), sizes), 1)
        rewards, following = [], []
        for button in range(len(self.buttons)):
            tried = np.repeat(every, samples, axis=0)
            after, reward = self.play(tried, np.full(len(tried), button), rng)
            following.append(np.ravel_multi_index(after.T, sizes).reshape(-1, samples))
            rewards.append(reward.reshape(-1, samples).mean(1))
        barred = np.isin(self.buttons, without)
        values, rewards, following = np.zeros(len(every)), np.array(rewards), np.array(following)
        for _ in range(60):
            ahead = rewards + discount * values[following].mean(2)
            ahead[barred] = -np.inf
            values = ahead.max(0)
        best = ahead.argmax(0)
        return lambda moments: best[np.ravel_multi_index(np.asarray(moments).T, sizes)]

    def _monsters(self, count, rng):
        return (rng.random(count) < 0.1).astype(int) * self.has_monsters


def alike(first: Game, second: Game, count: int, rng) -> tuple[np.ndarray, np.ndarray]:
    """Return moments of both games that somebody who knows both calls alike.

    Kind of player and gauges are the same; what the other game does not have may be anything.

    Args:
        first, second: the games.
        count: how many pairs.
        rng: draws them.

    Returns:
        What is seen in the first game and in the second, (count, 16) each.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> games = Game(BASKETBALL, seed=0), Game(ARENA, seed=0)
        >>> [rows.shape for rows in alike(*games, 3, rng)]
        [(3, 16), (3, 16)]
    """
    shared = [k for k in range(4) if (first.kinds == k).any() and (second.kinds == k).any()]
    kinds = rng.choice(shared, count)
    gauges = [rng.integers(0, most + 1, count) for most, _ in GAUGES.values()]
    seen = []
    for game in (first, second):
        role = [rng.choice(np.flatnonzero(game.kinds == kind)) for kind in kinds]
        moments = np.stack([role, *gauges, game._monsters(count, rng)], 1)
        seen.append(game.see(moments, rng))
    return tuple(seen)


def effects(log: dict, reward_counts: float = 5.0) -> np.ndarray:
    """Return what each button does, on average: (buttons, 17).

    The change of what is seen, and what is scored; whatever the rotation of a world, lengths and
    angles of these rows are the same.

    Args:
        log: from `Game.watch`.
        reward_counts: how much the reward counts beside the changes.

    Example:
        >>> effects(Game(BASKETBALL, seed=0).watch(50, np.random.default_rng(0))).shape
        (6, 17)
    """
    change = np.c_[log["after"] - log["seen"], reward_counts * log["reward"]]
    buttons = range(log["button"].max() + 1)
    return np.array([change[log["button"] == button].mean(0) for button in buttons])


def habits(log: dict, buttons) -> np.ndarray:
    """Return what happens when each role presses each button: (roles, 3 numbers a button).

    How much is scored, how far the world moves, and how far it moves on average: none of them
    depends on the rotation.

    Args:
        log: from `Game.watch`.
        buttons: which ones, in which order.

    Example:
        >>> log = Game(BASKETBALL, seed=0).watch(100, np.random.default_rng(0))
        >>> habits(log, range(6)).shape
        (5, 18)
    """
    change, rows = log["after"] - log["seen"], []
    for role in range(5):
        row = []
        for button in buttons:
            at = (log["role"] == role) & (log["button"] == button)
            far = np.linalg.norm(change[at], axis=1).mean()
            row += [log["reward"][at].mean(), far, np.linalg.norm(change[at].mean(0))]
        rows.append(row)
    return np.array(rows)


def landmarks(log: dict, roles, buttons) -> np.ndarray:
    """Return average moments that are easy to find again: (2 · roles · buttons, 16).

    What is seen before and after each role presses each button. With roles and buttons in an order
    that answers to that of another world, the rows answer to each other.

    Args:
        log: from `Game.watch`, long enough that everything has happened.
        roles, buttons: which ones, in which order.

    Example:
        >>> log = Game(BASKETBALL, seed=0).watch(100, np.random.default_rng(0))
        >>> landmarks(log, range(5), range(6)).shape
        (60, 16)
    """
    rows = []
    for role in roles:
        for button in buttons:
            at = (log["role"] == role) & (log["button"] == button)
            rows += [log["seen"][at].mean(0), log["after"][at].mean(0)]
    return np.array(rows)
