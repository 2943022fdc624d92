"""Files that are no checkpoints of ours: broken safetensors, other formats, damaged goods."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
from pathlib import Path
from typing import Any

import torch
from PIL import Image

import networks
from networks.design_json import design_to_json


def header_and_data(data: bytes) -> tuple[dict[str, Any], bytes]:
    size = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + size]), data[8 + size :]


def assembled(header: Any, data: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def odd_safetensors(good: bytes) -> dict[str, bytes]:
    """Our own format with a broken outside."""
    header, data = header_and_data(good)
    names = [name for name in header if name != "__metadata__"]
    first, second = names[0], names[1]

    def entry(name: str, **changes: Any) -> bytes:
        return assembled({**header, name: {**header[name], **changes}}, data)

    def metadata(**changes: Any) -> bytes:
        return assembled({**header, "__metadata__": {**header["__metadata__"], **changes}}, data)

    text = good[8 : 8 + int.from_bytes(good[:8], "little")]
    return {
        "header length of 2^60": struct.pack("<Q", 2**60) + good[8:],
        "header length of 2^32": struct.pack("<Q", 2**32) + good[8:],
        "header longer than the file": struct.pack("<Q", len(good) * 2) + good[8:],
        "header a little long": struct.pack("<Q", len(text) + 9) + good[8:],
        "header a little short": struct.pack("<Q", len(text) - 9) + good[8:],
        "header of zero bytes": struct.pack("<Q", 0) + good[8:],
        "header of nested lists": assembled(b'{"a":' + b"[" * 200_000, data),
        "header of nested objects": assembled(b'{"a":' * 100_000, data),
        "header not UTF-8": assembled(b'{"\xff\xfe": 1}', data),
        "header a list": assembled(b"{[1]}", data),
        "no metadata": assembled({k: v for k, v in header.items() if k in names}, data),
        "metadata of a list": assembled({**header, "__metadata__": [1]}, data),
        "metadata of numbers": metadata(family=3),
        "metadata of objects": metadata(design={"a": 1}),
        "shape of 2^60": entry(first, shape=[2**60]),
        "shape with an overflow": entry(first, shape=[2**32, 2**32, 2**3]),
        "negative shape": entry(first, shape=[-1]),
        "unknown dtype": entry(first, dtype="OBJECT"),
        "offsets of 2^60": entry(first, data_offsets=[0, 2**60]),
        "offsets reversed": entry(first, data_offsets=header[first]["data_offsets"][::-1]),
        "offsets overlap": entry(second, data_offsets=header[first]["data_offsets"]),
        "a hole": assembled(header, data + bytes(8)),
        "data cut": good[:-5],
        "header only": good[: 8 + len(text)],
        "tensor gone": assembled({k: v for k, v in header.items() if k != first}, data),
        "tensor renamed": assembled(
            {"evil\n\x1b[31m" if k == first else k: v for k, v in header.items()}, data
        ),
        "another program's": metadata(format="pt"),
        "a later version": metadata(format_version="99\n"),
        "family unknown": metadata(family="stylegan\n9"),
        "family of the other": metadata(
            family="stylegan2" if header["__metadata__"]["family"] == "stylegan3" else "stylegan3"
        ),
        "design no JSON": metadata(design="{"),
        "design nested": metadata(design="[" * 100_000),
        "design of a digit flood": metadata(design="9" * 3_000_000),
        "design of 5 MB": metadata(design=" " * 5_000_000),
        "design of nothing": metadata(design="null"),
        "design empty": metadata(design="{}"),
        "design infinite": metadata(design='{"img_resolution": 1e999}'),
    }


def odd_designs(generator: networks.Generator, good: bytes) -> dict[str, bytes]:
    """Our own format with a description that asks for the absurd."""
    header, data = header_and_data(good)
    design = json.loads(design_to_json(generator.design))

    def changed(*path: Any, value: Any) -> bytes:
        copy = json.loads(json.dumps(design))
        place = copy
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        text = json.dumps(copy)
        return assembled(
            {**header, "__metadata__": {**header["__metadata__"], "design": text}}, data
        )

    files = {
        "resolution of 2^40": changed("img_resolution", value=2**40),
        "resolution of 2^400": changed("img_resolution", value=2**400),
        "resolution of a text": changed("img_resolution", value="64"),
        "resolution of true": changed("img_resolution", value=True),
        "a billion channels": changed("img_channels", value=10**9),
        "a fraction of channels": changed("img_channels", value=1.5),
        "a billion features": changed("mapping", "w_dim", value=10**9),
        "a billion rows": changed("mapping", "num_ws", value=10**9),
        "a billion latents": changed("mapping", "z_dim", value=2**31),
        "no mapping": changed("mapping", "layers", value=[]),
        "endless mapping": changed(
            "mapping", "layers", value=design["mapping"]["layers"][:1] * 100_000
        ),
        "a wide mapping": changed("mapping", "layers", 0, "out_features", value=2**31),
        "activation": changed("mapping", "layers", 0, "activation", value="__import__"),
        "an unknown key": changed("evil\n", value=1),
        "a missing part": changed("mapping", value=None),
    }
    parts = "layers" if generator.family == "stylegan3" else "blocks"
    files |= {
        "no parts": changed(parts, value=[]),
        "a million parts": changed(parts, value=design[parts][:1] * 100_000),
        "parts reversed": changed(parts, value=design[parts][::-1]),
        "part named forward": changed(parts, 1, "name", value="forward"),
        "part named with a dot": changed(parts, 1, "name", value="a.b"),
        "part without a name": changed(parts, 1, "name", value=""),
    }
    if generator.family == "stylegan3":
        for key in ("in_size", "out_size", "in_channels", "up", "down", "up_taps", "conv_kernel"):
            files[f"{key} of 2^30"] = changed("layers", 1, key, value=2**30)
            files[f"{key} of -1"] = changed("layers", 1, key, value=-1)
        files["input of 2^20"] = changed("input", "size", value=2**20)
        files["input channels"] = changed("input", "channels", value=2**30)
        files["padding"] = changed("layers", 1, "padding", value=[2**30, -(2**30), 0, 0])
        files["clamp"] = changed("layers", 1, "conv_clamp", value=-1.0)
    else:
        for key in ("in_channels", "out_channels", "kernel", "resolution", "up"):
            files[f"{key} of 2^30"] = changed("blocks", 1, "conv0", key, value=2**30)
            files[f"{key} of -1"] = changed("blocks", 1, "conv0", key, value=-1)
        files["filter of 2^30"] = changed("blocks", 1, "filter_shape", value=[2**30, 2**30])
        files["filter of nothing"] = changed("blocks", 1, "conv0", "filter_shape", value=[])
        files["block without conv0"] = changed("blocks", 1, "conv0", value=None)
    return files


def other_formats() -> dict[str, bytes]:
    png, jpeg, archive, weights = io.BytesIO(), io.BytesIO(), io.BytesIO(), io.BytesIO()
    Image.new("RGB", (8, 8)).save(png, "png")
    Image.new("RGB", (8, 8)).save(jpeg, "jpeg")
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.txt", "hello")
    torch.save({"weight": torch.ones(3)}, weights)
    legacy = io.BytesIO()
    torch.save({"weight": torch.ones(3)}, legacy, _use_new_zipfile_serialization=False)
    return {
        "empty": b"",
        "one byte": b"\x80",
        "a text": b"This is not a checkpoint.\n",
        "a text in Unicode": "Grüße — 你好\n".encode() * 50,
        "a JSON object": b'{"a": 1}',
        "a page": b"<!DOCTYPE html><html><body>404</body></html>",
        "zeros": bytes(4096),
        "noise": random.Random(0).randbytes(4096),
        "a PNG": png.getvalue(),
        "a JPEG": jpeg.getvalue(),
        "a zip": archive.getvalue(),
        "a gzip": b"\x1f\x8b\x08" + bytes(20),
        "weights of another program": weights.getvalue(),
        "old weights of another program": legacy.getvalue(),
        "a pointer of Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
    }


def damaged(good: bytes, rng: random.Random, count: int) -> list[bytes]:
    """Cut and flipped copies; half of the places are near the beginning."""
    files = []
    for i in range(count):
        place = rng.randrange(min(len(good), 6000) if i % 4 < 2 else len(good))
        if i % 2:
            files.append(good[:place])
            continue
        copy = bytearray(good)
        for _ in range(rng.choice((1, 1, 3))):
            copy[place] ^= 1 << rng.randrange(8)
            place = rng.randrange(len(good))
        files.append(bytes(copy))
    return files


def write_all(folder: Path, files: dict[str, bytes]) -> None:
    """One file per entry; the names become those of files."""
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / f"{name.replace('/', '-')}.pkl").write_bytes(data)
