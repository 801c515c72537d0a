"""Modules made of modules, beside `Sequential`."""

from minitransfer.nn.functions import Identity
from minitransfer.nn.module import Module, check_module


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
        check_module(module)
        setattr(self, str(len(self)), module)
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
