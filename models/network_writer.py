"""Writes float networks as Integra reads them (docs/NETWORK_FORMAT.md), for the recipes in this
folder. Needs numpy."""

import json
import struct

import numpy as np


def write_safetensors(path, tensors):
    """Every tensor at a multiple of 64 bytes, with "__pad" tensors between them."""
    header = {"__metadata__": {"format": "integra"}}
    data = []
    size = 0
    for name, array in tensors.items():
        if gap := -size % 64:
            header[f"__pad.{len(header)}"] = dict(
                dtype="U8", shape=[gap], data_offsets=[size, size + gap])
            data.append(bytes(gap))
            size += gap
        raw = np.ascontiguousarray(array, "<f4").tobytes()
        header[name] = dict(
            dtype="F32", shape=list(array.shape), data_offsets=[size, size + len(raw)])
        data.append(raw)
        size += len(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % 64)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data))


class Network:
    """A float network with one input, built node by node."""

    def __init__(self, name, metadata, input_name, input_shape):
        self.name, self.metadata = name, metadata
        self.tensors, self.weights, self.nodes = {}, {}, []
        self.input = self._tensor(input_name, input_shape)

    def _tensor(self, name, shape, **more):
        self.tensors[name] = dict(dtype="float32", shape=list(shape), **more)
        return name

    def node(self, name, kind, inputs, shape, constants=(), /, **attributes):
        """Adds a node whose output has the node's name, and returns that. `constants`: weights and
        bias, in this order."""
        for suffix, values in zip(("weights", "bias"), constants):
            constant = f"{name}/{suffix}"
            self._tensor(constant, values.shape, weights=constant)
            self.weights[constant] = values
            inputs = inputs + [constant]
        self.nodes.append(dict(name=name, type=kind, inputs=inputs,
                               outputs=[self._tensor(name, shape)], attributes=attributes))
        return name

    def shape(self, tensor):
        return self.tensors[tensor]["shape"]

    def write(self, folder, output):
        def lines(items):
            return ",\n".join(f"    {item}" for item in items)

        folder.mkdir(parents=True, exist_ok=True)
        write_safetensors(folder / "weights.safetensors", self.weights)
        (folder / "network.json").write_text(f"""{{
  "format": "integra-network",
  "version": 1,
  "name": {json.dumps(self.name)},
  "metadata": {json.dumps(self.metadata)},
  "weights": "weights.safetensors",
  "inputs": {json.dumps([self.input])},
  "outputs": {json.dumps([output])},
  "tensors": {{
{lines(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in self.tensors.items())}
  }},
  "nodes": [
{lines(json.dumps(n) for n in self.nodes)}
  ]
}}
""")
