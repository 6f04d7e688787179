"""Read a file of PyTorch's old format (before 1.6) without PyTorch, and without executing anything in it.

Such a file is five pickles (a magic number, the version, the machine's sizes, the tensors, the keys of the storages)
and then, for each key, the count of the numbers as int64 and the numbers. A pickle can name any function to be called,
so this reader admits exactly the four names that a dictionary of float32 and int64 tensors needs.
"""

import collections
import pickle
import struct
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from utils.paths import shown
from utils.problems import Problem

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001


class _Storage(NamedTuple):
    key: str
    dtype: str
    count: int


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


def _rebuild_tensor(storage: _Storage, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> _Tensor:
    return _Tensor(storage, offset, size, stride)


class _Unpickler(pickle.Unpickler):
    """Admits four names and refuses every other."""

    names = {  # noqa: RUF012
        ("collections", "OrderedDict"): collections.OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
        ("torch", "FloatStorage"): "<f4",
        ("torch", "LongStorage"): "<i8",
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.names:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is refused")
        return self.names[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        _, dtype, key, _, count, _ = pid
        if dtype not in ("<f4", "<i8"):
            raise pickle.UnpicklingError("it holds an unknown type of numbers")
        return _Storage(key, dtype, count)


def read(path: Path) -> dict[str, np.ndarray]:
    """Return the tensors of a file by name, as float32 or int64 arrays in C order; Problem for any other file."""
    try:
        with path.open("rb") as stream:
            return _read(stream)
    except OSError as error:
        raise Problem(f"{shown(path)}: {error.strerror or error}") from None
    except Exception as error:  # what a pickle raises that is none, or not this one, cannot be listed
        raise Problem(f"{shown(path)} is no file of PyTorch weights in the format before 1.6 ({error})") from None


def _read(stream: BinaryIO) -> dict[str, np.ndarray]:
    magic, version, machine = (_Unpickler(stream).load() for _ in range(3))
    if magic != MAGIC or version != VERSION or not machine["little_endian"]:
        raise ValueError("its header is another")
    tensors, keys = (_Unpickler(stream).load() for _ in range(2))
    types = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    storages = {key: _numbers(stream, types[key]) for key in keys}
    if stream.read(1):
        raise ValueError("it goes on behind its last number")
    return {name: _array(tensor, storages[tensor.storage.key]) for name, tensor in tensors.items()}


def _numbers(stream: BinaryIO, storage: _Storage) -> np.ndarray:
    (count,) = struct.unpack("<q", stream.read(8))
    if count != storage.count:
        raise ValueError(f"its storage {storage.key} has {count} numbers instead of {storage.count}")
    size = count * np.dtype(storage.dtype).itemsize
    content = stream.read(size)
    if len(content) != size:
        raise ValueError("it is cut off")
    return np.frombuffer(content, storage.dtype)


def _array(tensor: _Tensor, numbers: np.ndarray) -> np.ndarray:
    """Apply the strides, which are counted in numbers: the storage need not be in the order of the axes."""
    sizes, strides = np.array(tensor.size, int), np.array(tensor.stride, int)
    last = tensor.offset + int(((sizes - 1) * strides).sum())
    if min([tensor.offset, *sizes, *strides]) < 0 or last >= len(numbers):
        raise ValueError("a tensor reaches outside its storage")
    view = np.lib.stride_tricks.as_strided(
        numbers[tensor.offset :], tensor.size, strides * numbers.itemsize, writeable=False
    )
    return np.ascontiguousarray(view).reshape(tensor.size)
