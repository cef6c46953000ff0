"""The network, what it is asked for, and its training. PyTorch is needed here and nowhere else."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, multiprocessing, nn
from torch.nn import functional

from bench.moving_training.samples import Labels
from bench.moving_training.variation import Variation
from its_camera_ai.vision.moving_network import CELL_PX, KINDS, PLANES

Array = npt.NDArray[Any]

BATCH = 8
WORKERS = 6
_TOGETHER_STEPS = 20  # after so many the workers take the mean of their weights
_EDGE_UNIT_PX, _EDGE_LOG_MAX = 8.0, 4.5
_WARM_UP_STEPS = 100
_WEIGHT_DECAY = 0.02
_INERTIA = 0.85  # of the average of the weights, which is what is shipped, at each meeting
_KIND_WEIGHTS = (1.0, 1.0, 1.0, 1.3, 1.3)
_MIDDLE = 0.14  # deviation of the bell round a middle, in sides of the box


def _layer(inward: int, outward: int, size: int = 3, step: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inward, outward, size, step, size // 2, bias=False),
        nn.BatchNorm2d(outward),
        nn.ReLU(inplace=True),
    )


def _separable(inward: int, outward: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inward, inward, 3, 1, 1, groups=inward, bias=False),
        nn.BatchNorm2d(inward),
        nn.ReLU(inplace=True),
        *_layer(inward, outward, 1),
    )


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(_layer(width, width // 2, 1), _layer(width // 2, width))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)  # type: ignore[no-any-return] # modules are untyped calls


class Network(nn.Module):
    """Down to a thirty-second of the picture and back up to a quarter; 0.41 M weights.

    Planes (N, 7, H, W) from 0 to 1 → (N, 10, H/4, W/4), see ``moving_network.read``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = _layer(3 * 3 + 1, 16, 3, 2)
        self.quarter = nn.Sequential(_layer(16, 32, 3, 2), _separable(32, 32))
        self.eighth = nn.Sequential(_layer(32, 64, 3, 2), _Residual(64))
        self.sixteenth = nn.Sequential(_layer(64, 96, 3, 2), _Residual(96), _Residual(96))
        self.last = nn.Sequential(_layer(96, 96, 3, 2), _Residual(96), _Residual(96))
        self.to_sixteenth, self.to_eighth = _layer(96, 96, 1), _layer(96, 64, 1)
        self.joined, self.to_quarter = _Residual(64), _layer(64, 32, 1)
        self.head = nn.Sequential(_separable(32, 48), _separable(48, 48))
        self.out = nn.Conv2d(48, 1 + 4 + len(KINDS), 1)
        nn.init.constant_(self.out.bias[0], -4.6)  # type: ignore[index] # it has a bias

    def forward(self, planes: Tensor) -> Tensor:
        picture, empty, moved = planes[:, :3], planes[:, 3:6], planes[:, 6:]
        change = picture - empty
        seen = torch.cat((picture, change, change.abs(), moved), dim=1)
        quarter = self.quarter(self.stem(seen))
        eighth = self.eighth(quarter)
        sixteenth = self.sixteenth(eighth)
        sixteenth = sixteenth + _double(self.to_sixteenth(self.last(sixteenth)))
        eighth = self.joined(eighth + _double(self.to_eighth(sixteenth)))
        quarter = quarter + _double(self.to_quarter(eighth))
        return self.out(self.head(quarter))  # type: ignore[no-any-return] # as above


