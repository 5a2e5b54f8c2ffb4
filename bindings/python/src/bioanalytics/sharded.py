# SPDX-License-Identifier: MIT
"""A training whose rows are in other processes: requests go out, sums come back, as bytes (docs/solvers.md)."""

import ctypes
from typing import Any, Optional, Sequence

from ._handles import Context, bytes_of, expect, interruptible, options_of
from ._library import lib
from .model import Model
from .train import Dataset, Progress

BLOCK = 4096  # rows go to processes by whole blocks of so many
_END = 1


class Solver:
    """The driver's part. The model has the bytes of `train` over all rows with `sketches="off"`, whoever summed what.

    `classes` names all there will be, None for a model of numbers; options are `seed` and `length`.
    """

    def __init__(self, recipe: str, classes: Optional[Sequence[str]], *, memory_limit: int = 0, **options: Any) -> None:
        self._context = Context(1, memory_limit)
        names = [str(name).encode() for name in classes or ()]
        pointers = (ctypes.c_char_p * len(names))(*names)
        self._handle = self._context.make(lib.ba_solver_destroy, lib.ba_solver_create, self._context.pointer,
                                          recipe.encode(), pointers if names else None, len(names), options_of(options))

    def ask(self) -> bytes:
        """The request of this round, the same until the solver is told."""
        with self._handle as solver:
            return bytes_of(lib.ba_solver_ask, self._context, solver)

    def tell(self, sums: Sequence[bytes]) -> bool:
        """Takes what workers saved of all rows, in any order and also twice; False when the run has stopped."""
        whole = Partial(self.ask(), context=self._context)
        for one in sums:
            whole.add(one)
        with self._handle as solver, whole._handle as partial:
            return self._context.check(lib.ba_solver_tell(solver, partial)) != _END

    @property
    def progress(self) -> Progress:
        whole, real = [ctypes.c_int64() for _ in range(2)], [ctypes.c_double() for _ in range(2)]
        with self._handle as solver:
            lib.ba_solver_metrics(solver, *map(ctypes.byref, whole), *map(ctypes.byref, real))
        return Progress(whole[0].value, whole[1].value, real[0].value, real[1].value, float("nan"))

    @property
    def reason(self) -> str:
        """Why the run stopped; "running" before."""
        with self._handle as solver:
            return str(lib.ba_solver_reason(solver).decode())

    def save(self) -> bytes:
        """The state of the run, for `restore` in this process or another."""
        with self._handle as solver:
            return bytes_of(lib.ba_solver_save, self._context, solver)

    def restore(self, state: bytes) -> None:
        """Goes on from where a solver of the same recipe, classes, seed and length was saved."""
        with self._handle as solver:
            self._context.check(lib.ba_solver_restore(solver, state, len(state)))

    def finish(self) -> Model:
        """The model of the best point so far."""
        with self._handle as solver:
            return Model(self._context.make(lib.ba_model_release, lib.ba_solver_finish, solver))

    def close(self) -> None:
        self._handle.close()


class Partial:
    """A worker's part: the sums of some of the rows at the point of a request."""

    def __init__(self, request: bytes, *, context: Optional[Context] = None) -> None:
        self._context = context or Context()
        self._handle = self._context.make(lib.ba_partial_destroy, lib.ba_partial_create, self._context.pointer, request,
                                          len(request))

    @classmethod
    def of(cls, request: bytes, rows: Dataset, first: int) -> "Partial":
        """The sums of the training rows of a dataset, which have the numbers from `first` on, a multiple of BLOCK."""
        expect(rows, Dataset)
        made = cls(request, context=rows._context)

        def run() -> None:
            with made._handle as partial, rows._handle as dataset:
                made._context.check(lib.ba_partial_accumulate(partial, dataset, first))
        interruptible(made._context, run)
        return made

    def add(self, saved: bytes) -> None:
        """Adds what a partial of the same request saved, in this process or another."""
        with self._handle as partial:
            self._context.check(lib.ba_partial_add(partial, saved, len(saved)))

    def save(self) -> bytes:
        with self._handle as partial:
            return bytes_of(lib.ba_partial_save, self._context, partial)

    def __len__(self) -> int:
        """How many rows it has the sums of."""
        with self._handle as partial:
            return int(lib.ba_partial_rows(partial))

    def close(self) -> None:
        self._handle.close()


__all__ = ["BLOCK", "Partial", "Solver"]
