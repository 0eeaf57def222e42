"""Tensors of a PyTorch file of the format before 1.6, read as data: the pickle's opcodes are walked, no code that it names is looked up or called."""

import io
import pickletools
import struct
import sys

import numpy as np

STORAGES = {"FloatStorage": np.float32, "HalfStorage": np.float16, "LongStorage": np.int64}
MAGIC = 0x1950A86A20F9469CFC6C
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
LITERALS = {"BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "BINFLOAT"}


def read_tensors(data: bytes) -> dict[str, np.ndarray]:
    """Returns the tensors of a state dict by name. Ends the program for anything else than tensors of STORAGES in a dict."""
    stream = io.BytesIO(data)
    magic, _version, _machine, state, keys = (walk(stream) for _ in range(5))
    if magic != MAGIC:
        sys.exit("Expected a PyTorch file of the format before 1.6, got another magic number.")
    types = {storage[2]: STORAGES[storage[1][1]] for storage, *_ in state.values()}
    values = {}
    for key in keys:
        (count,) = struct.unpack("<q", stream.read(8))
        values[key] = np.frombuffer(stream.read(count * np.dtype(types[key]).itemsize), types[key])
    return {name: view(values[storage[2]], *place[:3]) for name, (storage, *place) in state.items()}


def view(values: np.ndarray, offset: int, shape: tuple, strides: tuple) -> np.ndarray:
    steps = [step * values.itemsize for step in strides]
    return np.lib.stride_tricks.as_strided(values[offset:], shape, steps).copy()


def walk(stream: io.BytesIO):
    """Returns the value that one pickle describes. A class is its (module, name); a call is allowed for two names alone, and neither is called."""
    stack: list = []
    memo: dict = {}
    marks: list[int] = []

    def since_mark() -> list:
        start = marks.pop()
        items = stack[start:]
        del stack[start:]
        return items

    for opcode, argument, _ in pickletools.genops(stream):
        name = opcode.name
        if name == "PROTO":
            continue
        if name == "STOP":
            return stack.pop()
        if name in LITERALS:
            stack.append(argument)
        elif name in CONSTANTS:
            stack.append(CONSTANTS[name])
        elif name == "GLOBAL":
            stack.append(tuple(argument.split(" ")))
        elif name in ("EMPTY_DICT", "EMPTY_LIST", "EMPTY_TUPLE"):
            stack.append({"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}[name]())
        elif name in ("BINPUT", "LONG_BINPUT"):
            memo[argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[argument])
        elif name == "MARK":
            marks.append(len(stack))
        elif name == "TUPLE":
            stack.append(tuple(since_mark()))
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            count = int(name[-1])
            stack[-count:] = [tuple(stack[-count:])]
        elif name == "SETITEM":
            value, key = stack.pop(), stack.pop()
            stack[-1][key] = value
        elif name == "SETITEMS":
            items = since_mark()
            stack[-1].update(zip(items[::2], items[1::2]))
        elif name == "APPENDS":
            items = since_mark()
            stack[-1].extend(items)
        elif name == "BUILD":
            stack.pop()  # attributes beside the entries, such as version numbers of modules
        elif name == "BINPERSID":
            pass  # a storage, described by a tuple: ('storage', class, key, device, count)
        elif name == "REDUCE":
            arguments, called = stack.pop(), stack.pop()
            stack.append(described(called, arguments))
        else:
            sys.exit(f"The .pth file holds the pickle opcode {name}, which a dict of tensors has no use for.")
    return None


def described(called: tuple, arguments: tuple):
    if called == ("collections", "OrderedDict"):
        return {}
    if called == ("torch._utils", "_rebuild_tensor_v2"):
        return arguments
    sys.exit(f"The .pth file asks to call {'.'.join(called)}; only dicts of tensors are read.")
