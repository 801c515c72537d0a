"""Module: something with parameters, and the walk over all of them; Sequential: the plainest."""

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from minitransfer import autograd, devices
from minitransfer.autograd import explain_arguments
from minitransfer.nn import state
from minitransfer.not_covered import explain_no_tensor, not_covered, what_was_given
from minitransfer.tensor import Tensor

#: The number of the last time that something was attached to a module or taken away, in the whole
#: process. A step that was compiled looks here whether the networks can still be those that it was
#: compiled from.
REBUILT = [0]

_changes = itertools.count(1)  # one call is one step, so no two changes share a number


class _Here(threading.local):
    last = 0


_here = _Here()


def rebuilt() -> None:
    """Count a change in what a module consists of; see `REBUILT`."""
    REBUILT[0] = _here.last = next(_changes)


def rebuilt_here() -> int:
    """Return the number of the last change that this thread made.

    Example:
        >>> Module().add_module("part", Module())
        >>> rebuilt_here() == REBUILT[0]  # unless another thread changes one at this moment
        True
    """
    return _here.last


class Parameter(Tensor):
    """A tensor that an optimiser may change.

    Attributes:
        name: its dotted name within the outermost module it was attached to ("body.0.weight"),
            or "" while it belongs to none. Optimisers keep their state under it.
        frozen: whether `transfer.freeze` holds it.

    Example:
        >>> Parameter([1.0, 2.0]).requires_grad
        True
    """

    __slots__ = ("name",)
    frozen = False

    def __init__(self, data, requires_grad=True):
        super().__init__(data, requires_grad)
        if not self.array.flags.writeable:  # an optimiser has to write into it
            self.array = self.array.copy()
        self.name = ""

    def __repr__(self):
        return f"Parameter {self.name!r} {super().__repr__()}"


class FrozenParameter(Parameter):
    """What a parameter is while `transfer.freeze` holds it: it asks for no gradient.

    Freezing gives a parameter this class, and unfreezing takes it away again; the object stays the
    same. So there is one place that knows whether it learns, and parameters that do are read as
    quickly as ever.

    Raises:
        RuntimeError: if it is told to ask for gradients.

    Example:
        >>> from minitransfer import nn, transfer
        >>> layer = transfer.freeze(nn.Linear(2, 1))
        >>> type(layer.weight).__name__, layer.weight.requires_grad
        ('FrozenParameter', False)
        >>> type(transfer.unfreeze(layer).weight).__name__
        'Parameter'
    """

    __slots__ = ()
    frozen = True

    @property
    def requires_grad(self) -> bool:
        """Always False."""
        return False

    @requires_grad.setter
    def requires_grad(self, value):
        if value:
            raise RuntimeError(
                f"the parameter {self.name!r} is frozen, and asks for no gradient until "
                "transfer.unfreeze is called on the module that was frozen (or on a part of it)"
            )
        Tensor.requires_grad.__set__(self, False)

    @classmethod
    def of_kind(cls, kind: type) -> type:
        """Return the class that a parameter of class `kind` has while it is frozen."""
        if kind is Parameter:
            return cls
        facts = {"__slots__": (), "frozen": True, "requires_grad": cls.requires_grad}
        return type(f"Frozen{kind.__name__}", (kind,), facts)


class HookHandle:
    """What `Module.register_forward_hook` returns; `remove` takes the hook away again."""

    def __init__(self, module):
        self._module = module

    def remove(self) -> None:
        """Take the hook away; doing so twice is fine."""
        rebuilt()
        hooks = self._module._forward_hooks
        if hooks is not None and hooks.pop(self, None) and not hooks:
            self._module.__dict__["_forward_hooks"] = None


