"""A training step as one function: traced, arranged, written, compiled.

An eager step of a small network is some thirty microseconds of bookkeeping around one of
arithmetic. `compile` lets the step do its work once with stand-ins of arrays, notes every
operation, forward, back and in the optimiser, and makes one function of them.

A reading order, which is the order in which it happens:

1. `step`: what a compiled step is, and when it may not be used.
2. `standins` of arrays, and `tracing`: how a step is written down while it runs, so that no
   derivative has to be written a second time; `rules`: what becomes of a call.
3. `program`: what it is written down in; `words` prints it; `maps` lists what is done to numbers
   one by one.
4. `layout`: what is left out, what is done in one loop, and what stands where in memory.
5. `writing`: the code for numba; `ready`: its memory, and what Python does around it.
"""

from minitransfer.compiler.step import CompiledStep, compile
