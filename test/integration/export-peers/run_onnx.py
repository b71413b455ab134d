"""Runs an ONNX model on rows of numbers, a JSON list of lists; prints its metadata's keys and its answers."""

import json
import sys

import numpy
import onnxruntime

session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
rows = numpy.asarray(json.load(sys.stdin), dtype=numpy.float64)
names = [output.name for output in session.get_outputs()]
answers = session.run(names, {session.get_inputs()[0].name: rows})
metadata = session.get_modelmeta().custom_metadata_map
print(json.dumps({"metadata": metadata, **{name: answer.tolist() for name, answer in zip(names, answers)}}))
