"""Trains the digits network from scratch and writes everything in this folder but the quantized
network (see README.md). Needs numpy and, for the pictures, scikit-learn:

    python3 models/digits/train.py

One run takes about 20 seconds. The seed and the split are fixed; the last bits of the weights still
depend on the BLAS behind numpy, which is why the trained weights are kept in the repository.
"""

import pathlib
import sys

import numpy as np
from sklearn.datasets import load_digits

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from network_writer import Network

SEED = 20240607
TEST_COUNT = 500
CALIBRATION_COUNT = 200
EPOCHS = 200
BATCH = 32
LEARNING_RATE = 5e-3
WEIGHT_DECAY = 1e-2
METADATA = {
    "description": "handwritten digits, 8x8 pixels of 0..255",
    "recipe": "models/digits/train.py",
    "data": "E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, "
            "UCI Machine Learning Repository, CC BY 4.0",
    "license": "CC BY 4.0",
}
FOLDER = pathlib.Path(__file__).resolve().parent


# --- Layers: forward keeps what backward needs; backward returns the gradient of the input. ---


class Layer:
    parameters = ()

    def update_gradients(self, *gradients):
        self.gradients = gradients


def glorot(rng, shape, fan_in):
    return (rng.standard_normal(shape) * np.sqrt(2.0 / fan_in)).astype(np.float32)


class Conv(Layer):
    """k x k convolution, stride 1, same padding. Weights [out, k, k, in]."""

    def __init__(self, rng, k, channels_in, channels_out):
        self.k = k
        w = glorot(rng, (channels_out, k, k, channels_in), k * k * channels_in)
        self.parameters = [w, np.zeros(channels_out, np.float32)]

    def forward(self, x):
        p = self.k // 2
        padded = np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)))
        n, h, w, c = x.shape
        patches = np.stack(
            [padded[:, i : i + h, j : j + w] for i in range(self.k) for j in range(self.k)], axis=3
        )
        self.patches = patches.reshape(n * h * w, -1)
        weights, bias = self.parameters
        return (self.patches @ weights.reshape(len(weights), -1).T + bias).reshape(n, h, w, -1)

    def backward(self, grad):
        n, h, w, c_out = grad.shape
        weights, _ = self.parameters
        flat = grad.reshape(-1, c_out)
        self.update_gradients((flat.T @ self.patches).reshape(weights.shape), flat.sum(0))
        p = self.k // 2
        c_in = weights.shape[3]
        patches = (flat @ weights.reshape(c_out, -1)).reshape(n, h, w, self.k * self.k, c_in)
        padded = np.zeros((n, h + 2 * p, w + 2 * p, c_in), np.float32)
        for tap in range(self.k * self.k):
            i, j = divmod(tap, self.k)
            padded[:, i : i + h, j : j + w] += patches[:, :, :, tap]
        return padded[:, p : p + h, p : p + w]


class Depthwise(Layer):
    """3 x 3 depthwise convolution, pad 1 before and `after` behind. Weights [1, 3, 3, channels]."""

    def __init__(self, rng, channels, stride):
        self.stride = stride
        self.after = 1 if stride == 1 else 0
        w = glorot(rng, (1, 3, 3, channels), 9)
        self.parameters = [w, np.zeros(channels, np.float32)]

    def taps(self, padded, h, w):
        s = self.stride
        for i in range(3):
            for j in range(3):
                yield i, j, padded[:, i : i + s * h : s, j : j + s * w : s]

    def forward(self, x):
        self.padded = np.pad(x, ((0, 0), (1, self.after), (1, self.after), (0, 0)))
        weights, bias = self.parameters
        h, w = x.shape[1] // self.stride, x.shape[2] // self.stride
        return sum(part * weights[0, i, j] for i, j, part in self.taps(self.padded, h, w)) + bias

    def backward(self, grad):
        weights, _ = self.parameters
        h, w = grad.shape[1:3]
        dw = np.zeros_like(weights)
        padded = np.zeros_like(self.padded)
        for i, j, part in self.taps(self.padded, h, w):
            dw[0, i, j] = (part * grad).sum((0, 1, 2))
        for i, j, part in self.taps(padded, h, w):
            part += grad * weights[0, i, j]
        self.update_gradients(dw, grad.sum((0, 1, 2)))
        return padded[:, 1 : padded.shape[1] - self.after, 1 : padded.shape[2] - self.after]


class Dense(Layer):
    """Weights [out, in]."""

    def __init__(self, rng, size_in, size_out):
        self.parameters = [glorot(rng, (size_out, size_in), size_in), np.zeros(size_out, np.float32)]

    def forward(self, x):
        self.x = x
        return x @ self.parameters[0].T + self.parameters[1]

    def backward(self, grad):
        self.update_gradients(grad.T @ self.x, grad.sum(0))
        return grad @ self.parameters[0]


class Relu(Layer):
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, grad):
        return grad * self.mask


