"""Modules made of modules, beside `Sequential`."""

from minitransfer.nn.functions import Identity
from minitransfer.nn.module import Module, Parameter, check_module


class Residual(Module):
    """y = shortcut(x) + body(x): the body only has to learn the difference (He et al. 2016).

    Args:
        body: the module to go round.
        shortcut: the way round; by default nothing is changed on it.

    Example:
        >>> from minitransfer import nn, zeros
        >>> nn.Residual(nn.Linear(3, 3))(zeros(2, 3)).shape
        (2, 3)
    """

    stateless = True

    def __init__(self, body, shortcut=None):
        super().__init__()
        self.body = body
        self.shortcut = Identity() if shortcut is None else shortcut

    def forward(self, x):
        around, through = self.shortcut(x), self.body(x)
        if around.shape != through.shape:
            raise ValueError(
                f"{self.label()}: the body turns {tuple(x.shape)} into {tuple(through.shape)}, "
                f"the shortcut into {tuple(around.shape)}; give a shortcut that makes them equal"
            )
        return around + through


class ModuleList(Module):
    """A list of modules that are part of the module it is attached to.

    It is walked, not called: write ``for layer in self.layers: x = layer(x)``.

    Example:
        >>> from minitransfer import nn
        >>> len(nn.ModuleList([nn.ReLU(), nn.Tanh()]))
        2
    """

    def __init__(self, modules=None):
        super().__init__()
        self.extend(modules or ())

    def append(self, module):
        """Add a module at the end and return the list."""
        check_module(module)
        setattr(self, str(len(self)), module)
        return self

    def extend(self, modules):
        """Add several modules at the end and return the list."""
        for module in modules:
            self.append(module)
        return self

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules.values())

    def __getitem__(self, key):
        return list(self._modules.values())[key]

    def __setitem__(self, key, module):
        check_module(module)
        setattr(self, list(self._modules)[key], module)


class ModuleDict(Module):
    """Modules by name that are part of the module it is attached to.

    Args:
        modules: a dictionary name → module, or pairs.

    Example:
        >>> from minitransfer import nn
        >>> heads = nn.ModuleDict({"letters": nn.Linear(8, 26), "digits": nn.Linear(8, 10)})
        >>> heads["digits"].out_features, list(heads)
        (10, ['letters', 'digits'])
    """

    def __init__(self, modules=None):
        super().__init__()
        self.update(modules or {})

    def update(self, modules) -> None:
        """Add modules from a dictionary or pairs; those of a known name take the place of it."""
        for name, module in dict(modules).items():
            self[name] = module

    def __setitem__(self, name, module):
        check_module(module)
        if not name or "." in name or hasattr(type(self), name):
            raise ValueError(
                f"{name!r} cannot be the name of a module: it is empty, has a dot in it, or is the "
                "name of a method; choose another"
            )
        setattr(self, name, module)

    def __getitem__(self, name):
        return self._modules[name]

    def __delitem__(self, name):
        delattr(self, name)

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules)

    def __contains__(self, name):
        return name in self._modules

    def keys(self):
        """The names."""
        return self._modules.keys()

    def values(self):
        """The modules."""
        return self._modules.values()

    def items(self):
        """Pairs of name and module."""
        return self._modules.items()


class ParameterList(Module):
    """A list of parameters that are part of the module it is attached to.

    Args:
        values: parameters; tensors become parameters.

    Example:
        >>> from minitransfer import nn, zeros
        >>> [p.shape for p in nn.ParameterList([zeros(2), nn.Parameter(zeros(3))])]
        [(2,), (3,)]
    """

    def __init__(self, values=None):
        super().__init__()
        self.extend(values or ())

    def append(self, value):
        """Add a parameter at the end and return the list."""
        self[len(self)] = value
        return self

    def extend(self, values):
        """Add several parameters at the end and return the list."""
        for value in values:
            self.append(value)
        return self

    def __setitem__(self, place, value):
        value = value if isinstance(value, Parameter) else Parameter(value)
        setattr(self, str(place % max(len(self), 1) if place < 0 else place), value)

    def __len__(self):
        return len(self._parameters)

    def __iter__(self):
        return iter(self._parameters.values())

    def __getitem__(self, key):
        return list(self._parameters.values())[key]
