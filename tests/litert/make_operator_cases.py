"""Writes activations.json, rows.json, reductions.json and resizing.json: the cases of table-driven,
row-wise, pooling, reducing and resizing operators.

    python make_operator_cases.py                          the files kept in the repository
    python make_operator_cases.py --count 50 --seed 7 --output FOLDER
                                                           50 times as many, for a search by
                                                           INTEGRA_LITERT_CASES=FOLDER integra_tests
"""

import argparse
import pathlib

import litert_model as lm
import numpy as np

RANGES = {"uint8": (0, 255), "int8": (-128, 127), "int16": (-32768, 32767)}
PADDING = {"SAME": 0, "VALID": 1}
ACTIVATIONS = ["none", "relu", "relu_n1_to_1", "relu6"]  # numbered as in TFLite's schema


class Maker:
    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.cases = lm.CaseFile()

    def scale(self, low, high):
        """Spread evenly over magnitudes."""
        return float(np.float32(np.exp(self.random.uniform(np.log(low), np.log(high)))))

    def zero_point(self, dtype):
        if dtype == "int16":
            return 0
        low, high = RANGES[dtype]
        return int(self.random.choice([low, high, (low + high + 1) // 2,
                                       self.random.integers(low, high + 1)]))

    def values(self, dtype, shape):
        """Uniform, or bunched around a random value, with extremes in between."""
        low, high = RANGES[dtype]
        if self.random.random() < 0.5:
            v = self.random.integers(low, high + 1, shape)
        else:
            spread = self.random.uniform(0.01, 0.3) * (high - low)
            v = np.rint(self.random.normal(self.random.uniform(low, high), spread, shape))
        v = np.where(self.random.random(shape) < 0.02, low, v)
        v = np.where(self.random.random(shape) < 0.02, high, v)
        return np.clip(v, low, high).astype(dtype)

    def all_values(self, dtype):
        low, high = RANGES[dtype]
        if dtype != "int16":
            return np.arange(low, high + 1)
        return np.unique(np.concatenate([[low, low + 1, -1, 0, 1, high - 1, high],
                                         self.random.integers(low, high + 1, 400)]))

    def add(self, name, attributes, operator, inputs, outputs):
        # LiteRT 2.3 registers no reference kernel for ELU; its only one is among the others.
        kernels = lm.BUILTIN if name == "elu" else lm.REFERENCE
        self.cases.add(name, attributes, operator, inputs, outputs, version=1, kernels=kernels)

    def unary(self, name, attributes, operator, dtype, in_scale, out_scale, out_zero):
        x = self.all_values(dtype)
        self.add(name, attributes, operator,
                 [lm.Tensor(dtype, [len(x)], in_scale, self.zero_point(dtype), x)],
                 [lm.Tensor(dtype, [len(x)], out_scale, out_zero)])


def float32(x):
    return float(np.float32(x))


