"""Builds TFLite models of one operator, runs them on LiteRT's reference kernels, and keeps the
results as cases for Integra's tests.

Needs ai-edge-litert (2.3.0 made the case files kept here) and numpy. The case files themselves need
neither: `tests/litert_cases_test.cc` reads them.

A case file is JSON:

    {"litert": "2.3.0", "cases": [
      {"operator": "softmax",                  Integra's name
       "attributes": {"beta": 1.0},            Integra's attributes; derived ones are left out
       "inputs":  [{"dtype": "int8", "shape": [1, 10], "scale": 0.1, "zero_point": 3,
                    "data": [...], "constant": true}],     "constant" only where it is one
       "outputs": [{"dtype": "int8", "shape": [1, 10], "scale": 0.00390625, "zero_point": -128,
                    "data": [...]}]}]}

Several scales are a list, with "axis". A scale is written with the nine digits that give back the
same float32. "data" holds the elements in C order.

    import litert_model as lm
    cases = lm.CaseFile()
    cases.add("softmax", {"beta": 1.0}, lm.Operator("SOFTMAX", "SoftmaxOptions", beta=1.0),
              inputs=[lm.Tensor("int8", [1, 10], 0.1, 3, data=values)],
              outputs=[lm.Tensor("int8", [1, 10], 1 / 256, -128)])
    cases.write("softmax.json")
"""

import dataclasses
import json

import flatbuffers
import numpy as np
from ai_edge_litert import interpreter as litert
from ai_edge_litert import schema_py_generated as schema


@dataclasses.dataclass
class Tensor:
    dtype: str  # numpy's name
    shape: list
    scale: object = None  # None: not quantized; a number, or a list along `axis`
    zero_point: object = 0
    data: object = None
    constant: bool = False  # part of the model, not an input of the run
    axis: int = 0
    parameter: bool = False  # a constant of the TFLite operator that is an attribute in Integra

    def array(self):
        return np.asarray(self.data, dtype=self.dtype).reshape(self.shape)


class Operator:
    """A TFLite operator: Operator("POOL", "Pool2DOptions", strideW=2, ...)."""

    def __init__(self, builtin, options=None, **fields):
        self.builtin = getattr(schema.BuiltinOperator, builtin)
        self.options_type = 0
        self.options = None
        if options is not None:
            self.options_type = getattr(schema.BuiltinOptions, options)
            self.options = getattr(schema, options + "T")()
            for name, value in fields.items():
                if not hasattr(self.options, name):
                    raise AttributeError(f"{options} has no field {name}")
                setattr(self.options, name, value)


_TYPES = {"float32": "FLOAT32", "uint8": "UINT8", "int8": "INT8", "int16": "INT16",
          "int32": "INT32", "int64": "INT64", "bool": "BOOL"}


def _list(value, convert):
    return [convert(v) for v in (value if isinstance(value, (list, tuple, np.ndarray)) else [value])]


def build(operator, inputs, outputs, version=2):
    """The bytes of a .tflite file with one operator. An input that is None is an absent one.

    `version` only has to be one that LiteRT registers for the operator; 2 is int8 for most."""
    model = schema.ModelT()
    model.version = 3
    model.description = "one operator"
    model.buffers = [schema.BufferT()]  # buffer 0 is the empty one
    graph = schema.SubGraphT()
    graph.tensors, graph.inputs, graph.outputs = [], [], []

    def place(tensor, name):
        if tensor is None:
            return -1
        t = schema.TensorT()
        t.name = name
        t.shape = [int(d) for d in tensor.shape]
        t.type = getattr(schema.TensorType, _TYPES[tensor.dtype])
        t.buffer = 0
        if tensor.constant or tensor.parameter:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(tensor.array().tobytes(), dtype=np.uint8)
            t.buffer = len(model.buffers)
            model.buffers.append(buffer)
        if tensor.scale is not None:
            q = schema.QuantizationParametersT()
            q.scale = _list(tensor.scale, float)
            q.zeroPoint = _list(tensor.zero_point, int)
            if len(q.zeroPoint) == 1:
                q.zeroPoint = q.zeroPoint * len(q.scale)
            q.quantizedDimension = tensor.axis
            t.quantization = q
        graph.tensors.append(t)
        return len(graph.tensors) - 1

    node = schema.OperatorT()
    node.inputs = [place(t, f"input{i}") for i, t in enumerate(inputs)]
    node.outputs = [place(t, f"output{i}") for i, t in enumerate(outputs)]
    node.builtinOptionsType = operator.options_type
    node.builtinOptions = operator.options
    graph.operators = [node]
    graph.inputs = [i for i, t in zip(node.inputs, inputs)
                    if t is not None and not t.constant and not t.parameter]
    graph.outputs = list(node.outputs)
    code = schema.OperatorCodeT()
    code.deprecatedBuiltinCode = min(operator.builtin, 127)
    code.builtinCode = operator.builtin
    code.version = version
    model.operatorCodes = [code]
    model.subgraphs = [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


REFERENCE = litert.OpResolverType.BUILTIN_REF
# For the few operators that LiteRT does not register with its reference kernels.
BUILTIN = litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES


def run(model, arrays, kernels=REFERENCE):
    """Outputs of the model's reference kernels (one thread) for the given run-time inputs."""
    interpreter = litert.Interpreter(model_content=model, num_threads=1,
                                     experimental_op_resolver_type=kernels)
    interpreter.allocate_tensors()
    for detail, array in zip(interpreter.get_input_details(), arrays, strict=True):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    return [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]


def _number(value):
    return float(f"{np.float32(value):.9g}")


def _describe(tensor, array, with_constant):
    entry = {"dtype": tensor.dtype, "shape": [int(d) for d in array.shape]}
    if tensor.scale is not None:
        many = isinstance(tensor.scale, (list, tuple, np.ndarray))
        entry["scale"] = _list(tensor.scale, _number) if many else _number(tensor.scale)
        entry["zero_point"] = _list(tensor.zero_point, int) if many else int(tensor.zero_point)
        if many:
            entry["axis"] = tensor.axis
    if with_constant and tensor.constant:
        entry["constant"] = True
    entry["data"] = array.ravel().tolist()
    return entry


class CaseFile:
    """Cases of one file. `add` runs LiteRT and keeps what it gives."""

    def __init__(self):
        self.cases = []

    def add(self, name, attributes, operator, inputs, outputs, version=2, kernels=REFERENCE):
        given = [t.array() for t in inputs
                 if t is not None and not t.constant and not t.parameter]
        for candidate in (version, *range(1, 13)):
            try:
                results = run(build(operator, inputs, outputs, candidate), given, kernels)
                break
            except ValueError as error:
                if "Didn't find op" not in str(error) or candidate == 12:
                    raise
        self.cases.append({
            "operator": name,
            "attributes": attributes,
            "inputs": [None if t is None else _describe(t, t.array(), True)
                       for t in inputs if t is None or not t.parameter],
            "outputs": [_describe(t, r, False) for t, r in zip(outputs, results, strict=True)],
        })
        return results

    def write(self, path):
        """One case a line, so that a change of one case is a change of one line."""
        from importlib.metadata import version
        lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in self.cases)
        with open(path, "w", encoding="ascii") as file:
            file.write(f'{{"litert": "{version("ai-edge-litert")}", "cases": [\n{lines}\n]}}\n')
