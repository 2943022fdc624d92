"""Pickles that no program should trust: by category, each with several members."""

from __future__ import annotations

import builtins
import copyreg
import io
import os
import pickle
import struct
import subprocess
from collections import OrderedDict
from typing import Any

import numpy as np
import torch
from pickle_writer import _Writer
from stand_ins import EasyDict, Options, Persistent, dump
from tf_writer import Network, _gs

import networks

MARKER = "executed"  # a file that appears in the current folder when something is executed


class Call:
    """Pickled as a call of any function with any arguments."""

    def __init__(self, function: Any, *args: Any, state: Any = None) -> None:
        self.function, self.args, self.state = function, args, state

    def __reduce__(self) -> tuple[Any, ...]:
        parts = (self.function, self.args)
        return parts if self.state is None else (*parts, self.state)


def touch() -> Call:
    return Call(os.system, f"touch {MARKER}")


def pickled(content: Any, protocol: int = 4, **more: Any) -> bytes:
    return dump(content, Options(protocol=protocol), more or None)


def snapshot(parameter: Any = None, **attributes: Any) -> dict[str, Any]:
    """A dictionary with a generator that has one parameter."""
    state = {"_parameters": {"weight": parameter}, "_modules": {}, "_buffers": {}, **attributes}
    return {"G_ema": Persistent("Generator", state)}


# --- storages and tensors


class _StoragePickler(pickle.Pickler):
    def persistent_id(self, value: Any) -> Any:
        return value.args if isinstance(value, _PersistentId) else None


class _PersistentId:
    def __init__(self, *args: Any) -> None:
        self.args = args


def blob(
    numbers: bytes = bytes(16),
    declared: Any = 4,
    count: int = 4,
    kind: Any = torch.FloatStorage,
    **parts: Any,
) -> bytes:
    """What `torch.storage._load_from_bytes` gets; `parts` replace its small pickles."""
    buffer = io.BytesIO()
    for part in (
        parts.get("magic", 0x1950A86A20F9469CFC6C),
        parts.get("version", 1001),
        parts.get("system", {"little_endian": True}),
    ):
        buffer.write(pickle.dumps(part, 2))
    _StoragePickler(buffer, 2).dump(
        parts.get("storage", _PersistentId("storage", kind, "0", "cpu", declared, None))
    )
    buffer.write(pickle.dumps(parts.get("keys", ["0"]), 2))
    return buffer.getvalue() + struct.pack("<q", count) + numbers


def tensor(
    shape: Any = (2, 2), stride: Any = (2, 1), offset: Any = 0, data: bytes | None = None
) -> Call:
    storage = Call(torch.storage._load_from_bytes, blob() if data is None else data)
    rebuild = torch._utils._rebuild_tensor_v2
    return Call(rebuild, storage, offset, shape, stride, False, OrderedDict())


def stored(**parts: Any) -> bytes:
    """A snapshot whose one tensor has an odd storage."""
    return pickled(snapshot(tensor(data=blob(**parts))))


def array(dtype: Any, shape: Any = (2,), raw: bytes = bytes(16), state: Any = None) -> bytes:
    """A snapshot with an array as attribute."""
    plain = Call(np.dtype, dtype, False, True, state=state)
    reconstruct = np._core.multiarray._reconstruct
    value = Call(reconstruct, np.ndarray, (0,), b"b", state=(1, shape, plain, False, raw))
    return pickled(snapshot(size=value))


# --- categories