def _double(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")


class _FromBytes(nn.Module):
    """What is shipped: takes (1, 7, H, W) bytes."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, planes: Tensor) -> Tensor:
        return self.network(planes.float() / 255)  # type: ignore[no-any-return] # as above


@dataclass(frozen=True, slots=True)
class Batch:
    """Planes and what they hold.

    Attributes:
        planes: (N, 7, H, W) uint8.
        heat: (N, H/4, W/4), 1 in the cells with a middle, a bell around them.
        asked: (N, H/4, W/4), 0 where nobody knows.
        cells: (P, 3) sample, row and column of cells that tell a box; xyxy (P, 4); kind (P,).
    """

    planes: Array
    heat: Array
    asked: Array
    cells: Array
    xyxy: Array
    kind: Array


def batch_of(variation: Variation) -> Batch:
    """The next samples."""
    planes, heats, asked, cells, boxes, kinds = [], [], [], [], [], []
    for number in range(BATCH):
        stacked, labels = variation()
        heat, known, owners = _target(labels, stacked.shape[1:])
        planes.append(stacked)
        heats.append(heat)
        asked.append(known)
        for (row, column), owner in owners.items():
            cells.append((number, row, column))
            boxes.append(labels.xyxy[owner])
            kinds.append(labels.kind[owner])
    return Batch(
        np.stack(planes),
        np.stack(heats),
        np.stack(asked),
        np.array(cells, np.int64).reshape(-1, 3),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(kinds, np.int64),
    )


def _target(
    labels: Labels, size_hw: tuple[int, ...]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], dict[tuple[int, int], int]]:
    """Heat, what is asked for, and which label's box each cell near a middle tells."""
    cells_hw = (size_hw[0] // CELL_PX, size_hw[1] // CELL_PX)
    heat, asked = np.zeros(cells_hw, np.float32), np.ones(cells_hw, np.float32)
    owners: dict[tuple[int, int], int] = {}
    for left, top, right, bottom in labels.xyxy[labels.unsure] / CELL_PX:
        asked[max(0, int(top) - 1) : int(bottom) + 2, max(0, int(left) - 1) : int(right) + 2] = 0
    size = labels.xyxy[:, 2:] - labels.xyxy[:, :2]
    for owner in np.argsort(-size.prod(axis=1), kind="stable"):  # the smaller one lies in front
        if labels.unsure[owner]:
            continue
        x, y = (labels.xyxy[owner, :2] + labels.xyxy[owner, 2:]) / 2
        dx, dy = np.maximum(size[owner] * _MIDDLE, 2.0)
        rows = _near(y, 3 * dy, cells_hw[0])
        columns = _near(x, 3 * dx, cells_hw[1])
        down = ((np.arange(rows.start, rows.stop) + 0.5) * CELL_PX - y) / dy
        across = ((np.arange(columns.start, columns.stop) + 0.5) * CELL_PX - x) / dx
        bell = np.exp(-(down[:, None] ** 2 + across[None, :] ** 2) / 2).astype(np.float32)
        np.maximum(heat[rows, columns], bell, out=heat[rows, columns])
        asked[rows, columns][bell > 0.3] = 1
        for row, column in np.argwhere(bell > 0.55):
            owners[rows.start + int(row), columns.start + int(column)] = int(owner)
        centre = (
            min(cells_hw[0] - 1, int(y / CELL_PX)),
            min(cells_hw[1] - 1, int(x / CELL_PX)),
        )
        heat[centre] = 1
        owners[centre] = int(owner)
    return heat, asked, owners


def _near(middle: float, reach: float, cells: int) -> slice:
    start = max(0, int((middle - reach) / CELL_PX))
    return slice(start, min(cells, int((middle + reach) / CELL_PX) + 1))


def loss_of(out: Tensor, batch: Batch) -> Tensor:
    """Focal loss of the middles (Law & Deng 2018), generalised IoU of the boxes (Rezatofighi et
    al. 2019), cross entropy of the kinds.
    """
    heat, asked, cells, xyxy, kind = (
        torch.from_numpy(v) for v in (batch.heat, batch.asked, batch.cells, batch.xyxy, batch.kind)
    )
    middle = torch.sigmoid(out[:, 0].float()).clamp(1e-5, 1 - 1e-5)
    hit = (heat > 0.999).float()
    right = torch.log(middle) * (1 - middle) ** 2 * hit
    wrong = torch.log(1 - middle) * middle**2 * (1 - heat) ** 4 * (1 - hit) * asked
    loss = -(right + wrong).sum() / hit.sum().clamp(min=1)
    if not len(cells):
        return loss
    number, row, column = cells.T
    told = out[number, :, row, column].float()
    edges = torch.exp(told[:, 1:5].clamp(-4, _EDGE_LOG_MAX)) * _EDGE_UNIT_PX
    place = (torch.stack((column, row), dim=1).float() + 0.5) * CELL_PX
    boxes = torch.cat((place - edges[:, :2], place + edges[:, 2:]), dim=1)
    share = heat[number, row, column]
    share = share / share.sum()
    loss = loss + 2 * (share * (1 - _generalised_iou(boxes, xyxy))).sum()
    weights = torch.tensor(_KIND_WEIGHTS)
    named = functional.cross_entropy(told[:, 5:], kind, weight=weights, reduction="none")
    return loss + 0.5 * (share * named).sum()


def _generalised_iou(a: Tensor, b: Tensor) -> Tensor:
    def area(xyxy: Tensor) -> Tensor:
        return (xyxy[:, 2:] - xyxy[:, :2]).clamp(min=0).prod(dim=1)

    low, high = torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:])
    inside = (high - low).clamp(min=0).prod(dim=1)
    union = (area(a) + area(b) - inside).clamp(min=1e-6)
    hull = torch.cat((torch.minimum(a[:, :2], b[:, :2]), torch.maximum(a[:, 2:], b[:, 2:])), dim=1)
    around = area(hull).clamp(min=1e-6)
    return inside / union - (around - union) / around


