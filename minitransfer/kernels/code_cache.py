"""Where the machine code of kernels is kept, what its name depends on, and whom it is taken from.

Compiling a kernel takes a few tenths of a second, so what comes of it is kept in a file. Numba has
a cache of its own, which is not used: it looks only at the file in which a function stands, and
would go on running old code after an edit in *another* file (numba issue 8359) or with other
settings of numba; and an error in reading or writing ends the program. Here

* *code that is out of date is never found*: the folder's name holds a hash of every kernel source
  file, of the versions of Python, numba, llvmlite and NumPy, of the processor, and of numba's
  settings, so that a run with ``NUMBA_OPT=0`` leaves no slow code to the next one;
* *the cache is a help and no condition*: a file that is damaged counts as missing, as its checksum
  tells, and a disk that is full costs a warning;
* *nobody else's code is run*: numba hands out compiled functions as a pickle, and whoever can
  write a pickle that we load can have us run anything. So a folder that others may write to is
  refused.

The folder is the library's own (`minitransfer.folders.cache_folder`): a read-only installation and
a machine without a home are no obstacle, and no other user of numba is affected.
"""

import hashlib
import os
import pickle
import shutil
import stat
import sys
import warnings
from functools import cache
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm
import numba
import numpy as np
from numba.core.compiler import CompileResult
from numba.core.compiler_lock import global_compiler_lock
from numba.core.serialize import dumps

from minitransfer.files import write_atomically
from minitransfer.folders import cache_folder
from minitransfer.workers import free_in_forks

free_in_forks(global_compiler_lock, innermost=True)  # numba's, which a thread holds for seconds

KEEP = 6
"""Cache folders kept: those of other versions may still be in use by other environments."""

_NO_MATTER = ("CUDA", "CACHE_", "NUMBA_", "FORCE_CUDA", "DISABLE_CUDA")
"""Settings that machine code for the processor does not depend on begin with these words; the
third holds the numbers of threads. A setting that is not left out costs a compilation at most."""

_CHECKSUM_BYTES = hashlib.sha256().digest_size


@cache
def source_hash():
    """Return a hash of what does not change while a process runs: sources, versions, processor."""
    digest = hashlib.sha256()
    for file in kernel_files():
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    versions = (numba.__version__, llvmlite.__version__, np.__version__)
    python = (sys.implementation.cache_tag, getattr(sys, "abiflags", ""))
    digest.update(repr((versions, python, *host())).encode())
    return digest.hexdigest()


@cache
def kernel_files():
    """Return the source files that machine code is made of."""
    return sorted(Path(__file__).parent.rglob("*.py"))


def settings():
    """Return numba's settings as they are now: environment, settings file, or set by a program.

    Example:
        >>> ("OPT", "_OptLevel(3)") in settings()
        True
    """
    every = sorted(vars(numba.config).items())
    return [(k, repr(v)) for k, v in every if k.isupper() and not k.startswith(_NO_MATTER)]


@cache
def host():
    """Return the name and the features of the processor that is compiled for, as LLVM has them.

    It is this one, unless numba was told of another by NUMBA_CPU_NAME and NUMBA_CPU_FEATURES.
    """
    name, features = numba.config.CPU_NAME, numba.config.CPU_FEATURES
    if features is None:
        try:
            features = llvm.get_host_cpu_features().flatten()
        except RuntimeError:  # the compiler cannot ask this processor; it then assumes the least
            features = ""
    return name or llvm.get_host_cpu_name(), features


def kernel_folder():
    """Return the folder of this version's machine code, made if need be.

    Raises:
        PermissionError: if others may write to it or to the cache folder that it stands in.

    Example:
        >>> kernel_folder().name.startswith("kernels-")
        True
    """
    digest = hashlib.sha256((source_hash() + repr(settings())).encode())
    return _prepared(cache_folder() / f"kernels-{digest.hexdigest()[:16]}")


@cache
def _prepared(folder):
    """Make `folder`, deleting the oldest of the others, and see who may write there."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        pass
    except OSError as error:  # no room even for a folder
        _warn(folder, error.errno)
        return folder
    else:
        others = [f for f in folder.parent.glob("kernels-*") if f.is_dir() and f != folder]
        others.sort(key=_age)
        for old in others[: -(KEEP - 1)]:
            shutil.rmtree(old, ignore_errors=True)
    _refuse_if_others_may_write(folder.parent, sticky_suffices=True)
    _refuse_if_others_may_write(folder, sticky_suffices=False)
    return folder


def _age(folder):
    try:
        return folder.stat().st_mtime
    except OSError:  # another process was quicker
        return 0.0


def _refuse_if_others_may_write(folder, sticky_suffices):
    """Raise PermissionError unless `folder` is this user's alone to write to.

    In a folder with the sticky bit, such as /tmp, nobody can rename or delete what is another's;
    that is enough for the folder above, but not for one in which new files are looked for.
    """
    if os.name != "posix":
        return
    state = folder.stat()
    others = state.st_mode & stat.S_IWOTH
    if state.st_gid != state.st_uid:  # else the group is the user's own, as Linux makes them
        others |= state.st_mode & stat.S_IWGRP
    if others and not (sticky_suffices and state.st_mode & stat.S_ISVTX):
        why, cure = "others may write to it", f"take that right away (chmod go-w '{folder}')"
    elif state.st_uid != os.geteuid():
        why = f"it belongs to user {state.st_uid} and this is user {os.geteuid()}"
        cure = "make it yours"
    else:
        return
    raise PermissionError(
        f"compiled kernels are not taken from '{folder}': {why}, so another's code could run as "
        f"yours. If you trust what is in it, {cure}; else delete it, or set MINITRANSFER_CACHE to "
        "a folder that is yours alone"
    )


@cache
def _warn(folder, number):
    """Say once what is wrong with a folder, by the number that the system has for it."""
    warnings.warn(
        f"compiled kernels cannot be kept in '{folder}' ({os.strerror(number)}); they are compiled "
        "again in every process. Make room there, or set MINITRANSFER_CACHE to another folder",
        RuntimeWarning,
        stacklevel=2,
    )


class CodeFile:
    """One compiled function in a file, with the methods that numba asks of a cache.

    The file begins with a checksum of its name and of all that follows it.

    Example:
        >>> missing = CodeFile(Path("nowhere.nbc"))
        >>> missing.load_overload(None, None) is None  # then numba compiles
        True
    """

    def __init__(self, path):
        self.path = path
        self.cache_path = str(path.parent)

    def load_overload(self, signature, context):
        """Return the compiled function, or None where the file is missing or damaged."""
        try:
            content = self.path.read_bytes()
        except OSError:
            return None
        code = content[_CHECKSUM_BYTES:]
        if self._checksum(code) != content[:_CHECKSUM_BYTES]:
            return None
        context.refresh()
        return CompileResult._rebuild(context, *pickle.loads(code))

    def save_overload(self, signature, result):
        """Keep a compiled function, if there is room for it."""
        if result.library.has_dynamic_globals:  # addresses that hold in this process only
            return
        code = dumps(result._reduce())
        try:
            write_atomically(self.path, self._checksum(code) + code)
        except OSError as error:
            _warn(self.path.parent, error.errno)

    def _checksum(self, code):
        return hashlib.sha256(self.path.name.encode() + code).digest()
