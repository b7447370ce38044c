"""The types of values: what NumPy calls them, how many bytes an item takes in memory, how large integers get."""

import numpy as np

F32, I32, BOOL, F64 = "f32", "i32", "bool", "f64"
NUMPY = {F32: np.float32, I32: np.int32, BOOL: np.bool_, F64: np.float64}
ITEM_BYTES = {F32: 4, I32: 4, BOOL: 1}  # no buffer holds float64
INT_MIN, INT_MAX = -(2**31), 2**31 - 1