def train(
    variation_of: Callable[[int], Variation],
    steps: int,
    rate_max: float,
    seed: int,
    begin: dict[str, Tensor] | None = None,
) -> Network:
    """Train in processes that share their weights from time to time (local SGD, Stich 2019).

    Args:
        variation_of: the samples of each worker.
        steps: of each worker.
        rate_max: learning rate after the warm-up; it falls to nothing as a cosine.
        begin: weights to begin with; None draws them.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    network = Network()
    if begin is not None:
        network.load_state_dict(begin)
    flat = _flat(network)
    meeting = _Meeting(
        flat.repeat(WORKERS, 1).share_memory_(),
        flat.clone().share_memory_(),
        multiprocessing.get_context("fork").Barrier(WORKERS),
    )
    workers = [
        multiprocessing.get_context("fork").Process(
            target=_work, args=(k, network, variation_of, steps, rate_max, meeting)
        )
        for k in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise SystemExit("A training process broke off; see its message above.")
    _fill(network, meeting.average)
    return network.eval()


@dataclass(frozen=True, slots=True)
class _Meeting:
    """What the workers share.

    Attributes:
        weights: (W, P), of each worker. average: (P,), over workers and time.
        barrier: all have come.
    """

    weights: Tensor
    average: Tensor
    barrier: Any

    def mean(self, worker: int, network: Network) -> None:
        """Give the network the mean of all workers; the first one also keeps the average."""
        self.weights[worker] = _flat(network)
        self.barrier.wait()
        mean = self.weights.mean(dim=0)
        self.barrier.wait()
        _fill(network, mean)
        if worker == 0:
            self.average.mul_(_INERTIA).add_(mean, alpha=1 - _INERTIA)


def _work(
    worker: int,
    network: Network,
    variation_of: Callable[[int], Variation],
    steps: int,
    rate_max: float,
    meeting: _Meeting,
) -> None:
    variation = variation_of(worker)
    network = network.to(memory_format=torch.channels_last)
    many = [p for p in network.parameters() if p.ndim > 1]
    few = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": many, "weight_decay": _WEIGHT_DECAY}, {"params": few, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=rate_max)
    began, shown = time.monotonic(), 0.0
    for step in range(steps):
        warm = min(1.0, (step + 1) / _WARM_UP_STEPS)
        for group in optimiser.param_groups:
            group["lr"] = rate_max * warm * (0.5 + 0.5 * math.cos(math.pi * step / steps)) + 1e-5
        batch = batch_of(variation)
        planes = torch.from_numpy(batch.planes).float() / 255
        with torch.autocast("cpu", torch.bfloat16):
            out = network(planes.to(memory_format=torch.channels_last))
        loss = loss_of(out, batch)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call] # PyTorch's own
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        shown += float(loss.detach())
        if (step + 1) % _TOGETHER_STEPS == 0 or step + 1 == steps:
            meeting.mean(worker, network)
        if worker == 0 and (step + 1) % 100 == 0:
            took = time.monotonic() - began
            print(f"  step {step + 1}: loss {shown / 100:.3f}, {took:.0f} s", flush=True)
            shown = 0.0


def _floats(network: Network) -> list[Tensor]:
    """Weights and running means, all of which are averaged."""
    return [v for v in network.state_dict().values() if v.dtype.is_floating_point]


def _flat(network: Network) -> Tensor:
    return torch.cat([v.detach().reshape(-1) for v in _floats(network)])


def _fill(network: Network, flat: Tensor) -> None:
    start = 0
    for value in _floats(network):
        value.copy_(flat[start : start + value.numel()].reshape(value.shape))
        start += value.numel()


def export(network: Network, path: Path) -> None:
    """Write the ONNX file; any height and width in steps of ``SIDE_STEP_PX``."""
    torch.onnx.export(
        _FromBytes(network.eval()).eval(),
        (torch.zeros(1, PLANES, 192, 320, dtype=torch.uint8),),
        str(path),
        dynamo=False,
        opset_version=17,
        input_names=["planes"],
        output_names=["cells"],
        dynamic_axes={"planes": {2: "height", 3: "width"}, "cells": {2: "rows", 3: "columns"}},
    )