def foreign_globals() -> dict[str, bytes]:
    parameter_with_state = torch._utils._rebuild_parameter_with_state
    return {
        "system at the top": pickled(touch()),
        "system at the top, protocol 0": pickle.dumps(touch(), 0),
        "system at the top, protocol 2": pickle.dumps(touch(), 2),
        "eval at the top": pickled(Call(builtins.eval, "1")),
        "Popen under G_ema": pickled({"G_ema": Call(subprocess.Popen, ["touch", MARKER])}),
        "exec under D": pickled({"D": Call(builtins.exec, "pass"), **snapshot()}),
        "in _init_kwargs": pickled(snapshot(_init_kwargs=EasyDict(x=touch()))),
        "in a record": pickled({**snapshot(), "training_set_kwargs": EasyDict(a=touch())}),
        "in the storage": stored(storage=touch()),
        "in the storage's system": stored(system=touch()),
        "in the storage's keys": stored(keys=[touch()]),
        "in the persistent id": stored(kind=touch()),
        "type of the storage": stored(kind=os.system),
        "parameter state": pickled(
            snapshot(Call(parameter_with_state, tensor(), False, OrderedDict(), touch()))
        ),
        "parameter data": pickled(
            snapshot(Call(parameter_with_state, touch(), False, OrderedDict(), {}))
        ),
        "getattr": pickled(snapshot(x=Call(getattr, "a", "upper"))),
        "torch.load": pickled(snapshot(x=Call(torch.load, "x"))),
        "numpy.load": pickled(snapshot(x=Call(np.load, "x"))),
        "reconstructor": pickled(snapshot(x=Call(copyreg._reconstructor, dict, dict, {}))),
        "dotted name": b"\x80\x04\x8c\x0bcollections\x8c\x15OrderedDict.__class__\x93.",
        "dotted name, text": b"ccollections\nOrderedDict.fromkeys\n.",
        "module by memo": b"\x80\x04\x8c\x05posix\x94h\x00\x8c\x06system\x93.",
        "INST": b"(S'touch executed'\nios\nsystem\n.",
        "OBJ": b"(cos\nsystem\nS'touch executed'\no.",
        "NEWOBJ": b"\x80\x02cbuiltins\nobject\n)\x81.",
        "NEWOBJ_EX": b"\x80\x04ccollections\nOrderedDict\n)}\x92.",
        "BUILD of a type": b"\x80\x02cdnnlib.util\nEasyDict\n}b.",
        "in TensorFlow": pickled(
            (1, 2, Network("Gs", [("a", touch())])), **{"dnnlib.tflib.network": Network}
        ),
        "codec": pickled(snapshot(x=Call(__import__("_codecs").encode, "a", "rot13"))),
    }


def odd_arrays() -> dict[str, bytes]:
    plain = (3, "<", None, None, None, -1, -1, 0)
    return {
        "objects": pickled(snapshot(size=np.array([{}, ()], dtype=object))),
        "structured": pickled(snapshot(size=np.zeros(2, [("a", "f4"), ("b", "O")]))),
        "structured, nested": pickled(snapshot(size=np.zeros(2, [("a", "f4", (2, 2))]))),
        "texts": pickled(snapshot(size=np.array(["a", "b"]))),
        "dates": pickled(snapshot(size=np.zeros(2, "M8[s]"))),
        "O8": array("O8"),
        "V8": array("V8"),
        "fields by state": array("f8", state=(3, "<", None, ("a",), {"a": 1}, 8, 1, 0)),
        "subdtype by state": array("f8", state=(3, "<", ("f4", (2,)), None, None, 8, 1, 0)),
        "byte order": array("f8", state=(3, "x", None, None, None, -1, -1, 0)),
        "too few bytes": array("f8", (3,), state=plain),
        "too many bytes": array("f8", (1,), state=plain),
        "negative shape": array("f8", (-2,), state=plain),
        "shape of 2^60": array("f8", (2**30, 2**30), state=plain),
        "shape with an overflow": array("f8", (2**32, 2**32, 2), state=plain),
        "rank 40": array("u1", (1,) * 40, bytes(1), state=plain),
        "scalar of objects": pickled(
            snapshot(x=Call(np._core.multiarray.scalar, np.dtype("O"), b"x"))
        ),
        "scalar too short": pickled(
            snapshot(x=Call(np._core.multiarray.scalar, np.dtype("f8"), b"x"))
        ),
    }


