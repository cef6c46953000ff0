"""Which parts of a network go to 8 bits, and which stay as they are.

Measured on YOLOX-Nano (docs/quantization.md): what ruins it is the first depthwise convolution
(AP50 of vehicles 0.2 instead of 0.9), between tensors of wide range with a single scale each. The
last convolutions give boxes and scores and are few.
"""

from dataclasses import dataclass
from typing import Any

from its_camera_ai.vision.runtime import RuntimeName

LEADING_CONVS = (3, 9, 27)
"""So many of the first convolutions stay in 32 bits; more of them where fewer didn't do."""

_QUANTIZE_TO_OPSET = 13
"""The first version of the standard operators in which a scale per channel can be written."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What one runtime computes fastest.

    Attributes:
        op_types: operators whose inputs become 8-bit.
        whole_chain: also what convolutions give out is 8-bit; False hands 32-bit sums to the
            activation, which the runtime fuses with the convolution.
        depthwise: depthwise convolutions, too. They are few sums but much of the error.
    """

    op_types: tuple[str, ...]
    whole_chain: bool
    depthwise: bool


LAYOUTS: dict[RuntimeName, Layout] = {
    # fuses convolution and activation by itself; rounding in between would only cost
    RuntimeName.OPENVINO: Layout(("Conv",), whole_chain=False, depthwise=False),
    # has 8-bit kernels only where the inputs and outputs of an operator are 8-bit
    RuntimeName.ONNXRUNTIME: Layout(
        (
            *("Conv", "Sigmoid", "Mul", "Add", "Relu", "LeakyRelu", "Clip", "Concat", "Resize"),
            "MaxPool",
        ),
        whole_chain=True,
        depthwise=True,
    ),
}


def prepared(model: Any) -> Any:
    """A network as the quantiser wants it: operators of version 13, every node with a name.

    Args:
        model: an ``onnx.ModelProto``, which is left as it is.

    Raises:
        ValueError, RuntimeError: from the library, where an operator has no newer version.
    """
    import onnx  # noqa: PLC0415  an extra, only here
    from onnx import version_converter  # noqa: PLC0415

    versions = {o.domain: o.version for o in model.opset_import}
    ready = onnx.ModelProto()
    if versions.get("", 0) < _QUANTIZE_TO_OPSET:
        ready.CopyFrom(version_converter.convert_version(model, _QUANTIZE_TO_OPSET))
    else:
        ready.CopyFrom(model)
    names = set()
    for index, node in enumerate(ready.graph.node):
        if not node.name or node.name in names:
            node.name = f"{node.op_type}_node_{index}"
        names.add(node.name)
    return ready


def kept_in_32_bits(model: Any, layout: Layout, leading: int) -> list[str]:
    """Names of the nodes that are not quantised: everything before the convolution number
    ``leading``, the last convolutions with all that comes after them, arithmetic with shapes, and
    what the layout says.

    Args:
        model: as ``prepared`` gives it; its nodes are in the order of computation.
    """
    nodes = list(model.graph.node)
    convolutions = [i for i, node in enumerate(nodes) if node.op_type == "Conv"]
    if not convolutions:
        return [node.name for node in nodes]
    first = convolutions[min(leading, len(convolutions) - 1)]
    kept = {node.name for node in nodes[:first]} | _head(nodes) | _arithmetic(model, nodes)
    if not layout.depthwise:
        kept |= {node.name for node in nodes if _is_depthwise(node)}
    return [node.name for node in nodes if node.name in kept]


def _head(nodes: list[Any]) -> set[str]:
    """Convolutions whose results reach no other convolution, and everything after them."""
    feeding: set[str] = set()  # values from which a convolution can still be reached
    last: set[str] = set()
    for node in reversed(nodes):
        reaches = any(name in feeding for name in node.output)
        if node.op_type == "Conv" and not reaches:
            last.add(node.name)
        if node.op_type == "Conv" or reaches:
            feeding.update(node.input)
    after: set[str] = set()
    head = set(last)
    for node in nodes:
        if node.name in last or any(name in after for name in node.input):
            head.add(node.name)
            after.update(node.output)
    return head


def _arithmetic(model: Any, nodes: list[Any]) -> set[str]:
    """Nodes that compute with shapes, not with pictures: rounding would give wrong sizes."""
    of_picture = {entry.name for entry in model.graph.input}
    apart = set()
    for node in nodes:
        if node.op_type in ("Shape", "Size") or not of_picture.intersection(node.input):
            apart.add(node.name)
        else:
            of_picture.update(node.output)
    return apart


def _is_depthwise(node: Any) -> bool:
    return node.op_type == "Conv" and any(a.name == "group" and a.i > 1 for a in node.attribute)