class Digits:
    """conv 3x3 -> depthwise /2 -> pointwise -> residual block -> mean of 2x2 -> dense."""

    def __init__(self, rng):
        self.conv1 = Conv(rng, 3, 1, 16)
        self.down = Depthwise(rng, 16, 2)
        self.expand = Conv(rng, 1, 16, 32)
        self.mix = Depthwise(rng, 32, 1)
        self.project = Conv(rng, 1, 32, 32)
        self.classify = Dense(rng, 128, 10)
        self.relus = [Relu() for _ in range(5)]
        self.named = dict(conv1=self.conv1, down=self.down, expand=self.expand, mix=self.mix,
                          project=self.project, classify=self.classify)

    def forward(self, x):
        """x: [n, 8, 8, 1], 0..1. Returns logits [n, 10]."""
        r = self.relus
        x = r[0].forward(self.conv1.forward(x))
        x = r[1].forward(self.down.forward(x))
        x = r[2].forward(self.expand.forward(x))
        y = self.project.forward(r[3].forward(self.mix.forward(x)))
        y = r[4].forward(x + y)
        y = y.reshape(-1, 2, 2, 2, 2, 32).mean((2, 4))
        return self.classify.forward(y.reshape(-1, 128))

    def backward(self, grad):
        r = self.relus
        grad = self.classify.backward(grad).reshape(-1, 2, 1, 2, 1, 32) / 4
        grad = np.broadcast_to(grad, (len(grad), 2, 2, 2, 2, 32)).reshape(-1, 4, 4, 32)
        grad = r[4].backward(grad)
        branch = self.mix.backward(r[3].backward(self.project.backward(grad)))
        grad = self.expand.backward(r[2].backward(grad + branch))
        self.conv1.backward(r[0].backward(self.down.backward(r[1].backward(grad))))


# --- Training ---


def augment(rng, x):
    """Moves each picture by -1, 0 or 1 pixels in each direction, mostly by 0."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    di, dj = rng.choice([0, 1, 1, 1, 2], (2, len(x)))
    return np.stack([p[i : i + 8, j : j + 8] for p, i, j in zip(padded, di, dj)])


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def train(network, images, labels, rng):
    layers = list(network.named.values())
    first = [[np.zeros_like(p) for p in layer.parameters] for layer in layers]
    second = [[np.zeros_like(p) for p in layer.parameters] for layer in layers]
    steps = EPOCHS * (len(images) // BATCH)
    step = 0
    for _ in range(EPOCHS):
        order = rng.permutation(len(images))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            grad = softmax(network.forward(augment(rng, images[chosen])))
            grad[np.arange(BATCH), labels[chosen]] -= 1
            network.backward(grad / BATCH)
            step += 1
            rate = LEARNING_RATE * 0.5 * (1 + np.cos(np.pi * step / steps))
            for layer, m, v in zip(layers, first, second):  # AdamW
                for k, g in enumerate(layer.gradients):
                    m[k] = 0.9 * m[k] + 0.1 * g
                    v[k] = 0.999 * v[k] + 0.001 * g * g
                    change = (m[k] / (1 - 0.9**step)) / (np.sqrt(v[k] / (1 - 0.999**step)) + 1e-8)
                    p = layer.parameters[k]
                    p -= (rate * (change + WEIGHT_DECAY * p)).astype(np.float32)


def accuracy(network, images, labels):
    return float((network.forward(images).argmax(1) == labels).mean())


# --- Writing (docs/NETWORK_FORMAT.md) ---


def write_network(folder, network):
    written = Network("digits", METADATA, "image", [1, 8, 8, 1])

    def node(name, kind, inputs, out_shape, **attributes):
        layer = network.named.get(name)
        return written.node(name, kind, inputs, out_shape, layer.parameters if layer else (),
                            **attributes)

    # The network takes pixels of 0..255; the training divided them by 255.
    scaled = network.conv1.parameters
    network.conv1.parameters = [scaled[0] / np.float32(255), scaled[1]]
    same = dict(stride=[1, 1], padding=[1, 1, 1, 1])
    x = written.input
    x = node("conv1", "conv_2d", [x], [1, 8, 8, 16], **same, activation="relu")
    x = node("down", "depthwise_conv_2d", [x], [1, 4, 4, 16], stride=[2, 2],
             padding=[1, 0, 1, 0], activation="relu")
    x = node("expand", "conv_2d", [x], [1, 4, 4, 32], activation="relu")
    y = node("mix", "depthwise_conv_2d", [x], [1, 4, 4, 32], **same, activation="relu")
    y = node("project", "conv_2d", [y], [1, 4, 4, 32])
    x = node("residual", "add", [x, y], [1, 4, 4, 32], activation="relu")
    x = node("pool", "average_pool_2d", [x], [1, 2, 2, 32], filter=[2, 2], stride=[2, 2])
    x = node("flatten", "reshape", [x], [1, 128], shape=[1, 128])
    x = node("classify", "fully_connected", [x], [1, 10])
    x = node("probabilities", "softmax", [x], [1, 10])
    network.conv1.parameters = scaled
    written.write(folder, x)


def main():
    digits = load_digits()
    pixels = np.floor(digits.images * (255 / 16) + 0.5).astype(np.uint8)[..., None]
    labels = digits.target
    rng = np.random.default_rng(SEED)
    order = rng.permutation(len(pixels))
    test, rest = order[:TEST_COUNT], order[TEST_COUNT:]
    network = Digits(rng)
    images = pixels.astype(np.float32) / 255
    train(network, images[rest], labels[rest], rng)
    print(f"accuracy: {accuracy(network, images[rest], labels[rest]):.4f} on the training part, "
          f"{accuracy(network, images[test], labels[test]):.4f} on the held-out part")

    (FOLDER / "float").mkdir(exist_ok=True)
    write_network(FOLDER / "float", network)
    np.save(FOLDER / "test_images.npy", pixels[test])
    np.save(FOLDER / "test_labels.npy", labels[test].astype(np.int32))
    np.save(FOLDER / "calibration.npy", pixels[rest[:CALIBRATION_COUNT]])


if __name__ == "__main__":
    main()
