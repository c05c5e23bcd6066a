#!/usr/bin/env python3
"""Makes test/golden/tinymodel/ (a complete model package) and test/golden/tinymodel-broken/ (networks for its place).

The network is hand-set, not trained: what is denser than soft tissue, or darker than its surroundings, scores high.
It is as small as a network of the package format can be, so that every test of the engine runs without a real model.

  image [1, 2, 32, 32, 32] (clahe, hu) -> conv 3x3x3, 2 -> 4 channels, ReLU = descriptor -> conv 1x1x1 -> score

The broken networks have the same input and outputs:
  nan        score is NaN everywhere            zero       score is 0 everywhere
  constant   score is 1.5 everywhere            deviating  score is 10 % too high
  unsteady   the right score on the golden tile, NaN on tiles that are brighter on average
  slow       the right score, after seconds of arithmetic that cannot be interrupted from outside

Run with Debian's python3-torch 1.13 and python3-onnx 1.12:  /usr/bin/python3 test/golden/make_tinymodel.py
"""
import hashlib
import json
import pathlib
import shutil

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent
PACKAGE = HERE / "tinymodel"
BROKEN = HERE / "tinymodel-broken"
EDGE = 32
STRIDE = 4


class TinyNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.features = torch.nn.Conv3d(2, 4, 3, padding=1)
        self.head = torch.nn.Conv3d(4, 1, 1)
        weight = torch.zeros(4, 2, 3, 3, 3)
        mean = torch.full((3, 3, 3), 1 / 27)
        centre = torch.zeros(3, 3, 3)
        centre[1, 1, 1] = 1
        weight[0, 1] = mean  # local mean of the mapped HU
        weight[1, 1] = 4 * mean  # what is denser than soft tissue
        weight[2, 0] = 2 * (mean - centre)  # what is darker than its surroundings, after CLAHE
        weight[3, 0] = mean  # local mean after CLAHE
        with torch.no_grad():
            self.features.weight.copy_(weight)
            self.features.bias.copy_(torch.tensor([0.0, -2.0, 0.0, 0.0]))
            self.head.weight.copy_(torch.tensor([0.5, 6.0, 1.0, 0.25]).reshape(1, 4, 1, 1, 1))
            self.head.bias.fill_(-1.0)

    def forward(self, image):
        descriptor = torch.relu(self.features(image))
        return self.head(descriptor), descriptor


def golden_tile():
    """A soft-tissue ball with a dense nodule in air, plus noise; uint8 [2, 32, 32, 32], byte / 255 is the input."""
    z, y, x = np.mgrid[:EDGE, :EDGE, :EDGE].astype(np.float64)
    radius = lambda cz, cy, cx: np.sqrt((z - cz) ** 2 + (y - cy) ** 2 + (x - cx) ** 2)
    hu = np.where(radius(16, 15, 14) < 12, 0.5, 0.05)
    hu[radius(13, 18, 17) < 4] = 0.8
    noise = np.random.default_rng(20250211).normal(0, 0.02, hu.shape)
    hu = np.clip(hu + noise, 0, 1)
    clahe = np.clip(hu ** 0.7, 0, 1)
    return np.round(np.stack([clahe, hu]) * 255).astype(np.uint8)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def file_entry(path):
    return {"path": path.name, "sha256": sha256(path)}


def save_broken(model, name, extra_nodes, initializers):
    """The tiny graph with its score renamed `sound` and `extra_nodes` that make `score` from it."""
    broken = onnx.ModelProto()
    broken.CopyFrom(model)
    for node in broken.graph.node:
        for outputs in (node.output, node.input):
            for index, value in enumerate(outputs):
                if value == "score":
                    outputs[index] = "sound"
    broken.graph.node.extend(extra_nodes)
    broken.graph.initializer.extend(initializers)
    onnx.checker.check_model(broken)
    onnx.save(broken, str(BROKEN / f"{name}.onnx"))


def constant(name, value):
    return numpy_helper.from_array(np.asarray(value, np.float32), name)


def slow_nodes(repeats=45, channels=32):
    """A chain of wide convolutions whose result is multiplied by 0 and added to the score.

    The weights come from ConstantOfShape, so that the file stays small.
    """
    value = helper.make_tensor("weight_value", TensorProto.FLOAT, [1], [1e-3])
    shape = lambda name, dims: numpy_helper.from_array(np.asarray(dims, np.int64), name)
    nodes = [
        helper.make_node("ConstantOfShape", ["first_shape"], ["first_weight"], value=value),
        helper.make_node("ConstantOfShape", ["wide_shape"], ["wide_weight"], value=value),
        helper.make_node("Conv", ["image", "first_weight"], ["wide0"], pads=[1] * 6),
    ]
    for i in range(repeats):
        nodes.append(helper.make_node("Conv", [f"wide{i}", "wide_weight"], [f"wide{i + 1}"], pads=[1] * 6))
    nodes += [
        helper.make_node("ReduceMean", [f"wide{repeats}"], ["average"], keepdims=1),
        helper.make_node("Mul", ["average", "nought"], ["nothing"]),
        helper.make_node("Add", ["sound", "nothing"], ["score"]),
    ]
    initializers = [
        shape("first_shape", [channels, 2, 3, 3, 3]),
        shape("wide_shape", [channels, channels, 3, 3, 3]),
        constant("nought", 0.0),
    ]
    return nodes, initializers