class Module:
    """Base of everything with parameters: write `__init__` and `forward`, the rest is here.

    Parameters, buffers (arrays that belong to the state but are not trained) and other modules
    are registered when they are assigned as attributes, and are walked in that order.

    Attributes:
        training: whether dropout drops and batch norm uses the batch. Set by `train` and `eval`
            here and below, or assigned, for this module alone; always False in a module that was
            frozen (see `minitransfer.transfer.freeze`), until it is unfrozen itself.
        frozen: whether the module was frozen and nothing in it learns, or has a mode that may
            change: not if a part was unfrozen, or attached, since.
        name: dotted name within the outermost module, "" for that one itself.
        stateless: a fact about the class: the module learns nothing, and computes the same in
            training as in evaluation, given that the modules in it do.
        input_type, input_shape: what the outermost module takes ("image", …) and the shape of one
            example; None, unless it says so, for anything, and so is None in a shape.
        convention: what pictures have to look like, see `minitransfer.data.conventions`; None for
            anything.
        chained: a fact about the class: its modules are called one after the other, and nothing
            but the next one sees what one of them computes.
        pointwise: a fact about the class: of a picture, each place of the output depends on the
            same place of the input alone.

    Example:
        >>> from minitransfer import nn
        >>> class Net(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.fc1 = nn.Linear(2, 3)
        ...         self.fc2 = nn.Linear(3, 1)
        ...     def forward(self, x):
        ...         return self.fc2(self.fc1(x).relu())
        >>> [name for name, _ in Net().named_parameters()]
        ['fc1.weight', 'fc1.bias', 'fc2.weight', 'fc2.bias']
    """

    stateless = pointwise = chained = False
    input_type: str | None = None
    input_shape: tuple[int, ...] | None = None
    _tensors: int | None = None  # how many inputs must be tensors; None for all
    convention: dict | None = None
    _not_saved = frozenset()  # names of buffers that files do without

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        # What holds of one forward need not hold of another that takes its place.
        if "forward" in cls.__dict__ and super(cls, cls).forward is not Module.forward:
            for fact in ("stateless", "pointwise", "chained"):
                if fact not in cls.__dict__:
                    setattr(cls, fact, False)

    def __init__(self):
        registries = {"_parameters": {}, "_buffers": {}, "_modules": {}}
        facts = {"_frozen": False, "_training": True, "_forward_hooks": None, "name": ""}
        self.__dict__.update(registries, **facts)

    # Registration

    def __setattr__(self, name, value):
        if "_modules" not in self.__dict__:
            raise AttributeError(
                f"cannot set {name!r} before super().__init__() was called in "
                f"{type(self).__name__}.__init__; put that line first"
            )
        for registry, kind in ((self._parameters, "a Parameter"), (self._modules, "a module")):
            if name in registry and not isinstance(value, (Parameter, Module, type(None))):
                raise TypeError(
                    f"{self.label()}: {name!r} is {kind}; assigning a {type(value).__name__} would "
                    "silently take it out of training. Give a Parameter or a module (or None for "
                    "nothing), or write new numbers into it under no_grad()"
                )
        if isinstance(value, (Parameter, Module)):
            kind = self._parameters if isinstance(value, Parameter) else self._modules
            for registry in (self._parameters, self._buffers, self._modules):
                if registry is not kind:
                    registry.pop(name, None)
            kind[name] = value
            self._name_everything()
        elif name in self._buffers and value is not None:
            value = value if isinstance(value, Tensor) else Tensor(value)
            self._buffers[name] = value
        else:
            for registry in (self._parameters, self._buffers, self._modules):
                registry.pop(name, None)
        object.__setattr__(self, name, value)

    def __delattr__(self, name):
        rebuilt()
        for registry in (self._parameters, self._buffers, self._modules):
            registry.pop(name, None)
        object.__delattr__(self, name)

    def __getattr__(self, name):
        if name in ("_modules", "_parameters", "_buffers"):
            raise AttributeError(
                f"{type(self).__name__}.__init__ did not call super().__init__(); "
                "put that line first"
            )
        raise not_covered(type(self).__name__, name, kind="Module")

    def register_buffer(self, name: str, tensor, persistent: bool = True) -> None:
        """Keep a tensor as part of the state that is not trained; in files only if `persistent`."""
        self._buffers[name] = None
        setattr(self, name, tensor)
        self.__dict__["_not_saved"] = (
            self._not_saved - {name} if persistent else (self._not_saved | {name})
        )

    def register_parameter(self, name: str, param) -> None:
        """Keep a Parameter (or None for "this layer has none") under `name`."""
        setattr(self, name, param)

    def add_module(self, name: str, module) -> None:
        """Attach `module` under `name`."""
        setattr(self, name, module)

    def replace_module(self, old: "Module", new: "Module") -> None:
        """Put a module in another's place, wherever that is attached below this one.

        The new module takes over name and mode. Names go on counting from the outermost module
        that the old one was attached to, of which this one may be a part.

        Example:
            >>> from minitransfer import nn
            >>> net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
            >>> net.replace_module(net[1], nn.Linear(3, 5))
            >>> net[1], net[1].weight.name
            (Linear(3 → 5), '1.weight')
        """
        rebuilt()
        new.train(old._training)
        for name, module in new.named_modules(prefix=old.name):
            object.__setattr__(module, "name", name)
        for name, parameter in new.named_parameters():
            parameter.name = f"{old.name}.{name}" if old.name else name
        for module in list(self.modules()):
            for name, child in module._modules.items():
                if child is old:  # not by setattr, which would name everything from here
                    module._modules[name] = module.__dict__[name] = new

    register_module = add_module

    def get_submodule(self, target: str) -> "Module":
        """Return the module with a dotted name.

        Raises:
            AttributeError: if there is none.
        """
        modules = dict(self.named_modules())
        if target not in modules:
            raise AttributeError(f"no module {target!r}; there are {', '.join(modules)}")
        return modules[target]

    def _name_everything(self) -> None:
        """Tell all that is attached here its dotted name; the outermost module comes last."""
        rebuilt()
        for name, module in self.named_modules():
            if name:
                object.__setattr__(module, "name", name)
        for name, parameter in self.named_parameters():
            parameter.name = name

    # Walks

    def named_modules(
        self, memo: set | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, "Module"]]:
        """Yield (dotted name, module) for this module and all below it.

        Args:
            memo: ids of the modules that were seen already.
            prefix: what to put before the names.
            remove_duplicate: whether to yield a module that stands in two places once.
        """
        memo = set() if memo is None else memo
        if id(self) in memo:
            return
        if remove_duplicate:
            memo.add(id(self))
        yield prefix, self
        for name, module in self._modules.items():
            below = f"{prefix}.{name}" if prefix else name
            yield from module.named_modules(memo, below, remove_duplicate)

    def modules(self, remove_duplicate: bool = True) -> Iterator["Module"]:
        """Yield this module and all below it."""
        named = self.named_modules(remove_duplicate=remove_duplicate)
        return (module for _, module in named)

    def named_children(self) -> Iterator[tuple[str, "Module"]]:
        """Yield (name, module) for the modules directly attached."""
        return iter(self._modules.items())

    def children(self) -> Iterator["Module"]:
        """Yield the modules directly attached."""
        return iter(self._modules.values())

    def _named(self, registry, prefix="", recurse=True, remove_duplicate=True):
        seen = set()
        walk = self.named_modules(None, prefix, remove_duplicate) if recurse else [(prefix, self)]
        for place, module in walk:
            for name, tensor in getattr(module, registry).items():
                if tensor is not None and id(tensor) not in seen:
                    if remove_duplicate:
                        seen.add(id(tensor))
                    yield f"{place}.{name}" if place else name, tensor

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Yield (dotted name, parameter), in the order of registration, shared ones once.

        Args:
            prefix: what to put before the names.
            recurse: whether to go into the modules attached.
            remove_duplicate: whether to yield a parameter that stands in two places once.
        """
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Yield all parameters, frozen ones included."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Yield (dotted name, buffer); see `named_parameters`."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Yield all buffers."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    # Modes

    @property
    def training(self) -> bool:
        """Whether the module is in training mode; a frozen one never is."""
        if (trace := autograd.trace_here()) is not None:
            trace.asked_mode(self)
        return self._training and not self._frozen

    @training.setter
    def training(self, mode: bool):
        self.__dict__["_training"] = bool(mode)

    @property
    def frozen(self) -> bool:
        """Whether the module was frozen, and all in it that learns or has a mode still is."""
        return (
            self._frozen
            and all(part._frozen or part.stateless for part in self.modules())
            and all(parameter.frozen for parameter in self.parameters())
        )

    @frozen.setter
    def frozen(self, value):
        raise AttributeError(
            f"{self.label()}: frozen tells what transfer.freeze has done; freeze and unfreeze with "
            "transfer.freeze(module) and transfer.unfreeze(module)"
        )

    def train(self, mode: bool = True):
        """Set training mode here and below, and return the module. Frozen parts stay as they are:
        they come back to the mode asked for last when they are unfrozen."""
        for module in self.modules():
            module.__dict__["_training"] = bool(mode)
        return self

    def eval(self):
        """Set evaluation mode here and below, and return the module."""
        return self.train(False)

    @contextlib.contextmanager
    def in_mode(self, training: bool):
        """Set training or evaluation mode here and below while the context lasts.

        In the end each module is back in the mode it had before.

        Example:
            >>> from minitransfer import nn
            >>> net = nn.Sequential(nn.Linear(2, 3), nn.Dropout(0.5))
            >>> with net.in_mode(training=False):
            ...     print(net[1].training)
            False
            >>> net[1].training
            True
        """
        before = [(module, module._training) for module in self.modules()]
        try:
            yield self.train(training)
        finally:
            for module, mode in before:
                module.__dict__["_training"] = mode

    def requires_grad_(self, requires_grad: bool = True):
        """Ask all parameters for gradients, or none of them. (`transfer.freeze` does more: it
        also holds batch norm and dropout in evaluation mode, and lasts until `unfreeze`.)

        Raises:
            RuntimeError: if a parameter is frozen that is to ask for gradients; nothing has been
                changed then.
        """
        frozen = [n for n, p in self.named_parameters() if p.frozen]
        if requires_grad and frozen:
            raise RuntimeError(
                f"requires_grad_(True): frozen are {', '.join(frozen)}, and they stay so until "
                "transfer.unfreeze is called on the module that was frozen; nothing was changed"
            )
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to zero."""
        for parameter in self.parameters():
            if set_to_none:
                parameter.gradient = None
            elif parameter.gradient is not None:
                parameter.gradient[...] = 0

    def apply(self, fn: Callable[["Module"], object]):
        """Call a function on every module, the innermost first, and return this module."""
        for module in self._modules.values():
            module.apply(fn)
        fn(self)
        return self

    @explain_arguments
    def to(self, target=None, dtype=None, non_blocking=False, *, device=None):
        """Turn all floating parameters and buffers into a dtype, in place; "cpu" does nothing."""
        if dtype is None and not isinstance(target, (str, devices.device, type(None))):
            dtype, target = target, None
        for place in (device, target):
            if isinstance(place, str) and place in np.sctypeDict:
                dtype = dtype or place
            elif place is not None:
                devices.check_device(place)
        if dtype is None:
            return self
        for tensor in (*self.parameters(), *self.buffers()):
            converted = tensor.detach().to(dtype).array
            if tensor.dtype.kind == "f" and converted is not tensor.array:
                tensor.array, tensor.gradient = converted, None
        return self

    def cpu(self):
        """Return the module itself: there is no other place for it."""
        return self

    def cuda(self, device=None):
        """Refuse: there is no graphics card.

        Raises:
            AttributeError: says what to do instead.
        """
        devices.check_device("cuda")

    def float(self):
        """Turn all floating parameters and buffers into float32."""
        return self.to(np.float32)

    def double(self):
        """Turn all floating parameters and buffers into float64."""
        return self.to(np.float64)

    # State

    state_dict = state.state_dict
    load_state_dict = state.load_state_dict

    # Use

    def forward(self, *inputs):
        """Compute the result; every module writes its own."""
        raise TypeError(f"{type(self).__name__} has no forward(); write one")

    def __call__(self, *inputs, **options):
        try:
            output = self.forward(*inputs, **options)
        except (AttributeError, TypeError, ValueError) as error:
            if type(self).__module__.startswith("minitransfer."):  # others may take lists
                explain_no_tensor(self.label(), error, inputs[: self._tensors])
            raise
        if self._forward_hooks is not None:
            for hook in list(self._forward_hooks.values()):
                changed = hook(self, inputs, output)
                output = output if changed is None else changed
        return output

    @explain_arguments
    def register_forward_hook(self, hook: Callable) -> HookHandle:
        """Call ``hook(module, inputs, output)`` whenever this module has been called.

        Args:
            hook: sees the inputs as a tuple; what it returns, unless it is None, takes the
                output's place.

        Returns:
            A handle; ``handle.remove()`` takes the hook away.

        Example:
            >>> from minitransfer import nn, zeros
            >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
            >>> handle = net[0].register_forward_hook(lambda layer, x, y: print(y.shape))
            >>> _ = net(zeros(5, 4))
            (5, 8)
            >>> handle.remove()
        """
        handle = HookHandle(self)
        rebuilt()
        self.__dict__["_forward_hooks"] = {**(self._forward_hooks or {}), handle: hook}
        return handle

    def extra_repr(self) -> str:
        """What to show between the brackets; layers write their own."""
        return ""

    def label(self) -> str:
        """How errors call this module: its dotted name, kind and sizes."""
        kind = f"{type(self).__name__}({self.extra_repr()})"
        return f"layer {self.name!r}, {kind}" if self.name else kind

    def __repr__(self):
        lines = [f"({name}): {module!r}" for name, module in self._modules.items()]
        if not lines:
            return f"{type(self).__name__}({self.extra_repr()})"
        body = "\n".join(lines).replace("\n", "\n  ")
        return f"{type(self).__name__}(\n  {body}\n)"


