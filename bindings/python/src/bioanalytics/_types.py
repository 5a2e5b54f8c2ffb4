# SPDX-License-Identifier: MIT
"""Names of types that signatures use."""

import os
from typing import Any, Union

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Path = Union[str, "os.PathLike[str]"]