def odd_views() -> dict[str, bytes]:
    return {
        name: pickled(snapshot(value))
        for name, value in {
            "negative stride": tensor(stride=(-2, 1)),
            "negative offset": tensor(offset=-1),
            "offset beyond": tensor(offset=4),
            "offset of 2^60": tensor(offset=2**60),
            "last element beyond": tensor(stride=(3, 1)),
            "stride of 2^62": tensor(stride=(2**62, 2**62)),
            "expanded to 2^40": tensor(shape=(2**20, 2**20), stride=(0, 0)),
            "negative size": tensor(shape=(-2, 2)),
            "sizes that are no integers": tensor(shape=(2.0, True)),
            "ranks differ": tensor(shape=(2, 2), stride=(1,)),
            "rank 30": tensor(shape=(1,) * 30, stride=(1,) * 30),
            "no storage": Call(torch._utils._rebuild_tensor_v2, 1, 0, (1,), (1,), False, {}),
            "too few arguments": Call(torch._utils._rebuild_tensor_v2, 1),
        }.items()
    }


def huge_sizes() -> dict[str, bytes]:
    head = b"\x80\x04"
    huge = struct.pack("<Q", 2**60)
    return {
        "bytes of 2^60": head + b"\x8e" + huge + b"abc.",
        "text of 2^60": head + b"\x8d" + huge + b"abc.",
        "bytearray of 2^60": b"\x80\x05\x96" + huge + b"abc.",
        "bytes of 2^64 - 1": head + b"\x8e" + b"\xff" * 8 + b"abc.",
        "frame of 2^60": head + b"\x95" + huge + b"N.",
        "bytes of 2^32 - 1": head + b"B\xff\xff\xff\xffabc.",
        "string of -1": b"\x80\x02T\xff\xff\xff\xffabc.",
        "integer of 2^31 - 1 bytes": b"\x80\x02\x8b\xff\xff\xff\x7fabc.",
        "integer of -1 bytes": b"\x80\x02\x8b\xff\xff\xff\xffabc.",
        "integer of 4000 digits": b"I" + b"9" * 4000 + b"\n.",
        "memo index 2^32 - 2": b"\x80\x02Nr\xfe\xff\xff\xff.",
        "memo index in text": b"Np999999999999999999\n.",
        "memo index negative": b"Np-1\n.",
        "memo index never stored": b"\x80\x02j\xfe\xff\xff\xff.",
        "line without end": b"c" + b"a" * 100_000,
        "storage declares 2^60": stored(declared=2**60),
        "storage counts 2^60": stored(count=2**60),
        "storage declares and counts 2^60": stored(declared=2**60, count=2**60),
        "storage counts -1": stored(declared=-1, count=-1),
        "storage declares a text": stored(declared="4"),
        "storage without numbers": stored(numbers=b""),
        "storage with more numbers": stored(numbers=bytes(20)),
        "storage of another version": stored(version=1002),
        "storage without magic": stored(magic=1),
        "storage of big-endian numbers": stored(system={"little_endian": False}),
        "storage with two keys": stored(keys=["0", "1"]),
        "storage is a zip": pickled(snapshot(tensor(data=b"PK\x03\x04" + bytes(50)))),
        "storage is empty": pickled(snapshot(tensor(data=b""))),
    }


def odd_opcodes() -> dict[str, bytes]:
    return {
        "EXT1": b"\x80\x02\x82\x01.",
        "EXT2": b"\x80\x02\x83\x01\x00.",
        "EXT4": b"\x80\x02\x84\x01\x00\x00\x00.",
        "EXT1 in a storage": pickled(snapshot(tensor(data=b"\x80\x02\x82\x01."))),
        "persistent id": b"\x80\x02X\x01\x00\x00\x00aQ.",
        "persistent id, text": b"Pabc\n.",
        "next buffer": b"\x80\x05\x97.",
        "read-only buffer": b"\x80\x05N\x98.",
        "unknown opcode": b"\x80\x04\xff.",
        "protocol 6": b"\x80\x06N.",
        "nothing on the stack": b"\x80\x04.",
        "no mark": b"\x80\x04e.",
        "stop at a mark": b"\x80\x04(.",
        "pop of nothing": b"\x80\x040.",
        "list as a key": b"\x80\x04}]Ns.",
        "odd number of items": b"\x80\x04}(NNNu.",
        "append to a number": b"\x80\x04K\x01Na.",
        "items of a list": b"\x80\x04]NNs.",
        "add to a list": b"\x80\x04](N\x90.",
        "call of a text": b"\x80\x04\x8c\x01a)R.",
        "call without a tuple": b"\x80\x02ccollections\nOrderedDict\nNR.",
        "global by numbers": b"\x80\x04K\x01K\x02\x93.",
        "text that is no text": b"\x80\x04\x8c\x02\xff\xfe.",
        "text of protocol 0": b"\x80\x02V\\u0041\n.",
        "no stop": b"\x80\x04N",
    }