class Sequential(Module):
    """Modules one after the other.

    Args:
        modules: modules, named "0", "1", …; or one dictionary name → module.

    ``net[2]`` is a module, ``net[:-1]`` a Sequential of the same modules (shared, not copied; it
    keeps their names and their frozen state, see `Sequential.of_parts`).

    Example:
        >>> from minitransfer import nn, zeros
        >>> net = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
        >>> net(zeros(4, 2)).shape, net[:-1](zeros(4, 2)).shape
        ((4, 1), (4, 8))
    """

    stateless = chained = True

    def __init__(self, *modules):
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            items = list(modules[0].items())
        else:
            items = [(str(i), module) for i, module in enumerate(modules)]
        for name, module in items:
            check_module(module)
            if not name or "." in name or hasattr(type(self), name):
                raise ValueError(
                    f"{name!r} cannot be the name of a module: it is empty, has a dot in it, or is "
                    "the name of a method; choose another"
                )
            self._modules[name] = module
            self.__dict__[name] = module
        self._name_everything()

    @classmethod
    def of_parts(cls, parts, like=None):
        """Return a Sequential of modules that belong to a network and go on doing so.

        ``Sequential(...)`` names what it is given anew; parts of a network keep the names under
        which optimisers and files know them.

        Args:
            parts: (name, module) pairs; the modules are shared, not copied.
            like: a module whose place in the network the result takes: its name, mode and
                frozen state.

        Example:
            >>> from minitransfer import nn
            >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
            >>> nn.Sequential.of_parts([("2", net[2])])[0].weight.name
            '2.weight'
        """
        whole = cls.__new__(cls)
        Module.__init__(whole)
        whole._modules.update(parts)
        whole.__dict__.update(whole._modules)
        if like is not None:
            facts = {"name": like.name, "_frozen": like._frozen, "_training": like._training}
            whole.__dict__.update(facts)
        return whole

    def forward(self, x):
        for module in self._modules.values():
            x = module(x)
        return x

    def append(self, module):
        """Add a module at the end and return the Sequential."""
        check_module(module)
        taken = [int(name) for name in self._modules if name.isdigit()]
        setattr(self, str(max(taken, default=-1) + 1), module)
        return self

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules.values())

    def __getitem__(self, key):
        items = list(self._modules.items())
        return type(self).of_parts(items[key]) if isinstance(key, slice) else items[key][1]

    def __setitem__(self, key, module):
        check_module(module)
        setattr(self, list(self._modules)[key], module)


def check_module(module) -> None:
    """Refuse what is not a module.

    Raises:
        TypeError: says what was given.

    Example:
        >>> check_module(Sequential())
    """
    if not isinstance(module, Module):
        raise TypeError(
            "expected a module, as nn.ReLU() or a class of your own made of nn.Module; given "
            f"{what_was_given(module)}"
        )