def activations(m):
    for dtype in ("uint8", "int8"):
        low = RANGES[dtype][0]
        m.unary("logistic", {}, lm.Operator("LOGISTIC"), dtype, m.scale(1e-3, 0.5), 1 / 256, low)
        m.unary("tanh", {}, lm.Operator("TANH"), dtype, m.scale(1e-3, 0.5), 1 / 128, low + 128)
        m.unary("tanh", {}, lm.Operator("TANH"), dtype, m.scale(1e-3, 0.5), m.scale(2e-3, 0.1),
                m.zero_point(dtype))
        for name in ("relu", "relu6", "relu_n1_to_1"):
            s = m.scale(1e-3, 0.3)
            m.unary(name, {}, lm.Operator(name.upper()), dtype, s, s * m.scale(0.3, 3),
                    m.zero_point(dtype))
        s = m.scale(1e-3, 0.3)
        alpha = float32(m.random.choice([0.01, 0.2, m.random.uniform(-1, 2)]))
        m.unary("leaky_relu", {"alpha": alpha},
                lm.Operator("LEAKY_RELU", "LeakyReluOptions", alpha=alpha), dtype, s,
                s * m.scale(0.3, 3), m.zero_point(dtype))
        s = m.scale(4e-3, 0.1)
        m.unary("hard_swish", {}, lm.Operator("HARD_SWISH", "HardSwishOptions"), dtype, s,
                s * m.scale(0.3, 3), m.zero_point(dtype))
        for approximate in (False, True):
            s = m.scale(2e-3, 0.2)
            m.unary("gelu", {"approximate": approximate},
                    lm.Operator("GELU", "GeluOptions", approximate=approximate), dtype, s,
                    s * m.scale(0.3, 2), m.zero_point(dtype))
    s = m.scale(2e-3, 0.2)
    m.unary("elu", {}, lm.Operator("ELU"), "int8", s, s * m.scale(0.3, 2), m.zero_point("int8"))
    m.unary("exp", {}, lm.Operator("EXP", "ExpOptions"), "int8", m.scale(2e-3, 0.05),
            m.scale(2e-3, 0.5), m.zero_point("int8"))
    # 16 bits
    for name, largest in (("logistic", 2.0**-12), ("tanh", 2.0**-11)):
        for s in (2.0**-12, largest, m.scale(1e-5, 1e-2)):
            m.unary(name, {}, lm.Operator(name.upper()), "int16", s, 2.0**-15, 0)
    for name in ("relu", "relu6"):
        s = m.scale(1e-5, 1e-3)
        m.unary(name, {}, lm.Operator(name.upper()), "int16", s, s * m.scale(0.3, 3), 0)
    s = m.scale(1e-5, 1e-3)
    alpha = float32(m.random.uniform(-1, 2))
    m.unary("leaky_relu", {"alpha": alpha},
            lm.Operator("LEAKY_RELU", "LeakyReluOptions", alpha=alpha), "int16", s,
            s * m.scale(0.3, 3), 0)
    m.unary("exp", {}, lm.Operator("EXP", "ExpOptions"), "int16", m.scale(1e-5, 2e-4),
            m.scale(1e-4, 1e-2), 0)


def rows(m):
    for dtype, out_scale in (("uint8", 1 / 256), ("int8", 1 / 256), ("int16", 2.0**-15)):
        for depth in (int(m.random.integers(1, 20)), int(m.random.integers(20, 400))):
            shape = [int(m.random.integers(1, 4)), depth]
            beta = float32(m.random.choice([1.0, m.random.uniform(0.2, 3)]))
            s = m.scale(1e-5, 1e-3) if dtype == "int16" else m.scale(2e-3, 1.5)
            zero = 0 if dtype == "int16" else RANGES[dtype][0]
            m.add("softmax", {"beta": beta}, lm.Operator("SOFTMAX", "SoftmaxOptions", beta=beta),
                  [lm.Tensor(dtype, shape, s, m.zero_point(dtype), m.values(dtype, shape))],
                  [lm.Tensor(dtype, shape, out_scale, zero)])
    for dtype in ("uint8", "int8"):
        high = RANGES[dtype][1]
        for depth in (int(m.random.integers(1, 20)), int(m.random.integers(20, 200))):
            shape = [int(m.random.integers(1, 3)), depth]
            m.add("log_softmax", {}, lm.Operator("LOG_SOFTMAX", "LogSoftmaxOptions"),
                  [lm.Tensor(dtype, shape, m.scale(4e-3, 0.5), m.zero_point(dtype),
                             m.values(dtype, shape))],
                  [lm.Tensor(dtype, shape, 16 / 256, high)])
            m.add("l2_normalization", {}, lm.Operator("L2_NORMALIZATION", "L2NormOptions"),
                  [lm.Tensor(dtype, shape, m.scale(4e-3, 0.5), m.zero_point(dtype),
                             m.values(dtype, shape))],
                  [lm.Tensor(dtype, shape, 1 / 128, high - 127)])