def unsteady_nodes(limit):
    """score · k / k with k = max(0, limit − mean of the input): 0 / 0 where the mean is above the limit."""
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["average"], keepdims=1),
        helper.make_node("Sub", ["limit", "average"], ["margin"]),
        helper.make_node("Relu", ["margin"], ["k"]),
        helper.make_node("Mul", ["sound", "k"], ["scaled"]),
        helper.make_node("Div", ["scaled", "k"], ["score"]),
    ]
    return nodes, [constant("limit", limit)]


def main():
    for folder in (PACKAGE, BROKEN):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    net = TinyNet().eval()
    network = PACKAGE / "network.onnx"
    torch.onnx.export(
        net, torch.zeros(1, 2, EDGE, EDGE, EDGE), str(network), opset_version=17,
        input_names=["image"], output_names=["score", "descriptor"],
    )

    tile = golden_tile()
    (PACKAGE / "golden_input.u8").write_bytes(tile.tobytes())
    with torch.no_grad():
        score = net(torch.from_numpy(tile.astype(np.float32) / 255)[None])[0][0, 0].numpy()
    strided = np.ascontiguousarray(score[::STRIDE, ::STRIDE, ::STRIDE], dtype="<f4")
    (PACKAGE / "golden_score.f32").write_bytes(strided.tobytes())

    percentile = [0, 1, 5, 25, 50, 75, 90, 95, 99, 99.9, 99.99]
    manifest = {
        "schemaVersion": 1,
        "name": "tinymodel",
        "version": "1.0.0",
        "title": "Hand-set network for tests",
        "licence": "MIT",
        "intendedUse": "Tests of the workstation only. It knows nothing of anatomy.",
        "provenance": "Not trained: weights set by hand so that dense and locally dark voxels score high.",
        "limitations": ["Bone always lights up."],
        "trainingData": [],
        "preprocessing": {
            "bodyCrop": {"blockMm": 5, "thresholdHu": -500},
            "spacingMm": [4, 4, 4],
            "huPivots": {"hu": [-1000, -200, 200, 1500], "value": [0, 0.33, 0.67, 1]},
            "clahe": {"clipLimit": 0.025},
            "channels": ["clahe", "hu"],
        },
        "network": {
            "file": file_entry(network),
            "input": "image",
            "scoreOutput": "score",
            "descriptorOutput": "descriptor",
            "descriptorDimension": 4,
            "patchSize": [EDGE, EDGE, EDGE],
            "overlap": 0.5,
            "blendSigma": 0.125,
        },
        "calibration": {
            "percentile": percentile,
            # Ascending by hand: the table of a trained model is measured on normal tissue.
            "score": [-1.0, -0.95, -0.9, -0.8, -0.6, -0.5, -0.4, -0.3, 0.0, 1.0, 3.0],
            "note": "Set by hand, for tests.",
        },
        "golden": {
            "input": file_entry(PACKAGE / "golden_input.u8"),
            "score": file_entry(PACKAGE / "golden_score.f32"),
            "stride": STRIDE,
            "tolerance": 0.01,
        },
    }
    (PACKAGE / "model.json").write_text(json.dumps(manifest, indent=2) + "\n")

    model = onnx.load(str(network))
    one = lambda op, factor: [helper.make_node(op, ["sound", factor], ["score"])]
    save_broken(model, "nan", one("Mul", "factor"), [constant("factor", np.nan)])
    save_broken(model, "zero", one("Mul", "factor"), [constant("factor", 0.0)])
    save_broken(model, "deviating", one("Mul", "factor"), [constant("factor", 1.1)])
    save_broken(
        model, "constant",
        [helper.make_node("Mul", ["sound", "nought"], ["flat"]), helper.make_node("Add", ["flat", "level"], ["score"])],
        [constant("nought", 0.0), constant("level", 1.5)],
    )
    save_broken(model, "unsteady", *unsteady_nodes(limit=tile.mean() / 255 + 0.02))
    save_broken(model, "slow", *slow_nodes())


if __name__ == "__main__":
    main()
