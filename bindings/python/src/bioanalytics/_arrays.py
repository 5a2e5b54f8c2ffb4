# SPDX-License-Identifier: MIT
"""NumPy arrays as native arrays and back, without a copy.

What native code points into is kept in a table of this module until the native side lets it go, which may be after
every Python object that knew of it.
"""

import ctypes
import itertools
from typing import Any, Dict, Tuple

import numpy as np

from ._handles import Context, Handle
from ._library import lib
from ._types import Array

_TYPES = {1: "f8", 2: "f4", 3: "i8", 4: "i4", 5: "u4", 6: "u1"}
_CODES = {np.dtype(name): code for code, name in _TYPES.items()}

_kept: Dict[int, Any] = {}
_numbers = itertools.count(1)


def forget(number: int) -> None:
    """Lets go of an object that `keep` keeps."""
    _kept.pop(number, None)


# The release function of all memory that is lent; its `user` is a number that `keep` gave.
let_go = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(forget)


def keep(owner: Any) -> int:
    """Keeps an object until let_go, or forget, is called with the number."""
    number = next(_numbers)
    _kept[number] = owner
    return number


def address(array: Array) -> int:
    """Where the first element is, also of a read-only array."""
    return int(array.__array_interface__["data"][0])


def wrap(context: Context, array: Array) -> Handle:
    """A native array over the memory of a NumPy array of one or two dimensions; other types become float64 first."""
    if array.dtype not in _CODES:
        array = array.astype(np.float64)
    shape = (ctypes.c_int64 * 2)(*array.shape)
    strides = (ctypes.c_int64 * 2)(*array.strides)
    number = keep(array)
    try:
        return context.make(lib.ba_array_release, lib.ba_array_wrap, context.pointer, _CODES[array.dtype], array.ndim,
                            shape, strides, address(array), let_go, number)
    except BaseException:
        forget(number)
        raise


class _Memory:
    """Memory of a native object in the shape that NumPy asks for; the view holds this, and this the owner."""

    def __init__(self, owner: Any, pointer: int, shape: Tuple[int, ...], kind: str, writable: bool) -> None:
        self.owner = owner
        self.__array_interface__ = {"version": 3, "data": (pointer, not writable), "shape": shape, "typestr": kind}


def view(owner: Any, pointer: "int | None", shape: "int | Tuple[int, ...]", kind: str,
         writable: bool = False) -> Array:
    """A NumPy array over native memory; `owner` lives as long as it."""
    sizes = (shape,) if isinstance(shape, int) else shape
    if not pointer or 0 in sizes:
        return np.empty(sizes, np.dtype(kind))
    return np.asarray(_Memory(owner, pointer, sizes, np.dtype(kind).str, writable))


def take(handle: Handle) -> Array:
    """A NumPy array over a native array that the caller gives up to it."""
    with handle as pointer:
        return _shown(handle, pointer, True)


def borrow(owner: Any, pointer: int) -> Array:
    """A read-only view of a native array that belongs to `owner`."""
    return _shown(owner, pointer, False)


def _shown(owner: Any, pointer: int, own: bool) -> Array:
    shape = tuple(lib.ba_array_shape(pointer, d) for d in range(lib.ba_array_ndim(pointer)))
    kind = _TYPES[lib.ba_array_dtype(pointer)]
    strides = tuple(lib.ba_array_stride(pointer, d) for d in range(len(shape)))
    writable = lib.ba_array_data_mut(pointer) if own else None
    packed = view(owner, writable or lib.ba_array_data(pointer), shape, kind, bool(writable))
    if packed.strides == strides or packed.size == 0:
        return packed
    return np.lib.stride_tricks.as_strided(packed, shape, strides, writeable=bool(writable))
