"""Learning from reward alone: what led to much is done more often."""

import numpy as np

from minitransfer import optim
from minitransfer.autograd import no_grad
from minitransfer.nn import Module, functional
from minitransfer.random import default_generator
from minitransfer.tensor import Tensor
from minitransfer.train.state import check_count


def policy_gradient(
    policy: Module,
    room,
    updates: int,
    *,
    episodes: int = 32,
    turns: int = 30,
    lr: float = 5e-3,
    discount: float = 0.95,
    generator=None,
) -> np.ndarray:
    """Teach a network to act by trial and reward (REINFORCE, Williams 1992).

    In every update a number of episodes is played side by side, with each action as probable as
    the network makes it. An action is made more probable by as much as what followed it was better
    than the mean of all that followed (``data.rooms.Room`` gives 1 for the door, less the later).

    Args:
        policy: what is seen (N, …) → a score for each action (N, actions); is changed in place.
            Frozen parts stay.
        room: has ``start(count, rng)``, ``see(places)`` and ``move(places, actions)``, which
            returns places and who has arrived.
        updates: how many.
        episodes: played for each update.
        turns: at most, in an episode.
        lr: of Adam.
        discount: what arriving one turn later is worth.
        generator: draws starts and actions; the default one if None.

    Returns:
        (updates,): the share of episodes that arrived, before each update.

    Raises:
        ValueError: if a number is no such number.

    Example:
        >>> from minitransfer import data, nn
        >>> policy = nn.Linear(10, 4, generator=np.random.default_rng(0))
        >>> arrived = policy_gradient(policy, data.rooms.Room(seed=0), updates=3,
        ...                           generator=np.random.default_rng(0))
        >>> arrived.shape
        (3,)
    """
    check_count("updates", updates)
    rng = generator or default_generator()
    optimizer = optim.Adam([p for p in policy.parameters() if p.requires_grad], lr=lr)
    shares = []
    for _ in range(updates):
        seen, actions, worth, arrived = _episodes(policy, room, episodes, turns, discount, rng)
        shares.append(arrived)
        advantage = (worth - worth.mean()) / (worth.std() + 1e-6)
        optimizer.zero_grad()
        surprise = functional.cross_entropy(policy(Tensor(seen)), Tensor(actions), reduction="none")
        (surprise * Tensor(advantage.astype(np.float32))).mean().backward()
        optimizer.step()
    return np.array(shares)


def _episodes(policy, room, episodes, turns, discount, rng):
    """Play; return all moments in which an episode was going on, and what followed."""
    places, going = room.start(episodes, rng), np.ones(episodes, bool)
    seen, actions, alive, end = [], [], [], np.full(episodes, np.inf)
    for turn in range(turns):
        view = room.see(places)
        with no_grad():
            scores = policy(Tensor(view)).array
        action = (scores + rng.gumbel(size=scores.shape)).argmax(1)
        seen.append(view), actions.append(action), alive.append(going)
        there, found = room.move(places, action)
        places = np.where(going[:, None], there, places)
        end[going & found] = turn
        going = going & ~found
        if not going.any():
            break
    turn, alive = np.arange(len(seen))[:, None], np.array(alive)
    worth = discount ** (end - turn)  # 0 where nobody arrived
    keep = alive.ravel()
    flat = (np.concatenate(seen)[keep], np.concatenate(actions)[keep], worth.ravel()[keep])
    return *flat, float(np.isfinite(end).mean())
