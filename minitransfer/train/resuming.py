"""Whether a training run can go on from the state in a file, before anything is changed.

A checkpoint may come from anybody. One whose step is NaN would never be over, one that lacks an
array would stop in the middle of an epoch: all that is looked for here, once.
"""

import copy
import math

import numpy as np

from minitransfer.documents import (
    any_number,
    anything,
    entries,
    flag,
    listed,
    named,
    number,
    optional,
    text,
    whole,
)
from minitransfer.terminal import escaped


def _array(value, place):
    if not (isinstance(value, np.ndarray) and value.dtype.kind in "biuf"):
        raise ValueError(f"{place} is of type {type(value).__name__}; expected an array of numbers")


def _row_of_numbers(value, place):
    _array(value, place)
    if value.ndim != 1:
        raise ValueError(f"{place} has shape {value.shape}; expected one axis")


def _made_with(value, place):
    """What `identity` returns: words, numbers, and lists and dictionaries of these."""
    entries(weights=named(text))(value, place)
    _without_arrays(value, place)


def _without_arrays(value, place):
    if isinstance(value, np.ndarray):
        raise ValueError(f"{place} is an array; expected words and numbers")
    if isinstance(value, (dict, list)):
        within = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in within:
            _without_arrays(item, f"{place}[{key!r}]")


_BEST = entries(validation_loss=any_number)
_OPTIMIZER = entries(groups=listed(entries(names=listed(text))), state=named(named(anything)))

#: The shape of what `Run.state_dict` returns, as it comes from a file.
_STATE = entries(
    made_with=_made_with,
    model=named(_array),
    optimizer=_OPTIMIZER,
    schedule=anything,
    loader=named(anything),
    generators=named(anything),
    split_seed=optional(whole()),
    step=whole(),
    total=whole(1),
    finished=flag,
    batch=whole(),
    losses=entries(total=any_number, count=any_number, batches=whole()),
    sums=named(any_number),
    examples=whole(),
    rows=listed(named(any_number)),
    step_losses=_row_of_numbers,
    best=optional(_BEST),
    best_state=optional(named(_array)),
    waited=whole(),
    stopped_early=flag,
    seconds=number(0),
)


def check_saved(state, path) -> None:
    """Check what can be checked of a state without the run that shall go on from it.

    Raises:
        ValueError: names the first entry that is missing, of another kind, or in contradiction
            with another.
    """
    path = str(path)
    _STATE(state, path)
    if len(state["step_losses"]) != state["step"]:
        raise ValueError(
            f"{path} is at step {state['step']} and holds the losses of "
            f"{len(state['step_losses'])} steps; these should be as many"
        )
    for what in ("model", "best_state"):
        arrays = {name: f"{a.dtype} {a.shape}" for name, a in (state[what] or {}).items()}
        if state[what] is not None and arrays != state["made_with"]["weights"]:
            raise ValueError(f"{path}: the arrays of {what} are not those that it says it holds")


def check_fits(state, run, path) -> None:
    """Check that a state, which `check_saved` has let through, has all that this run goes on with.

    Args:
        state: the state.
        run: the `Run`; it was found to be made with the same things.
        path: the file, for the error.

    Raises:
        ValueError: names the first entry that does not fit.
    """
    path = str(path)
    if state["batch"] != state["step"] % len(run.loader):
        raise ValueError(
            f"{path} is at step {state['step']} and at batch {state['batch']} of an epoch of "
            f"{len(run.loader)}; the two contradict one another"
        )
    if state["sums"].keys() != run.sums.keys():
        raise ValueError(f"{path}['sums'] has {list(state['sums'])}; expected {list(run.sums)}")
    _check_optimizer(state["optimizer"], run.optimizer, f"{path}['optimizer']")
    if run.schedule is not None:
        own = run.schedule.state_dict()
        _check_alike(state["schedule"], own, f"{path}['schedule']")
        if "last_step" in own:
            steps = whole(0, max(state["total"], run.total))
            steps(state["schedule"]["last_step"], f"{path}['schedule']['last_step']")
    _check_alike(state["loader"], run.loader.state_dict(), f"{path}['loader']")
    generators = run.generators()
    for name, generator in generators.items():
        _check_generator(state["generators"].get(name), generator, f"{path}['generators'][{name}]")
    own = generators.get("loader", generators["default"])
    _check_generator(state["loader"]["generator"], own, f"{path}['loader']['generator']")


def _check_alike(value, own, place):
    """Compare with what the run would save now: the same entries of the same kinds."""
    if isinstance(own, dict):
        if not isinstance(value, dict) or value.keys() != own.keys():
            raise ValueError(f"{place} should be a dictionary of {', '.join(own)}, and no more")
        for key, item in own.items():
            _check_alike(value[key], item, f"{place}[{key!r}]")
    elif isinstance(own, (list, tuple)):
        listed(anything, len(own), len(own))(value, place)
        for i, item in enumerate(own):
            _check_alike(value[i], item, f"{place}[{i}]")
    elif isinstance(own, np.ndarray):
        _array(value, place)
        if (value.dtype, value.shape) != (own.dtype, own.shape):
            raise ValueError(
                f"{place} is {value.dtype} {value.shape}; expected {own.dtype} {own.shape}"
            )
    elif isinstance(own, bool):
        flag(value, place)
    elif isinstance(own, float) and not math.isfinite(own):
        any_number(value, place)
    elif isinstance(own, (int, float)):  # a rate that was 1 may be 0.5 now
        number()(value, place)
    elif isinstance(own, str):
        text(value, place)


def _check_optimizer(saved, optimizer, place):
    own = optimizer.state_dict()["groups"]
    _check_alike(saved["groups"], own, f"{place}['groups']")
    for group in saved["groups"]:  # rates and the like, and shares such as Adam's betas
        for option, value in group.items():
            where = f"{place}['groups'][{option!r}]"
            if isinstance(value, list) and option != "names":
                listed(number(0, 1 - 1e-12))(value, where)
            elif isinstance(value, (int, float)) and not isinstance(value, bool):
                number(0)(value, where)
    parameters = {
        name: parameter.array
        for group in optimizer.param_groups
        for name, parameter in zip(group["names"], group["params"], strict=True)
    }
    for name, kept in saved["state"].items():
        inner = f"{place}['state'][{name!r}]"
        needed = set(optimizer.remembers)
        if kept and not needed <= kept.keys() <= needed | set(optimizer.may_remember):
            raise ValueError(
                f"{inner} has {escaped(', '.join(kept))}; a {type(optimizer).__name__} remembers "
                f"{', '.join(optimizer.remembers + optimizer.may_remember) or 'nothing'}"
            )
        for key, value in kept.items():
            if key == "step":
                whole(0, 2**53)(value, f"{inner}['step']")
            else:
                _check_alike(value, parameters.get(name, value), f"{inner}[{key!r}]")


def _check_generator(saved, generator, place):
    """Have a copy take the state over; NumPy does not look at the places within its arrays."""
    own = generator.bit_generator.state
    _check_alike(saved, own, place)
    for kept, position, buffer in ((saved["state"], "pos", "key"), (saved, "buffer_pos", "buffer")):
        if isinstance(kept, dict) and position in kept:
            whole(0, len(kept[buffer]))(kept[position], f"{place}[{position!r}]")
    try:
        copy.deepcopy(generator.bit_generator).state = saved
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise ValueError(f"{place} is no random state ({error})") from None
