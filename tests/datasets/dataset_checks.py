"""What every data set must fulfil."""

import numpy as np


def assert_two_classes_on_sphere(data):
    assert data.x.dtype == data.y.dtype == np.float64
    assert data.x.shape == (len(data.y), len(data.names))
    np.testing.assert_allclose(np.linalg.norm(data.x, axis=1), 1, atol=1e-12)
    assert set(data.y) == {-1.0, 1.0}
    assert data._fields == ("x", "y", "names", "provenance")
    assert isinstance(data.names, tuple)
    assert all(isinstance(name, str) for name in data.names)
    assert "−1" in data.provenance
    assert "+1" in data.provenance
    assert data.provenance.endswith(".")
