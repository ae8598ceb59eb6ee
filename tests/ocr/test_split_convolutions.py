"""Convolutions of joined maps as sums: the same output, and no map is joined."""

import numpy as np
import openvino
import pytest
from openvino import opset13 as ops

from figbench.ocr.rapidocr_engine import DETECTION, MODELS
from figbench.ocr.split_convolutions import split_convolutions

CHANNELS = (3, 5, 2)


def joined_maps(axis=1, users=1):
    rng = np.random.default_rng(0)
    shape = [1, 3, 9, 8]
    maps = [ops.parameter(shape, np.float32)]
    sides = CHANNELS if axis == 1 else (3,) * 3
    for channels in sides[1:]:
        kernel = rng.normal(size=(channels, 3, 1, 1)).astype(np.float32)
        maps.append(convolution(maps[0], kernel, pad=0))
    joined = ops.concat(maps, axis)
    channels = sum(CHANNELS) if axis == 1 else 3
    kernels = [rng.normal(size=(4, channels, 3, 3)).astype(np.float32) for _ in range(users)]
    outputs = [ops.relu(convolution(joined, kernel)) for kernel in kernels]
    return openvino.Model(outputs, [maps[0]], "joined")


def convolution(maps, kernel, pad=1):
    return ops.convolution(maps, ops.constant(kernel), [1, 1], [pad, pad], [pad, pad], [1, 1])


def kinds(model):
    return [node.get_type_name() for node in model.get_ordered_ops()]


def output(model, batch):
    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    return openvino.Core().compile_model(model, "CPU", settings)([batch])[0]


def test_the_sum_of_convolutions_is_the_convolution_of_the_joined_maps():
    batch = np.random.default_rng(1).normal(size=(1, 3, 9, 8)).astype(np.float32)
    expected = output(joined_maps(), batch)
    model = split_convolutions(joined_maps())
    assert "Concat" not in kinds(model) and kinds(model).count("Convolution") == 2 + 3
    np.testing.assert_allclose(output(model, batch), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("settings", [{"users": 2}, {"axis": 2}])
def test_maps_of_several_users_and_of_other_axes_stay_joined(settings):
    model = joined_maps(**settings)
    before = kinds(model)
    assert kinds(split_convolutions(model)) == before and "Concat" in before


def test_detection_joins_maps_twice_and_its_output_stays():
    core = openvino.Core()
    models = [core.read_model(MODELS / DETECTION) for _ in range(2)]
    split_convolutions(models[1])
    assert kinds(models[1]).count("Convolution") == kinds(models[0]).count("Convolution") + 1 + 3
    batch = np.random.default_rng(1).uniform(-1, 1, size=(1, 3, 96, 128)).astype(np.float32)
    first, second = (output(model, batch) for model in models)
    np.testing.assert_allclose(second, first, atol=1e-5)