def deep() -> dict[str, bytes]:
    doubled = b"\x80\x04]\x94" + b"".join(
        b"]\x94(h" + bytes([i]) + b"h" + bytes([i]) + b"e" for i in range(200)
    )
    nested: Any = Persistent("SynthesisNetwork", {})
    for _ in range(12):
        nested = Persistent("SynthesisNetwork", {"_modules": {"a": nested, "b": nested}})
    return {
        "lists": b"\x80\x04" + b"]" * 200_000 + b"a" * 199_999 + b".",
        "tuples": b"\x80\x04)" + b"\x85" * 200_000 + b".",
        "dictionaries": b"\x80\x04" + b"}K\x00" * 100_000 + b"N" + b"s" * 100_000 + b".",
        "a list in itself": b"\x80\x04]\x94h\x00a.",
        "a dictionary in itself": b"\x80\x04}\x94\x8c\x05G_emah\x00s.",
        "lists of twice the same": doubled + b".",
        "modules of twice the same": pickled(snapshot(_modules={"synthesis": nested})),
        "marks": b"\x80\x04" + b"(" * 300_000 + b".",
        "million of instructions": b"\x80\x04" + b"N0" * 600_000 + b"N.",
    }


def _tower(height: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(height):
        value = [value, value]
    return value


def repeated() -> dict[str, bytes]:
    """Small files that ask for endless work or memory by using one value again and again."""
    text = b"\x8d" + struct.pack("<Q", 2**20) + b"a" * 2**20 + b"\x94"  # memo 0
    encode = b"c_codecs\nencode\n\x94"  # memo 1
    load = b"ctorch.storage\n_load_from_bytes\n\x94"
    data = b"\x8e" + struct.pack("<Q", 2**20) + b"N0" * 2**19 + b"\x94"
    pairs = b"](" + b"NN\x86" * 50_000 + b"e\x94"
    ordered = b"ccollections\nOrderedDict\n\x94"
    members = b"](" + b"K\x07" * 100_000 + b"e\x94"
    made = b"cbuiltins\nset\n\x94"
    return {
        "encoded texts": b"\x80\x04" + text + encode + b"h\x01h\x00\x85R" * 100_000 + b".",
        "storages": b"\x80\x04" + data + load + b"h\x01h\x00\x85R0" * 100_000 + b".",
        "dictionaries": b"\x80\x04" + pairs + ordered + b"h\x01h\x00\x85R" * 100_000 + b".",
        "sets": b"\x80\x04" + members + made + b"h\x01h\x00\x85R" * 100_000 + b".",
    }


def odd_generators(generator3: Any, generator2: Any) -> dict[str, bytes]:
    """Well-formed pickles whose generators do not fit together."""
    return {
        "no generator": pickled({"D": Persistent("Discriminator", {})}),
        "nothing": pickled({}),
        "a list": pickled([1, 2]),
        "a number": pickled(5),
        "a discriminator as G_ema": pickled({"G_ema": Persistent("Discriminator", {})}),
        "a key of control characters": pickled({"a\nb\x1b[31m": 1}),
        "no parts": pickled(snapshot()),
        "meta of another type": pickled({"G_ema": Persistent("Generator", [])}),  # type: ignore
        "rate that is no number": _changed(generator3, "synthesis.input", sampling_rate=np.nan),
        "towers to compare": _changed(
            generator3, "synthesis.input", sampling_rate=[_tower(60), _tower(60)]
        ),
        "rate of zero": _changed(generator3, "synthesis.input", sampling_rate=0.0),
        "size of 2^15": _changed(generator3, "synthesis.input", size=2**15),
        "size of 2^60": _changed(generator3, "synthesis.input", size=2**60),
        "layers of 2^15": _changed(generator3, "synthesis.{last}", out_size=2**15),
        "padding of 2^40": _changed(generator3, "synthesis.{last}", padding=[2**40] * 4),
        "factor of 2^16": _changed(generator3, "synthesis.{last}", up_factor=2**16),
        "factor of zero": _changed(generator3, "synthesis.{last}", down_factor=0),
        "clamp below zero": _changed(generator3, "synthesis.{last}", conv_clamp=-1.0),
        "layer twice": _changed(generator3, "synthesis", layer_names=["a", "a"]),
        "layer names": _changed(generator3, "synthesis", layer_names={"a": 1}),
        "layer that is not there": _changed(generator3, "synthesis", layer_names=["forward"]),
        "activation": _changed(generator2, "synthesis.b8.conv0", activation="tan\nh"),
        "factor of 3": _changed(generator2, "synthesis.b8.conv0", up=3),
        "const gone": _changed(generator2, "synthesis.b4", _parameters={}),
        "block gone": _changed(generator2, "synthesis", _modules={}),
        "block of a number": _changed(generator2, "synthesis", _modules={"b4": 7}),
        "tensor of a number": _changed(generator2, "synthesis.b4", _parameters={"const": 7}),
        "wrong shape": _changed(generator2, "mapping.fc0", _parameters={"weight": torch.ones(3)}),
        "fewer rows": _changed(generator2, "mapping", _buffers={"w_avg": torch.ones(3)}),
        "empty weights": _changed(
            generator2, "mapping.fc0", _parameters={"weight": torch.ones(0, 0)}
        ),
    }


def _changed(generator: Any, path: str, **attributes: Any) -> bytes:
    """A checkpoint of a generator in which one module's state is changed."""
    root = _Writer(Options()).generator(generator)
    if "{last}" in path:
        path = path.format(last=generator.synthesis.layer_names[-1])
    module = root
    for name in path.split("."):
        module = module.state["_modules"][name]
    module.state.update(attributes)
    return pickled({"G_ema": root})


def odd_tensorflow(generator: networks.StyleGAN2) -> dict[str, bytes]:
    def written(as_list: bool = False, **changes: Any) -> bytes:
        network = _gs(generator, False, {})
        network.state.update(changes)
        network.state = list(network.state) if as_list else network.state
        return pickled((None, None, network), **{"dnnlib.tflib.network": Network})

    kwargs = _gs(generator, False, {}).state["static_kwargs"]
    parts = _gs(generator, False, {}).state["components"]
    noise = [("noise99", np.zeros([1, 1, 4, 4], np.float32))]
    return {
        "version 3": written(version=3),
        "version of a text": written(version="5"),
        "no hyperparameters": written(static_kwargs=None),
        "unknown hyperparameter": written(static_kwargs={**kwargs, "evil\n": 1}),
        "architecture": written(static_kwargs={**kwargs, "architecture": "resnet"}),
        "kernel of nothing": written(static_kwargs={**kwargs, "resample_kernel": [0, 0]}),
        "kernel of texts": written(static_kwargs={**kwargs, "resample_kernel": ["a"]}),
        "clamp": written(static_kwargs={**kwargs, "conv_clamp": -5}),
        "num_fp16_res": written(static_kwargs={**kwargs, "num_fp16_res": 10**9}),
        "no components": written(components={}),
        "components of components": written(components={"mapping": _gs(generator, False, {})}),
        "a component of a number": written(components={"mapping": 1}),
        "unknown variable": written(variables=[("synthesis/evil", np.zeros(2, np.float32))]),
        "noise 99": written(components={**parts, "synthesis": Network("s", noise)}),
        "a variable of objects": written(variables=[("dlatent_avg", {})]),
        "w_avg of another shape": written(variables=[("dlatent_avg", np.zeros(3, np.float32))]),
        "variables of a number": written(variables=5),
        "state of a list": written(True),
    }
