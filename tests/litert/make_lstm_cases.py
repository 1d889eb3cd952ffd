"""Cases of unidirectional_sequence_lstm: writes lstm.json beside itself. See litert_model.py."""

import os

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

import litert_model as lm

random = np.random.default_rng(30)


def weights(shape):
    scale = float(np.float32(random.uniform(0.002, 0.02)))
    data = random.integers(-127, 128, size=shape)
    return lm.Tensor("int8", list(shape), scale, 0, data=data, constant=True)


def add(cases, batch, steps, inputs, cells, time_major, cell_exponent, cell_clip):
    shape = [steps, batch, inputs] if time_major else [batch, steps, inputs]
    x = lm.Tensor("int8", shape, float(np.float32(random.uniform(0.003, 0.05))),
                  int(random.integers(-128, 128)), data=random.integers(-128, 128, size=shape))
    out_scale, out_zero = float(np.float32(random.uniform(0.006, 0.0082))), int(random.integers(-9, 9))
    y = lm.Tensor("int8", shape[:2] + [cells], out_scale, out_zero)
    w = [weights([cells, inputs]) for _ in range(4)]
    r = [weights([cells, cells]) for _ in range(4)]
    bias = [lm.Tensor("int32", [cells], float(np.float32(t.scale * x.scale)), 0,
                      data=random.integers(-20000, 20000, size=cells), constant=True) for t in w]
    h = lm.Tensor("int8", [batch, cells], out_scale, out_zero, data=np.zeros(0), constant=False)
    c = lm.Tensor("int16", [batch, cells], 2.0 ** cell_exponent, 0)
    operator = lm.Operator("UNIDIRECTIONAL_SEQUENCE_LSTM", "UnidirectionalSequenceLSTMOptions",
                           fusedActivationFunction=4, cellClip=cell_clip, timeMajor=time_major)
    operands = [x] + w + r + [None] * 3 + bias + [None] * 2 + [h, c] + [None] * 4
    model = schema.ModelT.InitFromObj(
        schema.Model.GetRootAs(lm.build(operator, operands, [y], version=1), 0))
    graph = model.subgraphs[0]
    node = graph.operators[0]
    states = [node.inputs[18], node.inputs[19]]
    for state in states:  # LiteRT keeps them itself
        graph.tensors[state].isVariable = True
    graph.inputs = [node.inputs[0]]
    node.intermediates = []
    for i in range(5):  # only the last, the hidden state, says something without normalization
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type = f"intermediate{i}", [0], schema.TensorType.INT8
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale, tensor.quantization.zeroPoint = [out_scale], [out_zero]
        node.intermediates.append(len(graph.tensors))
        graph.tensors.append(tensor)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    result = lm.run(bytes(builder.Output()), [x.array()])[0]
    # pylint: disable=protected-access
    cases.cases.append({
        "operator": "unidirectional_sequence_lstm",
        "attributes": {"time_major": time_major, "cell_clip": cell_clip,
                       "cell_scale": 2.0 ** cell_exponent},
        "inputs": [lm._describe(t, t.array(), True) for t in [x] + w + r + bias],
        "outputs": [lm._describe(y, result, False)]})


def main():
    cases = lm.CaseFile()
    add(cases, 1, 6, 5, 4, False, -12, 0.0)
    add(cases, 3, 5, 7, 9, False, -11, 0.0)
    add(cases, 2, 4, 3, 17, True, -12, 1.5)
    add(cases, 1, 9, 11, 5, True, -9, 10.0)
    add(cases, 2, 3, 4, 6, False, -15, 0.0)
    cases.write(os.path.join(os.path.dirname(os.path.abspath(__file__)), "lstm.json"))


if __name__ == "__main__":
    main()