def explicit_padding(size, filter_size, stride, padding):
    """What TFLite's SAME or VALID comes to: before, after, outputs."""
    if padding == "VALID":
        return 0, 0, (size - filter_size) // stride + 1
    out = -(-size // stride)
    total = max((out - 1) * stride + filter_size - size, 0)
    return total // 2, total - total // 2, out


def pools(m):
    for dtype in RANGES:
        for name, builtin in (("average_pool_2d", "AVERAGE_POOL_2D"), ("max_pool_2d", "MAX_POOL_2D")):
            h, w, c = (int(v) for v in m.random.integers((3, 3, 1), (12, 12, 24)))
            fh, fw = int(m.random.integers(1, min(h, 6))), int(m.random.integers(1, min(w, 6)))
            sh, sw = int(m.random.integers(1, 4)), int(m.random.integers(1, 4))
            padding = str(m.random.choice(["SAME", "VALID"]))
            top, bottom, oh = explicit_padding(h, fh, sh, padding)
            left, right, ow = explicit_padding(w, fw, sw, padding)
            activation = int(m.random.choice([0, 0, 1, 2, 3]))
            s, z = m.scale(4e-3, 0.1), m.zero_point(dtype)
            m.add(name, {"filter": [fh, fw], "stride": [sh, sw],
                         "padding": [top, bottom, left, right],
                         "activation": ACTIVATIONS[activation]},
                  lm.Operator(builtin, "Pool2DOptions", padding=PADDING[padding], strideH=sh,
                              strideW=sw, filterHeight=fh, filterWidth=fw,
                              fusedActivationFunction=activation),
                  [lm.Tensor(dtype, [1, h, w, c], s, z, m.values(dtype, [1, h, w, c]))],
                  [lm.Tensor(dtype, [1, oh, ow, c], s, z)])


def reductions(m):
    pools(m)
    for dtype in RANGES:
        for name in ("mean", "sum", "reduce_max", "reduce_min"):
            if name == "sum" and dtype != "uint8":
                continue  # LiteRT 2.3's reference kernel takes int8 and int16 for uint8
            shape = [int(v) for v in m.random.integers(1, 7, m.random.integers(1, 5))]
            shape[-1] = int(m.random.integers(1, 30))
            axes = sorted(int(a) for a in m.random.choice(
                len(shape), m.random.integers(1, len(shape) + 1), replace=False))
            if len(shape) == 4 and m.random.random() < 0.4:
                axes = [1, 2]
            keep = bool(m.random.integers(2))
            out = [1 if d in axes else n for d, n in enumerate(shape) if keep or d not in axes]
            axes = [a - len(shape) if m.random.random() < 0.3 else a for a in axes]
            s, z = m.scale(4e-3, 0.1), m.zero_point(dtype)
            same = name.startswith("reduce")
            ratio = m.scale(0.3, 3) * (np.prod(shape) / max(1, np.prod(out))
                                       if name == "sum" else 1)
            m.add(name, {"axes": axes, "keep_dims": keep},
                  lm.Operator(name.upper(), "ReducerOptions", keepDims=keep),
                  [lm.Tensor(dtype, shape, s, z, m.values(dtype, shape)),
                   lm.Tensor("int32", [len(axes)], data=axes, parameter=True)],
                  [lm.Tensor(dtype, out, s if same else s * float(ratio),
                             z if same else m.zero_point(dtype))])


def resizing(m):
    for dtype in RANGES:
        for name, builtin in (("resize_bilinear", "RESIZE_BILINEAR"),
                              ("resize_nearest_neighbor", "RESIZE_NEAREST_NEIGHBOR")):
            for mode in range(3):
                h, w = (int(v) for v in m.random.integers(1, 9, 2))
                c = int(m.random.choice([1, 3, m.random.integers(1, 20)]))
                oh, ow = ((h * 2, w * 2), (2 * h - 1, 4 * w - 3),
                          tuple(int(v) for v in m.random.integers(1, 15, 2)))[m.random.integers(3)]
                flags = {"align_corners": mode == 1, "half_pixel_centers": mode == 2}
                options = "".join(p.capitalize() for p in builtin.split("_")) + "Options"
                s, z = m.scale(4e-3, 0.1), m.zero_point(dtype)
                m.add(name, {"size": [oh, ow], **flags},
                      lm.Operator(builtin, options, alignCorners=flags["align_corners"],
                                  halfPixelCenters=flags["half_pixel_centers"]),
                      [lm.Tensor(dtype, [1, h, w, c], s, z, m.values(dtype, [1, h, w, c])),
                       lm.Tensor("int32", [2], data=[oh, ow], parameter=True)],
                      [lm.Tensor(dtype, [1, oh, ow, c], s, z)])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    for function in (activations, rows, reductions, resizing):
        if args.only not in function.__name__:
            continue
        maker = Maker(args.seed)
        for _ in range(args.count):
            function(maker)
        maker.cases.write(args.output / f"{function.__name__}.json")


if __name__ == "__main__":
    main()
