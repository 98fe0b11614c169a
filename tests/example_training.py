"""Small data sets and hyperparameters for tests of training."""

import numpy as np
import torch

from gradnoise.data.dataset import Dataset
from gradnoise.training.optimizer import build
from gradnoise.training.settings import Hyperparameters

HYPERPARAMETERS = {
    "optimizer": "sgd",
    "learning_rate": 0.1,
    "momentum": 0.9,
    "nesterov": False,
    "weight_decay": 0.0,
    "milestones": [],
    "manifold": "euclidean",
    "milestone_factor": 0.1,
    "epochs": 2,
    "batch_size": 32,
    "loss": "cross_entropy",
    "augment": False,
    "checkpoints": "all",
    "device": "cpu",
    "torch_threads": 1,
}


def hyperparameters(**changes):
    return Hyperparameters(**{**HYPERPARAMETERS, **changes})


def dataset(inputs, targets, outputs):
    """The same samples to train and to test on."""
    task = "classification" if targets.dtype == np.int64 else "regression"
    shape, one = inputs.shape[1:], np.ones(1)
    classes = tuple(map(str, range(outputs)))
    return Dataset(
        inputs,
        targets,
        inputs,
        targets,
        task,
        classes,
        outputs,
        shape,
        0 * one,
        one,
        "",
        "",
        "",
        None,
    )


def line(count=100, features=3):
    """Regression targets that are exactly linear in the inputs."""
    inputs = np.random.default_rng(1).standard_normal((count, features)).astype(np.float32)
    slope = np.arange(1.0, features + 1, dtype=np.float32)[:, None]
    return dataset(inputs, inputs @ slope, 1), slope


def bars(count=96, side=8):
    """Two classes of images: a bright upper or lower half, under noise."""
    random = np.random.default_rng(1)
    targets = np.arange(count) % 2
    inputs = random.standard_normal((count, 1, side, side)).astype(np.float32)
    inputs[targets == 1, :, : side // 2] += 3
    return dataset(inputs, targets.astype(np.int64), 2)


def stepped(optimizer, gradients, **changes):
    """Parameters (1, -2, 0) after a step along each gradient; one without gradient stays as it is."""
    parameter = torch.tensor([1.0, -2.0, 0.0], requires_grad=True)
    unused = torch.ones(1, requires_grad=True)
    how = hyperparameters(**{"optimizer": optimizer, "momentum": 0.0, **changes})
    stepping = build([parameter, unused], how)
    for gradient in gradients:
        parameter.grad = torch.tensor(gradient)
        stepping.step()
    assert unused.item() == 1
    return parameter.detach()
