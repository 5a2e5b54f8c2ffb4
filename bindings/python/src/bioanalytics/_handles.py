# SPDX-License-Identifier: MIT
"""Contexts and the objects made from them: who may use them when, and when they go.

A native object is used by one thread at a time, under the lock of its context; `with handle as pointer` takes it. An
object that nobody refers to is destroyed by the garbage collector, in any order: the finalizer of an object keeps those
that it depends on. At the end of the process nothing is destroyed, since a daemon thread may be inside a call.
"""

import ctypes
import logging
import os
import threading
import weakref
from typing import Any, Callable, Dict, Optional, Sequence, Tuple, TypeVar

from ._errors import ArgumentError, ClosedError, of_status
from ._library import lib

T = TypeVar("T")
POLL_SECONDS = 0.02  # between looks at signals and progress while a long call runs

_logger = logging.getLogger("bioanalytics")
_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


def _write_log(_user: Optional[int], level: int, message: bytes) -> None:
    _logger.log(_LEVELS[min(max(level, 0), 2)], "%s", message.decode("ascii", "replace"))


_log = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int32, ctypes.c_char_p)(_write_log)


class Context:
    """A native context, its lock, and the file that its next errors are about."""

    def __init__(self, threads: int = 1, memory_limit: int = 0, file: Optional[str] = None) -> None:
        out = ctypes.c_void_p()
        status = lib.ba_context_create(None, ctypes.byref(out))
        if status:
            raise of_status(status, lib.ba_status_text(status).decode())
        self.pointer = out.value
        self.lock = threading.RLock()
        self.file = file
        weakref.finalize(self, lib.ba_context_destroy, self.pointer).atexit = False
        _contexts.add(self)
        lib.ba_context_set_log(self.pointer, _log, None)
        if threads != 1:
            self.check(lib.ba_context_set_threads(self.pointer, threads))
        if memory_limit:
            self.check(lib.ba_context_set_memory_limit(self.pointer, memory_limit))

    def check(self, status: int) -> int:
        """Raises the error of a call on this context; the caller has the lock since before that call."""
        if status >= 0:
            return status
        if status == -104:  # such a call leaves no message
            raise of_status(status, "another thread was using this object when the process forked; make a new one")
        record, byte = ctypes.c_int64(), ctypes.c_int64()
        lib.ba_context_error_position(self.pointer, ctypes.byref(record), ctypes.byref(byte))
        message = lib.ba_context_error_message(self.pointer).decode("ascii", "replace")
        raise of_status(status, message or lib.ba_status_text(status).decode(), self.file, record.value, byte.value)

    def make(self, destroy: Callable[[int], None], call: Callable[..., int], *arguments: Any,
             parents: Sequence["Handle"] = ()) -> "Handle":
        """The object that `call(*arguments, &out)` makes."""
        out = ctypes.c_void_p()
        with self.lock:
            self.check(call(*arguments, ctypes.byref(out)))
        assert out.value is not None
        return Handle(self, out.value, destroy, parents)

    def memory(self) -> Tuple[int, int]:
        """Bytes held now, and the most ever held."""
        now, most = ctypes.c_int64(), ctypes.c_int64()
        lib.ba_context_memory(self.pointer, ctypes.byref(now), ctypes.byref(most))
        return now.value, most.value

    def progress(self) -> Tuple[int, int]:
        """Work done and in all, 0 when unknown, of the running call."""
        done, total = ctypes.c_int64(), ctypes.c_int64()
        lib.ba_context_progress(self.pointer, ctypes.byref(done), ctypes.byref(total))
        return done.value, total.value

    def __reduce__(self) -> Any:
        raise TypeError("a native context cannot be pickled; pickle the model, or its bytes")


_contexts: "weakref.WeakSet[Context]" = weakref.WeakSet()


def _after_fork() -> None:
    """In the child only the thread that forked is left: locks of the others would never be given back."""
    for context in _contexts:
        context.lock = threading.RLock()


os.register_at_fork(after_in_child=_after_fork)


