# SPDX-License-Identifier: MIT
"""One exception class a status of the library; each is also what Python would call such a failure."""

from typing import Optional, Tuple, Type


class Error(Exception):
    """A call that failed.

    `code` is the status and `name` its name, such as "BA_ERR_FORMAT"; `message` says what, where and what would be
    accepted; `file` is the path that was read, if any, `record` the record or row from 1, and `byte` the byte from 0 of
    the decompressed input, each None where it is not known.
    """

    code: int = 0
    name: str = ""

    def __init__(self, message: str, file: Optional[str] = None, record: Optional[int] = None,
                 byte: Optional[int] = None) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.record = record
        self.byte = byte

    def __str__(self) -> str:
        told = not self.file or self.file in self.message
        return self.message if told else f"{self.file}: {self.message}"

    def __reduce__(self) -> Tuple[Type["Error"], Tuple[object, ...]]:
        return type(self), (self.message, self.file, self.record, self.byte)


class ClosedError(Error, ValueError):
    """The object was closed."""


class ArgumentError(Error, ValueError):
    code, name = -101, "BA_ERR_ARGUMENT"


class OutOfMemoryError(Error, MemoryError):
    code, name = -102, "BA_ERR_MEMORY"


class LimitError(Error, MemoryError):
    """The memory limit that was set would be passed."""

    code, name = -103, "BA_ERR_LIMIT"


class BusyError(Error, RuntimeError):
    """Another thread was using the object when the process forked."""

    code, name = -104, "BA_ERR_BUSY"


class CancelledError(Error, RuntimeError):
    code, name = -105, "BA_ERR_CANCELLED"


class FileError(Error, OSError):
    """The operating system refused to open, read, write or rename."""

    code, name = -106, "BA_ERR_IO"


class RecipeError(Error, ValueError):
    """A recipe or an option is wrong; the message gives the column."""

    code, name = -107, "BA_ERR_RECIPE"


class UnsupportedError(Error, NotImplementedError):
    """This build, processor, version or kind of model cannot do it."""

    code, name = -108, "BA_ERR_UNSUPPORTED"


class InternalError(Error, RuntimeError):
    """A bug in the library."""

    code, name = -109, "BA_ERR_INTERNAL"


class ShapeError(Error, ValueError):
    code, name = -201, "BA_ERR_SHAPE"


class TableError(Error, ValueError):
    """A table is malformed, or lacks a column."""

    code, name = -202, "BA_ERR_TABLE"


class FormatError(Error, ValueError):
    """The input is not what it claims to be."""

    code, name = -301, "BA_ERR_FORMAT"


class TruncatedError(FormatError):
    code, name = -302, "BA_ERR_TRUNCATED"


class CorruptError(FormatError):
    code, name = -303, "BA_ERR_CORRUPT"


class LetterError(Error, ValueError):
    """A letter that the options do not allow."""

    code, name = -304, "BA_ERR_LETTER"


class LengthError(Error, ValueError):
    """Sequences that are too short, or of unequal length where equal is needed."""

    code, name = -401, "BA_ERR_LENGTH"


class FitError(Error, ValueError):
    """The extractor was not fitted."""

    code, name = -402, "BA_ERR_FIT"


class QualityError(Error, ValueError):
    """A sequence without the qualities that a recipe weighs by."""

    code, name = -403, "BA_ERR_QUALITY"


class NumberError(Error, ValueError):
    """A number that is missing where it must not be, or is not finite."""

    code, name = -404, "BA_ERR_NUMBER"


class ModelError(Error, ValueError):
    """Not a model file, or a damaged one."""

    code, name = -501, "BA_ERR_MODEL"


class VersionError(Error, ValueError):
    """A file that was written by a newer library."""

    code, name = -502, "BA_ERR_VERSION"


class SelftestError(Error, RuntimeError):
    """This machine does not score the model's golden inputs to the bit."""

    code, name = -503, "BA_ERR_SELFTEST"


class LabelError(Error, ValueError):
    """A label, weight, group or split that cannot be used."""

    code, name = -601, "BA_ERR_LABEL"


class ClassesError(Error, ValueError):
    """Fewer than two classes, or not two where two are needed."""

    code, name = -602, "BA_ERR_CLASSES"


class DivergedError(Error, ArithmeticError):
    """The objective is not finite."""

    code, name = -603, "BA_ERR_DIVERGED"


def _by_code() -> "dict[int, Type[Error]]":
    found, left = {}, [Error]
    while left:
        for child in left.pop().__subclasses__():
            left.append(child)
            found[child.code] = child
    return found


_CLASSES = _by_code()


def of_status(status: int, message: str, file: Optional[str] = None, record: int = -1, byte: int = -1) -> Error:
    """The exception for a status; -1 stands for a place that is not known."""
    return _CLASSES.get(status, InternalError)(message, file, record if record >= 0 else None,
                                               byte if byte >= 0 else None)
