"""A compiled step: a function that does what the step does, and a look before each call whether it
still may.

What a step computes depends on more than its arguments: on parameters, on what an optimiser
remembers, on learning rates, on modes, on which layers are frozen. A compiled step reads parameters
and state where they stand, so that eager steps and compiled ones can take turns; numbers that
change, as a learning rate, are handed over at each call; and for all else it looks whether it is as
it was when the step was traced. If not, the step is traced anew.

In which steps that happens must not depend on what other threads do at the same time, since an
eager step may round another way. So a network that is built in another thread costs a trace, and
never an eager step; and a step that several threads call is done by one after the other.
"""

import contextlib
import functools
import inspect
import os
import threading
import warnings
import weakref

import numpy as np

from minitransfer import autograd
from minitransfer.autograd import as_array, trace_here
from minitransfer.compiler.ready import MISS, Ready, key_of, map_tensors
from minitransfer.compiler.standins import NotYet, Untraceable
from minitransfer.kernels import chosen_kernels
from minitransfer.nn.module import REBUILT, Module, rebuilt_here
from minitransfer.tensor import Tensor
from minitransfer.workers import free_in_forks

PROGRAMS = 8
"""Programs that a compiled step keeps: one for each set of shapes, say."""
ATTEMPTS = 100
"""Traces after which a step that is another one time and again is left alone."""

_lock = free_in_forks(threading.RLock())  # of whoever makes a program
_steps = weakref.WeakSet()  # all compiled steps


def compile(step=None):
    """Make one function of a training step: forward, backward and the optimiser.

    The first call is an ordinary one, so that an optimiser may set up what it remembers. The second
    is traced and compiled, which takes longer than many steps do, and less where the machine code
    was kept from another process. ``print(step)`` shows the program.

    What goes into the step as an argument may be other numbers each time; shapes and types for
    which there is no program yet are compiled when they come. Parameters and what an optimiser
    remembers are read and written where they are, learning rates looked up at each call, dropout
    drawn from its generator: eager and compiled steps can take turns. All other numbers, from
    outside the step, are taken as they are when it is traced. Where several threads call one step,
    it is done by one after the other.

    Layers, losses and optimisers of the library are known, slices, tables, recurrent layers and
    attention among them. Not known: batch norm in training, which counts batches; clipping by the
    norm of all gradients, which looks at it; random numbers other than those of dropout.

    Args:
        step: a function of tensors, arrays and numbers that returns a tensor, several, or nothing.
            What else it does, as printing or counting, is done twice more when it is traced, and
            never again.

    Returns:
        A `CompiledStep`, to be called like the function. A step that cannot be compiled is done as
        it stands; ``why_not`` says why. Gradients are not left in ``grad``.

    Example:
        >>> import minitransfer as mt
        >>> from minitransfer import data, nn, optim
        >>> x, y = map(mt.tensor, data.xor())
        >>> draw = np.random.default_rng(1)
        >>> net = nn.Sequential(nn.Linear(2, 8, generator=draw), nn.Sigmoid(),
        ...                     nn.Linear(8, 1, generator=draw))
        >>> loss, sgd = nn.BCEWithLogitsLoss(), optim.SGD(net.parameters(), lr=1.0)
        >>> @mt.compile
        ... def step(x, y):
        ...     sgd.zero_grad()
        ...     value = loss(net(x), y)
        ...     value.backward()
        ...     sgd.step()
        ...     return value
        >>> losses = step.repeat(2000, x, y)
        >>> losses.shape, losses[-1].item() < 0.05
        ((2000,), True)
    """
    if step is None:
        return compile
    if isinstance(step, CompiledStep):
        return step
    if isinstance(step, Module):
        raise TypeError(
            "compile takes a whole training step, a function that ends with optimizer.step(); a "
            "model by itself is called as it is, its kernels are compiled already"
        )
    if not callable(step):
        raise TypeError(f"compile takes a function; given {type(step).__name__}")
    return CompiledStep(step)


