# SPDX-License-Identifier: MIT
"""The Arrow C data and stream interfaces through PyCapsules, both ways, so that no Arrow package is needed."""

import ctypes
from typing import Any, Dict, Iterator, Optional, Tuple

from ._errors import ArgumentError, Error


class Schema(ctypes.Structure):
    """struct ArrowSchema"""


class Array(ctypes.Structure):
    """struct ArrowArray"""


class Stream(ctypes.Structure):
    """struct ArrowArrayStream"""


_P: Any = ctypes.c_void_p
_I64: Any = ctypes.c_int64
_RELEASE = ctypes.CFUNCTYPE(None, _P)

Schema._fields_ = [("format", ctypes.c_char_p), ("name", ctypes.c_char_p), ("metadata", _P), ("flags", _I64),
                   ("n_children", _I64), ("children", ctypes.POINTER(ctypes.POINTER(Schema))),
                   ("dictionary", ctypes.POINTER(Schema)), ("release", _P), ("private_data", _P)]
Array._fields_ = [("length", _I64), ("null_count", _I64), ("offset", _I64), ("n_buffers", _I64), ("n_children", _I64),
                  ("buffers", ctypes.POINTER(_P)), ("children", ctypes.POINTER(ctypes.POINTER(Array))),
                  ("dictionary", ctypes.POINTER(Array)), ("release", _P), ("private_data", _P)]
Stream._fields_ = [("get_schema", _P), ("get_next", _P), ("get_last_error", _P), ("release", _P), ("private_data", _P)]

_GET = ctypes.CFUNCTYPE(ctypes.c_int, _P, _P)
_LAST_ERROR = ctypes.CFUNCTYPE(ctypes.c_char_p, _P)

_NAMES = {Schema: b"arrow_schema", Array: b"arrow_array", Stream: b"arrow_array_stream"}

_new = ctypes.pythonapi.PyCapsule_New
_new.restype, _new.argtypes = ctypes.py_object, [_P, ctypes.c_char_p, _P]
_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = _P, [ctypes.py_object, ctypes.c_char_p]
# The same for a capsule that is being destroyed, of which no new reference may be made.
_last_pointer = ctypes.PYFUNCTYPE(_P, _P, ctypes.c_char_p)(("PyCapsule_GetPointer", ctypes.pythonapi))

_exported: Dict[int, Any] = {}


def release(struct: Any) -> None:
    """Lets go of what a struct holds, unless somebody moved it away."""
    if struct.release:
        _RELEASE(struct.release)(ctypes.addressof(struct))


def _destructor(name: bytes) -> Any:
    def gone(capsule: int) -> None:
        struct = _exported.pop(_last_pointer(capsule, name), None)
        if struct is not None:
            release(struct)
    return _RELEASE(gone)


_destructors = {kind: _destructor(name) for kind, name in _NAMES.items()}


def capsule(struct: Any) -> Any:
    """A PyCapsule that owns a struct which was filled."""
    kind, where = type(struct), ctypes.addressof(struct)
    _exported[where] = struct
    return _new(where, _NAMES[kind], ctypes.cast(_destructors[kind], _P))


def _inside(kind: Any, of: Any) -> Any:
    """The struct in a capsule, which keeps it."""
    struct = kind.from_address(_pointer(of, _NAMES[kind]))
    if not struct.release:
        raise ArgumentError("the Arrow data were taken before")
    return struct


class Owned:
    """A schema and an array that are ours to let go of, or to give away."""

    def __init__(self, schema: Schema, array: Array) -> None:
        self.schema, self.array = schema, array

    def __del__(self) -> None:
        release(self.array)
        release(self.schema)


def _moved(struct: Any) -> Any:
    """A copy of a struct, whose content is the copy's from here on."""
    copy = type(struct).from_buffer_copy(struct)
    struct.release = None
    return copy


def _batches_of_stream(source: Any) -> Iterator[Owned]:
    held = source.__arrow_c_stream__()
    stream = _inside(Stream, held)
    where = ctypes.addressof(stream)

    def ask(call: int, kind: Any) -> Any:
        struct = kind()
        if _GET(call)(where, ctypes.addressof(struct)):
            said = _LAST_ERROR(stream.get_last_error)(where)
            raise Error((said or b"the Arrow stream failed").decode("utf-8", "replace"))
        return struct

    while True:
        array = ask(stream.get_next, Array)
        if not array.release:
            return
        yield Owned(ask(stream.get_schema, Schema), array)


def batches(source: Any) -> Iterator[Owned]:
    """The Arrow arrays of an object that has `__arrow_c_stream__` or `__arrow_c_array__`."""
    if hasattr(source, "__arrow_c_stream__"):
        yield from _batches_of_stream(source)
    else:
        schema, array = source.__arrow_c_array__()
        yield Owned(_moved(_inside(Schema, schema)), _moved(_inside(Array, array)))


def is_arrow(source: Any) -> bool:
    return hasattr(source, "__arrow_c_stream__") or hasattr(source, "__arrow_c_array__")


_lent: Dict[int, Any] = {}


def _releaser(kind: Any) -> Any:
    """The release function of structs that as_struct makes; `private_data` says what they keep."""
    def done(where: int) -> None:
        struct = kind.from_address(where)
        child, _ = _lent.pop(struct.private_data)
        struct.release = None
        release(child)
    return _RELEASE(done)


_releasers = {kind: _releaser(kind) for kind in (Schema, Array)}


def as_struct(column: Owned, name: bytes) -> Owned:
    """A struct of the one column, which is what a table is made from; the column goes with it."""
    made = []
    for moved, fields in ((_moved(column.schema), {"format": b"+s", "name": b""}),
                          (_moved(column.array), {"length": column.array.length, "n_buffers": 1})):
        kind = type(moved)
        struct, children, no_validity = kind(n_children=1, **fields), (ctypes.POINTER(kind) * 1)(), (_P * 1)(None)
        children[0] = ctypes.pointer(moved)
        struct.children = children
        if kind is Array:
            struct.buffers = no_validity
        else:
            moved.name = name
        struct.private_data = id(moved)
        struct.release = ctypes.cast(_releasers[kind], _P)
        _lent[id(moved)] = moved, (children, no_validity)
        made.append(struct)
    return Owned(*made)


def texts(column: Owned) -> Optional[Tuple[int, int, int, int]]:
    """Of a column of texts without nulls where its bytes are, where the first offset is, bytes an offset has, and rows;
    None for any other."""
    kind, array = column.schema.format, column.array
    if kind not in (b"u", b"U", b"z", b"Z") or column.schema.dictionary or array.null_count != 0:
        return None
    size = 8 if kind in (b"U", b"Z") else 4
    return array.buffers[2] or 0, (array.buffers[1] or 0) + size * array.offset, size, array.length
