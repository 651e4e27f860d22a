"""Run by the Python of tools/requirements-clients.txt: checks an ONNX file and runs it. Reads a request from standard input, JSON:
{"model": path, "batches": [{input: {"dtype": "int64", "values": nested lists}}, …], "optimize": false, "check": false}. Prints the first output of each batch, and
the names and axes of all inputs and outputs."""

import json
import sys

import numpy
import onnx
import onnxruntime


def main():
    request = json.load(sys.stdin)
    if request.get("check", True):
        onnx.checker.check_model(request["model"], full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    if not request.get("optimize", True):
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(request["model"], options, providers=["CPUExecutionProvider"])
    head = onnx.load(request["model"], load_external_data=False)
    result = {"inputs": {i.name: i.shape for i in session.get_inputs()}, "outputs": {o.name: o.shape for o in session.get_outputs()},
              "operators": sorted({f"{node.domain}.{node.op_type}".lstrip(".") for node in head.graph.node}),
              "opset": head.opset_import[0].version, "ir": head.ir_version, "results": []}
    for batch in request["batches"]:
        feed = {name: numpy.array(value["values"], value["dtype"]) for name, value in batch.items()}
        result["results"].append(session.run(None, feed)[0].astype(numpy.float64).tolist())
    json.dump(result, sys.stdout)


main()
