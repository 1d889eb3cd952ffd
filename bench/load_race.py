#!/usr/bin/env python3
"""How long it takes from a file to the end of the first inference, Integra against other engines.

Every measurement is a process of its own, and the engines take turns, so that what the machine does
meanwhile meets all alike. Starting up (the imports of Python modules) is counted neither
in the time nor in the peak memory.

  pip install numpy ai-edge-litert onnxruntime openvino
  load_race.py --integra 'integra' --folder NETWORK_FOLDER --tflite NET.tflite [--onnx NET.onnx]
"""
import argparse
import json
import statistics
import subprocess
import sys

PEERS = {
    "LiteRT": """
from ai_edge_litert.interpreter import Interpreter
import numpy as np
begin()
net = Interpreter(model_path=PATH, num_threads=1)
net.allocate_tensors()
for d in net.get_input_details():
    net.set_tensor(d["index"], np.zeros(d["shape"], d["dtype"]))
net.invoke()
end()
""",
    "ONNX Runtime": """
import numpy as np, onnxruntime as ort
ort.set_default_logger_severity(3)
begin()
options = ort.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
net = ort.InferenceSession(PATH, options, providers=["CPUExecutionProvider"])
net.run(None, {i.name: np.zeros(i.shape, np.float32) for i in net.get_inputs()})
end()
""",
    "OpenVINO": """
import numpy as np, openvino as ov
begin()
net = ov.Core().compile_model(PATH, "CPU", {"INFERENCE_NUM_THREADS": 1})
request = net.create_infer_request()
for i, port in enumerate(net.inputs):
    request.set_input_tensor(i, ov.Tensor(np.zeros(port.shape, np.float32)))
request.infer()
end()
""",
}

FRAME = """
import time
PATH = {path!r}
def peak():  # KiB
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
def begin():
    global start, before
    before, start = peak(), time.perf_counter()
def end(): print((time.perf_counter() - start) * 1e3, (peak() - before) / 1024)
"""


def peer(name, path):
    """Milliseconds and MiB of one process."""
    program = FRAME.format(path=path) + PEERS[name]
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{name} failed: {run.stderr[-500:]}")
    return tuple(map(float, run.stdout.split()[-2:]))


def integra(command, folder):
    words = [*command.split(), "bench", folder, "--json", "--min-time", "0", "--warm-up", "0"]
    run = subprocess.run(words, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"integra failed: {run.stderr[-500:]}")
    figures = json.loads(run.stdout)
    parts = [figures[part] / 1e3 for part in ("load_us", "plan_us", "first_run_us")]
    grown = figures["peak_resident_bytes"] - figures["peak_resident_before_loading_bytes"]
    return sum(parts), grown / 2**20, parts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--integra", default="integra", help="the program (default: integra)")
    parser.add_argument("--folder", required=True, help="the network, imported")
    parser.add_argument("--tflite", required=True, help="the same network for LiteRT")
    parser.add_argument("--onnx", help="the same network for ONNX Runtime and OpenVINO")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()

    engines = {"Integra": lambda: integra(arguments.integra, arguments.folder)[:2],
               "LiteRT": lambda: peer("LiteRT", arguments.tflite)}
    if arguments.onnx:
        for name in ("ONNX Runtime", "OpenVINO"):
            engines[name] = lambda name=name: peer(name, arguments.onnx)
    rows = [{name: measure() for name, measure in engines.items()} for _ in range(arguments.rounds)]

    for name in engines:
        times = [row[name][0] for row in rows]
        ratio = statistics.median(row[name][0] / row["Integra"][0] for row in rows)
        memory = min(row[name][1] for row in rows)
        print(f"{name:14s} best {min(times):8.1f} ms   median {statistics.median(times):8.1f} ms   "
              f"{ratio:6.2f}x Integra's   peak memory {memory:6.1f} MiB")
    parts = min((integra(arguments.integra, arguments.folder) for _ in range(5)))[2]
    print("Integra: read and check {:.1f} ms, plan and pack {:.1f} ms, first run {:.1f} ms".format(*parts))


if __name__ == "__main__":
    main()
