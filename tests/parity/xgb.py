"""libxgboost's C API by ctypes, as much of it as the parity suites need: train, save, load, predict.

Nothing of mmectl is in here: what this module predicts is what mmectl's answers are compared with.
"""
import ctypes
import os
from array import array

os.environ["OMP_NUM_THREADS"] = "1"  # read when the library is loaded
_lib = ctypes.CDLL("libxgboost.so.0")
_lib.XGBGetLastError.restype = ctypes.c_char_p
_lib.XGBSetGlobalConfig(b'{"verbosity": 0}')
NAN = float("nan")


class Error(Exception):
    pass


def call(name, *arguments):
    if getattr(_lib, name)(*arguments) != 0:
        raise Error(_lib.XGBGetLastError().decode().split("\n")[0])


def floats(values):
    """Doubles to float32 as C casts them: what is too large is infinite."""
    return (ctypes.c_float * len(values))(*values)


class Matrix:
    def __init__(self, handle, rows):
        self.handle, self.rows = handle, rows

    @classmethod
    def dense(cls, rows):
        flat = floats([value for row in rows for value in row])
        handle = ctypes.c_void_p()
        call("XGDMatrixCreateFromMat", flat, ctypes.c_uint64(len(rows)), ctypes.c_uint64(len(rows[0])),
             ctypes.c_float(NAN), ctypes.byref(handle))
        return cls(handle, len(rows))

    @classmethod
    def sparse(cls, rows):
        """rows: of {column: value}; as wide as the highest column."""
        starts, columns, values = [0], [], []
        for row in rows:
            for column in sorted(row):
                columns.append(column)
                values.append(row[column])
            starts.append(len(columns))
        handle = ctypes.c_void_p()
        call("XGDMatrixCreateFromCSREx", (ctypes.c_size_t * len(starts))(*starts),
             (ctypes.c_uint * len(columns))(*columns), floats(values), ctypes.c_size_t(len(starts)),
             ctypes.c_size_t(len(columns)), ctypes.c_size_t(max(columns, default=-1) + 1), ctypes.byref(handle))
        return cls(handle, len(rows))

    def set(self, field, values):
        call("XGDMatrixSetFloatInfo", self.handle, field.encode(), floats(values), ctypes.c_uint64(len(values)))

    def set_groups(self, sizes):
        call("XGDMatrixSetUIntInfo", self.handle, b"group", (ctypes.c_uint * len(sizes))(*sizes),
             ctypes.c_uint64(len(sizes)))

    def __del__(self):
        _lib.XGDMatrixFree(self.handle)


class Booster:
    def __init__(self, matrices=(), bytes_=None):
        self.handle = ctypes.c_void_p()
        handles = (ctypes.c_void_p * max(len(matrices), 1))(*[m.handle for m in matrices])
        call("XGBoosterCreate", handles, ctypes.c_uint64(len(matrices)), ctypes.byref(self.handle))
        if bytes_ is not None:
            call("XGBoosterLoadModelFromBuffer", self.handle, bytes_, ctypes.c_uint64(len(bytes_)))
        self.set(nthread=1)

    def set(self, **parameters):
        for name, value in parameters.items():
            call("XGBoosterSetParam", self.handle, name.encode(), str(value).encode())

    def attribute(self, name, value):
        call("XGBoosterSetAttr", self.handle, name.encode(), str(value).encode())

    def update(self, round_, matrix):
        call("XGBoosterUpdateOneIter", self.handle, ctypes.c_int(round_), matrix.handle)

    def save(self, kind):
        """kind: deprecated (the binary one), ubj or json."""
        size, start = ctypes.c_uint64(), ctypes.c_void_p()
        call("XGBoosterSaveModelToBuffer", self.handle, ('{"format": "%s"}' % kind).encode(), ctypes.byref(size),
             ctypes.byref(start))
        return ctypes.string_at(start.value, size.value)

    def predict(self, matrix, trees=0):
        """Of the first `trees` trees of each class (0: all), as float32 widened to double; nested when a row gives several."""
        size, start = ctypes.c_uint64(), ctypes.POINTER(ctypes.c_float)()
        call("XGBoosterPredict", self.handle, matrix.handle, ctypes.c_int(0), ctypes.c_uint(trees), ctypes.c_int(0),
             ctypes.byref(size), ctypes.byref(start))
        values = array("f", ctypes.string_at(start, size.value * 4)).tolist()
        width = len(values) // matrix.rows
        return values if width == 1 else [values[i:i + width] for i in range(0, len(values), width)]

    def __del__(self):
        _lib.XGBoosterFree(self.handle)
