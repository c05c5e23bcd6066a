#!/usr/bin/env python3
"""Makes test/golden/residualmodel/: a package as somebody else might make it, as unlike the tiny model as the format allows.

The score is ten times the distance of a voxel from the mean of its 5x5x5 surroundings: no training, no descriptor, one
channel without CLAHE, tiles that are no cubes, a graph without fixed sizes, other names, anisotropic spacing. Two
smaller tiles for devices with less memory, one by the same network, one by a file of its own.

  ct [1, 1, D, H, W] -> ct - mean -> |.| * 10 -> rarity [1, 1, D, H, W]

It is also the template for a package of your own (models/README.md): put your network in `build_network` and `expected_score`.

Run with Debian's python3-onnx 1.12 and NumPy:  /usr/bin/python3 test/golden/make_residualmodel.py
"""
import hashlib
import json
import pathlib
import shutil

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

PACKAGE = pathlib.Path(__file__).parent / "residualmodel"
PATCH = (20, 16, 12)  # [x, y, z]
SMALLER = [(12, 10, 8), (8, 8, 6)]
STRIDE = 2
RADIUS = 2
GAIN = 10.0


def build_network(sizes):
    shape = [1, 1, *sizes]
    edge = 2 * RADIUS + 1
    mean = numpy_helper.from_array(np.full((1, 1, edge, edge, edge), edge ** -3, np.float32), "mean_weight")
    gain = numpy_helper.from_array(np.float32(GAIN), "gain")
    nodes = [
        helper.make_node("Conv", ["ct", "mean_weight"], ["mean"], pads=[RADIUS] * 6),
        helper.make_node("Sub", ["ct", "mean"], ["residual"]),
        helper.make_node("Abs", ["residual"], ["distance"]),
        helper.make_node("Mul", ["distance", "gain"], ["rarity"]),
    ]
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "residual", [value("ct")], [value("rarity")], [mean, gain])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def expected_score(tile):
    """What the network computes, by NumPy alone: the answer must not come from the program that is being tested."""
    image = tile.astype(np.float64)
    padded = np.pad(image, RADIUS)
    d, h, w = image.shape
    total = np.zeros_like(image)
    for z in range(2 * RADIUS + 1):
        for y in range(2 * RADIUS + 1):
            for x in range(2 * RADIUS + 1):
                total += padded[z:z + d, y:y + h, x:x + w]
    return GAIN * np.abs(image - total / (2 * RADIUS + 1) ** 3)


def file_entry(path):
    return {"path": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def write_golden(patch, suffix):
    w, h, d = patch
    z, y, x = np.mgrid[:d, :h, :w]
    tile = np.where((z + 2 * y + 3 * x) % 11 < 6, 120, 60).astype(np.uint8)
    tile[d // 2, h // 2, w // 2] = 250
    files = [PACKAGE / f"golden_input{suffix}.u8", PACKAGE / f"golden_score{suffix}.f32"]
    files[0].write_bytes(tile.tobytes())
    score = expected_score(tile / 255)[::STRIDE, ::STRIDE, ::STRIDE]
    files[1].write_bytes(np.ascontiguousarray(score, dtype="<f4").tobytes())
    return {"input": file_entry(files[0]), "score": file_entry(files[1]), "stride": STRIDE, "tolerance": 0.01}


def main():
    shutil.rmtree(PACKAGE, ignore_errors=True)
    PACKAGE.mkdir()
    network, fixed = PACKAGE / "residual.onnx", PACKAGE / "residual_small.onnx"
    onnx.save(build_network(["D", "H", "W"]), str(network))
    onnx.save(build_network(SMALLER[1][::-1]), str(fixed))
    percentile = [0, 50, 90, 99, 99.9]
    manifest = {
        "schemaVersion": 1,
        "name": "residualmodel",
        "version": "2.1.0",
        "title": "Distance from the local mean",
        "licence": "MIT",
        "intendedUse": "Tests of the workstation only.",
        "provenance": "Not trained: it measures how far a voxel lies from the mean of its surroundings.",
        "limitations": ["Every edge lights up."],
        "trainingData": [],
        "preprocessing": {
            "bodyCrop": {"blockMm": 8, "thresholdHu": -500},
            "spacingMm": [4, 5, 6],
            "huPivots": {"hu": [-1000, 1000], "value": [0, 1]},
            "clahe": {"clipLimit": 0.01},
            "channels": ["hu"],
        },
        "network": {
            "file": file_entry(network),
            "input": "ct",
            "scoreOutput": "rarity",
            "patchSize": PATCH,
            "overlap": 0.25,
            "blendSigma": 0.25,
            "smallerTiles": [
                {"patchSize": SMALLER[0], "golden": write_golden(SMALLER[0], "_12")},
                {"patchSize": SMALLER[1], "golden": write_golden(SMALLER[1], "_8"), "file": file_entry(fixed)},
            ],
        },
        "calibration": {
            "percentile": percentile,
            "score": [0, 0.2, 0.6, 1.2, 2.4],
            "note": "Set by hand, for tests.",
        },
        "golden": write_golden(PATCH, ""),
    }
    (PACKAGE / "model.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
