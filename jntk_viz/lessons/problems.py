"""Small learning problems that several lessons and their checks share."""

import numpy as np

from jntk_viz.datasets import Dataset, load_dataset, train_test_split


def eight_points() -> tuple[np.ndarray, np.ndarray]:
    """Eight equally spaced points on the circle, labels +1 in its upper half: x (8, 2), y (8,)."""
    theta = np.deg2rad(10 + 45 * np.arange(8))
    return np.stack([np.cos(theta), np.sin(theta)], axis=1), np.where(np.sin(theta) > 0, 1.0, -1.0)


def iris_split() -> tuple[Dataset, Dataset]:
    """Fifty irises to train on and fifty to test on; versicolor against virginica."""
    return train_test_split(load_dataset("iris"), seed=0)