class Handle:
    """A native object. `with handle as pointer:` gives it to one thread; after `close` that raises ClosedError."""

    def __init__(self, context: Context, pointer: int, destroy: Callable[[int], None],
                 parents: Sequence["Handle"] = ()) -> None:
        self.context = context
        self._pointer: Optional[int] = pointer
        self._dependents: "weakref.WeakSet[Handle]" = weakref.WeakSet()
        self._finalizer = weakref.finalize(self, _destroy, destroy, pointer, (context, *parents))
        self._finalizer.atexit = False
        for parent in parents:
            parent._dependents.add(self)

    def __enter__(self) -> int:
        self.context.lock.acquire()
        if self._pointer is None:
            self.context.lock.release()
            raise ClosedError("the object is closed")
        return self._pointer

    def __exit__(self, *_: object) -> None:
        self.context.lock.release()

    @property
    def closed(self) -> bool:
        return self._pointer is None

    def close(self) -> None:
        """Destroys the object, and before it what depends on it. Twice is harmless; waits for a call to end."""
        with self.context.lock:
            for dependent in list(self._dependents):
                dependent.close()
            self._pointer = None
            self._finalizer()

    def give(self) -> None:
        """The native object belongs to somebody else now."""
        self._pointer = None
        self._finalizer.detach()

    def __reduce__(self) -> Any:
        raise TypeError("a native handle cannot be pickled; pickle the model, or its bytes")


def expect(given: object, kind: type) -> None:
    """Refuses what is no `kind`: native code would take the one object for the other."""
    if not isinstance(given, kind):
        raise TypeError(f"a {type(given).__name__}: expected a bioanalytics.{kind.__name__}")


def _destroy(destroy: Callable[[int], None], pointer: int, _kept: Tuple[object, ...]) -> None:
    destroy(pointer)


def text_of(call: Callable[..., int], context: Context, *arguments: Any) -> str:
    """The text of a call that ends in (buffer, capacity, length)."""
    return bytes_of(call, context, *arguments, terminated=True).decode("utf-8", "replace")


def bytes_of(call: Callable[..., int], context: Context, *arguments: Any, terminated: bool = False) -> bytes:
    """The bytes of a call that ends in (buffer, capacity, length), asked for their length first."""
    length = ctypes.c_int64()
    with context.lock:
        context.check(call(*arguments, None, 0, ctypes.byref(length)))
        buffer = ctypes.create_string_buffer(length.value + terminated)
        context.check(call(*arguments, buffer, len(buffer), ctypes.byref(length)))
    return buffer.raw[:length.value]


def interruptible(context: Context, function: Callable[[], T], poll: Optional[Callable[[], None]] = None) -> T:
    """Runs a long call so that Ctrl-C ends it: in a worker thread, while this one looks at signals and calls `poll`.

    Python runs signal handlers in the main thread alone, between its own instructions, so in any other thread the call
    runs as it is. The function itself takes the locks that it needs.
    """
    if threading.current_thread() is not threading.main_thread():
        return function()
    results: "list[T]" = []
    errors: "list[BaseException]" = []
    running = threading.Lock()

    def work() -> None:
        try:
            results.append(function())
        except BaseException as error:  # raised again in the thread that asked
            errors.append(error)
        finally:
            running.release()

    running.acquire()
    thread = threading.Thread(target=work, name="bioanalytics", daemon=True)
    thread.start()
    try:
        while not running.acquire(timeout=POLL_SECONDS):
            if poll:
                poll()
    except BaseException:
        lib.ba_context_cancel(context.pointer)
        thread.join()
        with context.lock:
            lib.ba_context_reset(context.pointer)
        raise
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def options_of(options: Dict[str, Any]) -> bytes:
    """Keyword arguments as option text; True and False are yes and no, None leaves one out, lists are joined by ':'."""
    words = []
    for key, value in options.items():
        if value is None:
            continue
        if isinstance(value, bool):
            value = "yes" if value else "no"
        elif isinstance(value, (list, tuple)):
            value = ":".join(str(part) for part in value)
        text = os.fspath(value) if isinstance(value, os.PathLike) else str(value)
        if "," in text or "\0" in text:
            raise ArgumentError(f"{key}={text!r}: an option cannot hold a comma or a NUL")
        words.append(f"{key}={text}")
    return ",".join(words).encode()