class CompiledStep:
    """A step that is done by a program where there is one; see `compile`.

    Attributes:
        step: the function that it was made from; call it for an eager step.
        why_not: why the step is done as it stands, or None.
    """

    def __init__(self, step):
        self.step, self.why_not = step, None
        self._seen, self._attempts, self._suspect = set(), 0, None
        self._here = rebuilt_here()
        self._forget()
        _steps.add(self)
        functools.update_wrapper(self, step, updated=())
        if chosen_kernels() == "reference":
            self._give_up(
                "plain kernels were asked for (MINITRANSFER_KERNELS), nothing is compiled"
            )

    def __call__(self, *args, **named):
        if named:
            try:
                bound = inspect.signature(self.step).bind(*args, **named)
            except TypeError:  # the step itself says it best
                return self.step(*args, **named)
            if bound.kwargs:  # that only go by name
                return self.step(*args, **named)
            args = bound.args
        if self.why_not is not None or (autograd.tracing is not None and trace_here() is not None):
            return self.step(*args)
        with self._turn:
            if REBUILT[0] == self._rebuilt:
                result = self._enter(*args)
                if result is not MISS:
                    return result
            found = self._find(args)
            result = MISS if found is None else found.enter(*args)
            return self._plain(args) if result is MISS else result

    def repeat(self, n, *args):
        """Take `n` steps with the same arguments, in one call where the program allows it.

        Returns:
            What the step returns, of all steps: each tensor with an axis of `n` in front.

        Raises:
            ValueError: if `n` is not 1 or more.
        """
        if n < 1:
            raise ValueError(f"repeat takes 1 step or more; given {n}")
        pieces = []
        with self._turn if trace_here() is None else contextlib.nullcontext():
            while n:
                found = self._find(args)
                ran = MISS if found is None else found.run(n, *args)
                if ran is not MISS:
                    done, piece = ran
                else:  # no program yet, or a guard said no: this step as it stands
                    done, piece = 1, map_tensors(self._plain(args), lambda t: Tensor(t.array[None]))
                pieces.append(piece)
                n -= done
        return _joined(pieces)

    @property
    def program(self):
        """The program used last, or None."""
        return self._programs[0].program if self._programs else None

    @property
    def source(self):
        """The code that was written for numba, or None."""
        return self._programs[0].source if self._programs else None

    def __repr__(self):
        name = getattr(self.step, "__name__", "step")
        if self.why_not:
            return f"{name}: done as it stands: {self.why_not}"
        if self._programs:
            return self._programs[0].text(name)
        return f"{name}: not compiled yet; it is traced at its second call"

    def _forget(self):
        """Have no program, and nobody who is within a step."""
        self._turn = threading.RLock()
        self._programs, self._enter, self._rebuilt = [], _no_program, REBUILT[0]

    def _look_around(self):
        """Forget the programs if some network was changed since, here or in another thread."""
        if REBUILT[0] == self._rebuilt:
            return
        if rebuilt_here() == self._here:  # by others: what is traced anew was no attempt
            self._attempts -= len(self._programs)
        self._here, self._rebuilt = rebuilt_here(), REBUILT[0]
        self._programs, self._enter = [], _no_program

    def _find(self, args):
        """Return a program for these arguments, made if need be; or None."""
        if self.why_not is not None or trace_here() is not None:
            return None
        self._look_around()
        for ready in self._programs:
            if ready.fits(*args) is not MISS:
                break
        else:
            key = key_of(args)
            first = key not in self._seen
            self._seen.add(key)
            if first:
                return None
            if self._attempts >= ATTEMPTS:
                self._give_up(
                    f"it was traced {ATTEMPTS} times: shapes, modes or networks change again and "
                    "again, and each time there is another program"
                )
                return None
            with _lock:
                ready = self._make(args)
            if ready is None:
                return None
        self._programs = [ready, *(p for p in self._programs if p is not ready)][:PROGRAMS]
        self._enter = ready.enter
        return ready

    def _make(self, args):
        self._attempts += 1
        try:
            return Ready(self.step, args)
        except NotYet:
            return None
        except Untraceable as reason:
            self._give_up(str(reason))
            return None
        except Exception as error:  # of the step, or of the stand-ins: the plain step will tell
            self._suspect = error
            return None

    def _plain(self, args):
        """Do the step as it stands."""
        result = self.step(*args)
        if self._suspect is not None:
            error, self._suspect = self._suspect, None
            self._give_up(f"traced, it ends with {type(error).__name__}: {error}")
        return result

    def _give_up(self, reason):
        self.why_not, self._enter = reason, _no_program
        name = getattr(self.step, "__name__", "step")
        warnings.warn(
            f"{name} is done as it stands, not compiled: {reason}", RuntimeWarning, stacklevel=5
        )


def _no_program(*args):
    return MISS


def _let_go():
    """In a forked process nobody is within a step, but those who were had not come to its end."""
    for step in list(_steps):
        if not step._turn.acquire(blocking=False):
            step._forget()
        else:
            step._turn.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)


def _joined(pieces):
    """Results of several runs, each with an axis in front, as one."""
    if len(pieces) == 1:
        return pieces[0]
    rows = []
    for piece in pieces:
        rows.append([])
        map_tensors(piece, rows[-1].append)
    columns = iter(
        [np.concatenate([as_array(t) for t in column]) for column in zip(*rows, strict=True)]
    )
    return map_tensors(pieces[0], lambda _: Tensor(next(columns)))
