"""Modules made of modules."""

from collections.abc import Mapping

from minitransfer.nn.layers import Identity
from minitransfer.nn.module import Module


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

    stateless = True

    def __init__(self, *modules):
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            items = list(modules[0].items())
        else:
            items = [(str(i), module) for i, module in enumerate(modules)]
        for name, module in items:
            _check_module(module)
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
            facts = {"name": like.name, "frozen": like.frozen, "_training": like._training}
            whole.__dict__.update(facts)
        return whole

    def forward(self, x):
        for module in self._modules.values():
            x = module(x)
        return x

    def append(self, module):
        """Add a module at the end and return the Sequential."""
        _check_module(module)
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
        _check_module(module)
        setattr(self, list(self._modules)[key], module)


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

    def __init__(self, modules=()):
        super().__init__()
        for module in modules:
            self.append(module)

    def append(self, module):
        """Add a module at the end and return the list."""
        _check_module(module)
        setattr(self, str(len(self)), module)
        return self

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules.values())

    def __getitem__(self, key):
        return list(self._modules.values())[key]

    def __setitem__(self, key, module):
        _check_module(module)
        setattr(self, list(self._modules)[key], module)


def _check_module(module):
    if not isinstance(module, Module):
        raise TypeError(
            f"expected a module (nn.Linear, nn.ReLU(), …), given {module!r}; "
            "a class has to be called first, and a plain function wrapped in a module"
        )
