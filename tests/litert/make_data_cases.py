"""Cases of element-wise, conversion, data movement and index operators: writes elementwise.json and
movement.json beside itself. See litert_model.py; with an argument, N times as many random cases go
to elementwise.json and movement.json of the folder in the second argument."""

import os
import sys

import numpy as np

import litert_model as lm

random = np.random.default_rng(20)
LIMITS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767),
          "int32": (-1000, 1000), "int64": (-1000, 1000)}


def values(dtype, shape):
    low, high = LIMITS[dtype]
    data = random.integers(low, high + 1, size=shape)
    extreme = random.integers(0, 8, size=shape)
    return np.where(extreme == 0, low, np.where(extreme == 1, high, data)).astype(dtype)


def scale():
    return float(np.float32(10.0 ** random.uniform(-3, 1)))


def zero_point(dtype):
    if dtype == "int16":
        return 0
    low, high = LIMITS[dtype]
    return int(random.choice([low, high, 0 if low < 0 else 128, random.integers(low, high + 1)]))


def quantized(dtype, shape, factor=None, constant=False):
    return lm.Tensor(dtype, list(shape), factor or scale(), zero_point(dtype),
                     data=values(dtype, shape), constant=constant)


def like(tensor, shape):
    return lm.Tensor(tensor.dtype, list(shape), tensor.scale, tensor.zero_point)


def parameter(data, dtype="int32"):
    data = np.asarray(data, dtype=dtype)
    return lm.Tensor(dtype, list(data.shape), data=data, parameter=True)


SHAPES = [([2, 3, 5], [2, 3, 5]), ([1, 7, 19], [1, 7, 19]), ([2, 3, 4, 5], [5]),
          ([1, 6, 1, 3], [1, 1, 4, 3]), ([70], [1]), ([3, 1], [1, 41]), ([1], [2, 2, 9])]
ACTIVATIONS = {"none": 0, "relu": 1, "relu_n1_to_1": 2, "relu6": 3}


