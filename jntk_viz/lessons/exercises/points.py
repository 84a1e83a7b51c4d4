"""Points on the unit sphere that answers are tried on."""

import numpy as np

from jntk_viz.datasets import normalize


def generator(number: int, seed: int = 0) -> np.random.Generator:
    """Random numbers of their own for each `number`; the lessons use seed 0, grading others."""
    return np.random.default_rng([number, seed] if seed else number)


def sphere(count: int, in_size: int, number: int, seed: int = 0) -> np.ndarray:
    """(count, in_size), unit rows."""
    return normalize(generator(number, seed).normal(size=(count, in_size)))


def pairs(in_size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Three points and four others, so that a swap of axes shows."""
    return sphere(3, in_size, 1, seed), sphere(4, in_size, 2, seed)