def sums(cases, count):
    for name, builtin, options in (("add", "ADD", "AddOptions"), ("sub", "SUB", "SubOptions")):
        for i in range(count):
            dtype = ["int8", "uint8", "int16"][i % 3]
            a_shape, b_shape = SHAPES[int(random.integers(len(SHAPES)))]
            a = quantized(dtype, a_shape)
            b = quantized(dtype, b_shape, a.scale if i % 5 == 0 else None,
                          constant=bool(i % 4 == 1))
            if i % 2:
                a, b = b, a
            out_scale = max(a.scale, b.scale) * float(random.uniform(0.3, 2.5))
            y = lm.Tensor(dtype, list(np.broadcast_shapes(a_shape, b_shape)), out_scale,
                          zero_point(dtype))
            activation = str(random.choice(list(ACTIVATIONS)))
            cases.add(name, {"activation": activation, "pot_scale_int16": False},
                      lm.Operator(builtin, options, potScaleInt16=False,
                                  fusedActivationFunction=ACTIVATIONS[activation]), [a, b], [y],
                      version=5 if dtype == "int16" and name == "sub" else 2)
        for i in range(max(2, count // 8)):  # 16 bits, powers of two: one is shifted
            shift = int(random.integers(0, 6))
            a = quantized("int16", [3, 7], 2.0 ** -12)
            b = quantized("int16", [3, 7], 2.0 ** -(12 + shift))
            if i % 2:
                a, b = b, a
            y = lm.Tensor("int16", [3, 7], 2.0 ** -12, 0)
            cases.add(name, {"activation": "none", "pot_scale_int16": True},
                      lm.Operator(builtin, options, potScaleInt16=True), [a, b], [y])


def products(cases, count):
    for i in range(count):
        dtype = ["int8", "uint8", "int16"][i % 3]
        a_shape, b_shape = SHAPES[int(random.integers(len(SHAPES)))]
        a = quantized(dtype, a_shape)
        b = quantized(dtype, b_shape, constant=bool(i % 4 == 1))
        span = LIMITS[dtype][1] * a.scale * b.scale
        y = lm.Tensor(dtype, list(np.broadcast_shapes(a_shape, b_shape)),
                      float(span * random.uniform(0.1, 1.2)), zero_point(dtype))
        activation = str(random.choice(list(ACTIVATIONS)))
        cases.add("mul", {"activation": activation},
                  lm.Operator("MUL", "MulOptions", fusedActivationFunction=ACTIVATIONS[activation]),
                  [a, b], [y], version=4 if dtype == "int16" else 2)


def integers(cases, count):
    for i in range(count):
        dtype = ["int32", "int64"][i % 2]
        a_shape, b_shape = SHAPES[int(random.integers(len(SHAPES)))]
        shape = list(np.broadcast_shapes(a_shape, b_shape))
        for name, builtin, options in (("add", "ADD", "AddOptions"), ("sub", "SUB", "SubOptions"),
                                       ("mul", "MUL", "MulOptions"), ("floor_div", "FLOOR_DIV", None),
                                       ("maximum", "MAXIMUM", None), ("minimum", "MINIMUM", None)):
            if name == "floor_div" and dtype == "int64":
                continue
            a = lm.Tensor(dtype, a_shape, data=values(dtype, a_shape))
            b = lm.Tensor(dtype, b_shape, data=values(dtype, b_shape) if name != "floor_div" else
                          random.choice([-7, -2, -1, 1, 2, 3, 48], size=b_shape),
                          constant=bool(i % 3 == 0))
            attributes, fields = {}, {}
            if options:
                activation = str(random.choice(list(ACTIVATIONS)))
                attributes = {"activation": activation}
                fields = {"fusedActivationFunction": ACTIVATIONS[activation]}
            cases.add(name, attributes, lm.Operator(builtin, options, **fields), [a, b],
                      [lm.Tensor(dtype, shape)], version=1)


def extrema(cases, count):
    for i in range(count):
        dtype = ["int8", "uint8", "int16"][i % 3]
        a_shape, b_shape = SHAPES[int(random.integers(len(SHAPES)))]
        a = quantized(dtype, a_shape)
        b = lm.Tensor(dtype, b_shape, a.scale, a.zero_point, data=values(dtype, b_shape))
        y = like(a, np.broadcast_shapes(a_shape, b_shape))
        name = ["maximum", "minimum"][i // 3 % 2]
        cases.add(name, {}, lm.Operator(name.upper(), "MaximumMinimumOptions"), [a, b], [y],
                  version=4 if dtype == "int16" else 2)


def conversions(cases, count):
    pairs = [("int8", "int8"), ("int8", "uint8"), ("uint8", "int8"), ("uint8", "uint8"),
             ("int16", "int8"), ("int16", "int16")]
    for i in range(count):
        source, target = pairs[i % len(pairs)]
        shape = [256] if source != "int16" else [300]
        x = quantized(source, shape)
        if source != "int16":
            x.data = np.arange(LIMITS[source][0], LIMITS[source][1] + 1)
        y = lm.Tensor(target, shape, x.scale * float(10 ** random.uniform(-1.2, 1.2)) *
                      (256 if source == "int16" and target == "int8" else 1), zero_point(target))
        if i < 4:
            y.scale = x.scale
        if i in (1, 2):
            y.zero_point = x.zero_point + (128 if target == "uint8" else -128)
        cases.add("quantize", {}, lm.Operator("QUANTIZE", "QuantizeOptions"), [x], [y])
    kinds = ["int8", "uint8", "int16", "int32", "int64", "bool"]
    for source in kinds[:5]:
        for target in kinds:
            if source == target:
                continue
            x = lm.Tensor(source, [40], data=values(source, [40]))
            if target == "bool":
                x.data[::3] = 0
            cases.add("cast", {}, lm.Operator("CAST"), [x], [lm.Tensor(target, [40])], version=1)


def joining(cases, count):
    for i in range(count):
        dtype = ["uint8", "int8", "int16", "int32"][i % 4]
        shapes = [[2, int(random.integers(1, 5)), 3] for _ in range(1 + i % 3)]
        out_shape = [2, sum(s[1] for s in shapes), 3]
        if dtype == "int32":
            parts = [lm.Tensor(dtype, s, data=values(dtype, s), constant=bool(k == 1))
                     for k, s in enumerate(shapes)]
            y = lm.Tensor(dtype, out_shape)
        elif dtype == "uint8":
            parts = [quantized(dtype, s) for s in shapes]
            y = lm.Tensor(dtype, out_shape, float(parts[0].scale * random.uniform(0.2, 3)),
                          zero_point(dtype))
            if i % 8 == 0:
                y.scale, y.zero_point = parts[0].scale, parts[0].zero_point
        else:
            first = quantized(dtype, shapes[0])
            parts = [first] + [lm.Tensor(dtype, s, first.scale, first.zero_point,
                                         data=values(dtype, s), constant=bool(k == 1))
                               for k, s in enumerate(shapes[1:])]
            y = like(first, out_shape)
        axis = [1, -2][i % 2]
        cases.add("concatenation", {"axis": axis},
                  lm.Operator("CONCATENATION", "ConcatenationOptions", axis=axis), parts, [y],
                  version=1 if dtype in ("uint8", "int32") else 2)
    for low, high in ((0.03, 0.011), (0.2, 0.21), (1 / 3, 0.7)):  # all 256 values
        x = lm.Tensor("uint8", [1, 256], low, 77, data=np.arange(256))
        cases.add("concatenation", {"axis": 1},
                  lm.Operator("CONCATENATION", "ConcatenationOptions", axis=1), [x],
                  [lm.Tensor("uint8", [1, 256], high, 101)], version=1)

    x = quantized("int8", [2, 6, 4])
    for axis, parts in ((1, 3), (-1, 2), (0, 1)):
        shape = [2, 6, 4]
        shape[axis] //= parts
        cases.add("split", {"axis": axis}, lm.Operator("SPLIT", "SplitOptions", numSplits=parts),
                  [parameter(axis), x], [like(x, shape) for _ in range(parts)])
    for axis, sizes in ((1, [1, 3, 2]), (2, [1, -1])):
        outputs = []
        for size in sizes:
            shape = [2, 6, 4]
            shape[axis] = 3 if size == -1 else size
            outputs.append(like(x, shape))
        cases.add("split_v", {"axis": axis, "size_splits": sizes},
                  lm.Operator("SPLIT_V", "SplitVOptions", numSplits=len(sizes)),
                  [x, parameter(sizes), parameter(axis)], outputs)
    for dtype, axis in (("int8", 0), ("uint8", -1), ("int32", 1), ("int16", 2)):
        a = quantized(dtype, [2, 3]) if dtype != "int32" else lm.Tensor(
            dtype, [2, 3], data=values(dtype, [2, 3]))
        more = [lm.Tensor(dtype, [2, 3], a.scale, a.zero_point, data=values(dtype, [2, 3]),
                          constant=bool(k)) for k in range(2)]
        shape = list(np.stack([np.zeros([2, 3])] * 3, axis).shape)
        cases.add("pack", {"axis": axis},
                  lm.Operator("PACK", "PackOptions", axis=axis, valuesCount=3), [a] + more,
                  [like(a, shape)], version=3 if dtype == "int16" else 1 if dtype == "int32" else 2)
        b = lm.Tensor(dtype, [3, 2, 3], a.scale, a.zero_point, data=values(dtype, [3, 2, 3]))
        take = axis if axis >= 0 else axis + 3
        shape = [3, 2, 3]
        number = shape.pop(take)
        cases.add("unpack", {"axis": axis},
                  lm.Operator("UNPACK", "UnpackOptions", axis=axis, num=number), [b],
                  [like(b, shape) for _ in range(number)],
                  version=4 if dtype == "int16" else 1 if dtype == "int32" else 2)


def moving(cases):
    for dtype in ("int8", "uint8", "int16", "int32"):
        def make(shape):
            return quantized(dtype, shape) if dtype != "int32" else lm.Tensor(
                dtype, shape, data=values(dtype, shape))
        wide = dtype == "int16"
        x = make([2, 3, 4])
        pads = [[1, 0], [0, 2], [3, 1]]
        flat = [p for pair in pads for p in pair]
        cases.add("pad", {"paddings": flat}, lm.Operator("PAD", "PadOptions"),
                  [x, parameter(pads)], [like(x, [3, 5, 8])], version=3 if wide else 2)
        if dtype != "int16":
            value = lm.Tensor(dtype, [1], x.scale, x.zero_point, data=[7], constant=True)
            cases.add("padv2", {"paddings": flat}, lm.Operator("PADV2", "PadV2Options"),
                      [x, parameter(pads), value], [like(x, [3, 5, 8])])
        cases.add("slice", {"begin": [1, 0, 2], "size": [1, 2, -1]},
                  lm.Operator("SLICE", "SliceOptions"),
                  [x, parameter([1, 0, 2]), parameter([1, 2, -1])], [like(x, [1, 2, 2])],
                  version=4 if wide else 2)
        for perm in ([0, 1, 2], [2, 0, 1], [1, 0, 2], [2, 1, 0]):
            cases.add("transpose", {"perm": perm}, lm.Operator("TRANSPOSE", "TransposeOptions"),
                      [x, parameter(perm)], [like(x, [x.shape[p] for p in perm])],
                      version=4 if wide else 2)
        z = make([1, 3, 1, 2])
        for axes, shape in (([], [3, 2]), ([0], [3, 1, 2]), ([-2], [1, 3, 2])):
            cases.add("squeeze", {"axes": axes},
                      lm.Operator("SQUEEZE", "SqueezeOptions", squeezeDims=axes), [z],
                      [like(z, shape)], version=1)
        for axis, shape in ((0, [1, 2, 3, 4]), (-1, [2, 3, 4, 1]), (2, [2, 3, 1, 4])):
            cases.add("expand_dims", {"axis": axis},
                      lm.Operator("EXPAND_DIMS", "ExpandDimsOptions"), [x, parameter(axis)],
                      [like(x, shape)], version=1)
    x = quantized("int8", [2, 6, 5, 3])
    specs = [  # begin, end, strides, masks (begin, end, ellipsis, new axis, shrink), shape
        ([0, 1, 1, 0], [2, 5, 5, 3], [1, 2, 3, 1], (0, 0, 0, 0, 0), [2, 2, 2, 3]),
        ([0, -1, 0, 0], [2, -7, 5, 3], [1, -2, 2, 1], (0, 0, 0, 0, 0), [2, 3, 3, 3]),
        ([1, 2, 0, 1], [2, 0, 0, 2], [1, 1, 1, 1], (4, 6, 0, 0, 8), [1, 4, 5]),
        ([0, 1], [0, 2], [1, 1], (0, 0, 1, 0, 2), [2, 6, 5]),
        ([1, 0, 2], [2, 0, 3], [1, 1, 1], (0, 0, 0, 2, 1), [1, 1, 5, 3]),
        ([1], [2], [1], (0, 0, 0, 0, 1), [6, 5, 3]),
        ([-2, -100, 4], [100, 100, -100], [1, 4, -3], (0, 0, 0, 0, 0), [2, 2, 2, 3]),
    ]
    for begin, end, strides, masks, shape in specs:
        names = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
        fields = dict(zip(("beginMask", "endMask", "ellipsisMask", "newAxisMask", "shrinkAxisMask"),
                          masks))
        cases.add("strided_slice", {"begin": begin, "end": end, "strides": strides,
                                    **dict(zip(names, masks))},
                  lm.Operator("STRIDED_SLICE", "StridedSliceOptions", **fields),
                  [x, parameter(begin), parameter(end), parameter(strides)], [like(x, shape)])
    x = quantized("uint8", [2, 4, 6, 3])
    cases.add("space_to_depth", {"block_size": 2},
              lm.Operator("SPACE_TO_DEPTH", "SpaceToDepthOptions", blockSize=2), [x],
              [like(x, [2, 2, 3, 12])])
    x = quantized("int8", [2, 2, 3, 12])
    cases.add("depth_to_space", {"block_size": 2},
              lm.Operator("DEPTH_TO_SPACE", "DepthToSpaceOptions", blockSize=2), [x],
              [like(x, [2, 4, 6, 3])], version=1)
    for dtype, shape, block, pads in (("int8", [2, 4, 6, 3], [2, 3], [[0, 0], [0, 0]]),
                                      ("uint8", [1, 5, 4, 2], [3, 2], [[1, 3], [2, 0]]),
                                      ("int8", [1, 2, 3, 1], [4, 1], [[5, 1], [0, 2]]),
                                      ("int8", [2, 5, 2], [3], [[1, 0]])):
        x = quantized(dtype, shape)
        out = list(shape)
        for i, b in enumerate(block):
            out[0] *= b
            out[i + 1] = (shape[i + 1] + sum(pads[i])) // b
        cases.add("space_to_batch_nd", {"block_shape": block, "paddings": sum(pads, [])},
                  lm.Operator("SPACE_TO_BATCH_ND", "SpaceToBatchNDOptions"),
                  [x, parameter(block), parameter(pads)], [like(x, out)])
    for dtype, shape, block, crops in (("int8", [12, 2, 2, 3], [2, 3], [[0, 0], [0, 0]]),
                                       ("uint8", [6, 3, 3, 2], [3, 2], [[1, 3], [2, 1]]),
                                       ("int8", [6, 4, 2], [3], [[1, 5]])):
        x = quantized(dtype, shape)
        out = list(shape)
        for i, b in enumerate(block):
            out[0] //= b
            out[i + 1] = shape[i + 1] * b - sum(crops[i])
        cases.add("batch_to_space_nd", {"block_shape": block, "crops": sum(crops, [])},
                  lm.Operator("BATCH_TO_SPACE_ND", "BatchToSpaceNDOptions"),
                  [x, parameter(block), parameter(crops)], [like(x, out)])


def indexing(cases):
    for dtype, shape, index_shape, axis, batch_dims, out in (
            ("int8", [5, 3, 4], [2, 3], 0, 0, [2, 3, 3, 4]),
            ("uint8", [5, 3, 4], [6], -1, 0, [5, 3, 6]),
            ("int16", [2, 7, 3], [2, 4], 1, 1, [2, 4, 3]),
            ("int32", [4, 3], [], 0, 0, [3])):
        x = quantized(dtype, shape) if dtype != "int32" else lm.Tensor(
            dtype, shape, data=values(dtype, shape))
        for kind in ("int32", "int64"):
            indices = lm.Tensor(kind, index_shape,
                                data=random.integers(0, shape[axis], size=index_shape),
                                constant=index_shape == [])
            cases.add("gather", {"axis": axis, "batch_dims": batch_dims},
                      lm.Operator("GATHER", "GatherOptions", axis=axis, batchDims=batch_dims),
                      [x, indices], [like(x, out)], version=4 if dtype == "int16" else 2)
    for dtype, shape, index_shape, out in (("int8", [4, 5, 3], [7, 2], [7, 3]),
                                           ("uint8", [4, 5, 3], [2, 2, 3], [2, 2]),
                                           ("int32", [6, 2], [3, 1], [3, 2])):
        x = quantized(dtype, shape) if dtype != "int32" else lm.Tensor(
            dtype, shape, data=values(dtype, shape))
        for kind in ("int32", "int64"):
            data = np.stack([random.integers(0, shape[k], size=index_shape[:-1])
                             for k in range(index_shape[-1])], -1)
            cases.add("gather_nd", {}, lm.Operator("GATHER_ND", "GatherNdOptions"),
                      [x, lm.Tensor(kind, index_shape, data=data)], [like(x, out)], version=2)
    for name, options in (("arg_max", "ArgMaxOptions"), ("arg_min", "ArgMinOptions")):
        for dtype, axis, kind in (("int8", -1, "int32"), ("uint8", 1, "int64"),
                                  ("int32", 0, "int32"), ("uint8", 2, "int32")):
            shape = [3, 5, 9]
            x = quantized(dtype, shape) if dtype != "int32" else lm.Tensor(
                dtype, shape, data=values(dtype, shape) // 300)
            out = list(shape)
            out.pop(axis)
            code = lm.schema.TensorType.INT32 if kind == "int32" else lm.schema.TensorType.INT64
            cases.add(name, {"axis": axis}, lm.Operator(name.upper(), options, outputType=code),
                      [x, parameter(axis)], [lm.Tensor(kind, out)])


def main():
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    folder = sys.argv[2] if len(sys.argv) > 2 else os.path.dirname(os.path.abspath(__file__))
    cases = lm.CaseFile()
    sums(cases, 30 * times)
    products(cases, 18 * times)
    integers(cases, 6 * times)
    extrema(cases, 6 * times)
    conversions(cases, 24 * times)
    cases.write(os.path.join(folder, "elementwise.json"))
    cases = lm.CaseFile()
    joining(cases, 12 * times)
    moving(cases)
    indexing(cases)
    cases.write(os.path.join(folder, "movement.json"))


if __name__ == "__main__":
    main()
