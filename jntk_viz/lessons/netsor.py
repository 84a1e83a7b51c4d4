"""Tensor programs: networks as lists of vector operations, run at a width or in the limit.

Three kinds of lines, as in NETSOR⊤ (Yang, *Tensor Programs* I–III, 2019–2021):

    input    g = W a           G-variable, a fixed, W a d × k Gaussian matrix
    matmul   g = W h/√d        G-variable, W (or its transpose) d × d Gaussian
    nonlin   h = ψ(g¹, …, gᵏ)   H-variable, ψ coordinate by coordinate

The master theorem: as d → ∞ the coordinates of the G-variables behave like independent draws of
one Gaussian vector Z, and (1/d) Σ_i ψ(g¹_i, …, gᵏ_i) → E ψ(Z¹, …, Zᵏ) almost surely. `covariance`
computes Cov Z by the theorem's recursion, `run` the vectors themselves.
"""

from dataclasses import dataclass, field
from functools import cache

import numpy as np

_MOST_NODES = 500_000


@dataclass
class Program:
    """Lines of a program, in order; names are unique.

    A line that multiplies by a transpose is taken to have a variable of its own, independent of
    what was multiplied by the matrix itself. That is right for backpropagation from a last layer
    that is used for nothing else (gradient independence; Yang 2020, Simple GIA Check).
    """

    lines: dict = field(default_factory=dict)

    def input(self, name, matrix, vector, *, linear=False):
        """g = W a. Two inputs of one matrix have covariance a·a', others 0.

        linear: every ψ is linear in it, as in the last layer's weights; quadrature is then exact.
        """
        return self._add(name, "input", matrix, np.asarray(vector, float), linear)

    def matmul(self, name, matrix, h, *, transpose=False):
        """g = W h/√d or Wᵀ h/√d, d × d."""
        key = f"{matrix}ᵀ" if transpose else matrix
        return self._add(name, "matmul", key, h, transpose)

    def nonlin(self, name, function, *variables):
        """h = ψ(g¹, …), of G-variables."""
        for variable in variables:
            if not self.is_gaussian(variable):
                raise ValueError(
                    f"`variables` of {name!r} must be G-variables of earlier lines; {variable!r} "
                    "is none. Write ψ as one function of G-variables."
                )
        return self._add(name, "nonlin", function, variables, False)

    def is_gaussian(self, name) -> bool:
        return name in self.lines and self.lines[name][0] != "nonlin"

    def _add(self, name, *line):
        if name in self.lines:
            raise ValueError(
                f"`name` must be new; {name!r} is a line already. Choose another name."
            )
        self.lines[name] = line
        return name

    def __str__(self):
        """The program as text, one line a variable."""
        words = []
        for name, (kind, what, of, _) in self.lines.items():
            text = {"input": f"G  {name} = {what} a", "matmul": f"G  {name} = {what} {of} / √d"}
            if kind == "nonlin":
                words.append(f"H  {name} = {getattr(what, '__name__', 'ψ')}({', '.join(of)})")
            else:
                words.append(text[kind])
        return "\n".join(words)

    def run(self, width, seed=0) -> dict[str, np.ndarray]:
        """Draw the matrices and compute every variable at this width; vectors of length d."""
        rng, matrices, found = np.random.default_rng(seed), {}, {}
        for name, (kind, what, of, _) in self.lines.items():
            if kind == "input":
                if what not in matrices:
                    matrices[what] = rng.normal(size=(width, len(of)))
                found[name] = matrices[what] @ of
            elif kind == "matmul":
                base = what.removesuffix("ᵀ")
                if base not in matrices:
                    matrices[base] = rng.normal(size=(width, width))
                matrix = matrices[base].T if what != base else matrices[base]
                found[name] = matrix @ found[of] / np.sqrt(width)
            else:
                found[name] = np.asarray(what(*(found[v] for v in of)), float)
        return found


class Limit:
    """Covariances of the Z-variables of a program, by the recursion of the master theorem."""

    def __init__(self, program: Program):
        self.program = program
        self.covariance = cache(self._covariance)
        self.mean_product = cache(self._mean_product)

    def _covariance(self, one: str, other: str) -> float:
        """Cov(Z^one, Z^other) of two G-variables."""
        (kind, matrix, a, _), (kind2, matrix2, b, _) = (self.program.lines[n] for n in (one, other))
        if (kind, matrix) != (kind2, matrix2):
            return 0.0  # different matrices are independent
        if kind == "input":
            return float(a @ b)
        return self.mean_product(*sorted((a, b)))

    def _mean_product(self, one: str, other: str) -> float:
        """E Z^one Z^other of two variables, G or H: what (1/d) Σ_i one_i other_i becomes."""
        (f, names), (g, names2) = self._as_function(one), self._as_function(other)
        variables = list(dict.fromkeys((*names, *names2)))
        weights, z = self._nodes(variables)
        return float(weights @ (f(*(z[v] for v in names)) * g(*(z[v] for v in names2))))

    def _as_function(self, name):
        if self.program.is_gaussian(name):
            return (lambda z: z), (name,)
        _, function, variables, _ = self.program.lines[name]
        return (lambda *z: np.asarray(function(*z), float)), variables

    def _nodes(self, variables):
        """Quadrature for the Gaussian vector of these variables: weights (n,), values by name.

        Variables in which everything is linear (products of two at most) take three nodes an axis.
        """
        linear = [v for v in variables if self.program.lines[v][3]]
        curved = [v for v in variables if v not in linear]
        blocks = [(names, self._root(names)) for names in (linear, curved) if names]
        exact = 3 ** sum(r.shape[1] for n, r in blocks if n is linear)
        weights, values = np.ones(1), {}
        for names, root in blocks:
            axes = root.shape[1]
            count = (
                3 if names is linear else min(80, int((_MOST_NODES / exact) ** (1 / max(axes, 1))))
            )
            block_weights, points = _grid(count, axes)
            size, here = len(block_weights), len(weights)
            values = {name: np.repeat(value, size) for name, value in values.items()}
            values |= {n: np.tile(points @ row, here) for n, row in zip(names, root, strict=True)}
            weights = np.repeat(weights, size) * np.tile(block_weights, here)
        return weights, values

    def _root(self, names):
        """R with R Rᵀ = covariance and no more columns than its rank."""
        k = np.array([[self.covariance(*sorted((a, b))) for b in names] for a in names])
        e, vectors = np.linalg.eigh(k)
        kept = e > 1e-9 * max(e[-1], 1e-300)
        return vectors[:, kept] * np.sqrt(e[kept])


def _grid(count, axes):
    """Gauss–Hermite quadrature for `axes` independent N(0, 1)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    mesh = np.meshgrid(*[nodes] * axes, indexing="ij")
    product = np.ones(1)
    for _ in range(axes):
        product = np.multiply.outer(product, weights / weights.sum()).ravel()
    return product, np.stack([m.ravel() for m in mesh], axis=1) if axes else np.zeros((1, 0))


def network_program(points, activation) -> Program:
    """f, its input Jacobian and its backpropagation, two hidden layers, at each of the points.

    Variables at point k, α = 1 … d0 (the derivative in the direction e_α has the same letter and an
    index):

        g1_k = W1 x_k, g1_k_α = W1 e_α      h1_k = φ(g1), h1_k_α = φ'(g1) g1_α
        g2_k = W2 h1/√d, g2_k_α             h2_k, h2_k_α likewise
        b2_k = v φ'(g2), b2_k_α = v φ''(g2) g2_α
        c1_k = W2ᵀ b2/√d, c1_k_α            b1_k = c1 φ'(g1), b1_k_α = c1_α φ'(g1) + c1 φ''(g1) g1_α

    so that f = κ v·h2/√d, J_α = κ v·h2_α/√d, and ∂f/∂W² ∝ b2 ⊗ h1, ∂f/∂W¹ ∝ b1 ⊗ x.
    """
    phi, d1, d2 = (activation.derivative(order) for order in range(3))

    def value(g):
        return phi(g)

    def slope(g, dg):
        return d1(g) * dg

    def back(g, v):
        return d1(g) * v

    def back_slope(g, dg, v):
        return d2(g) * dg * v

    def back_first(g, dg, c, dc):
        return d1(g) * dc + d2(g) * dg * c

    program, d0 = Program(), np.shape(points)[1]
    directions = range(1, d0 + 1)
    program.input("v", "V", [1.0], linear=True)
    for k, x in enumerate(np.asarray(points, float)):
        program.input(f"g1_{k}", "W1", x)
        program.nonlin(f"h1_{k}", value, f"g1_{k}")
        for a in directions:
            program.input(f"g1_{k}_{a}", "W1", np.eye(d0)[a - 1])
            program.nonlin(f"h1_{k}_{a}", slope, f"g1_{k}", f"g1_{k}_{a}")
        program.matmul(f"g2_{k}", "W2", f"h1_{k}")
        program.nonlin(f"h2_{k}", value, f"g2_{k}")
        program.nonlin(f"b2_{k}", back, f"g2_{k}", "v")
        program.matmul(f"c1_{k}", "W2", f"b2_{k}", transpose=True)
        program.nonlin(f"b1_{k}", back, f"g1_{k}", f"c1_{k}")
        for a in directions:
            program.matmul(f"g2_{k}_{a}", "W2", f"h1_{k}_{a}")
            program.nonlin(f"h2_{k}_{a}", slope, f"g2_{k}", f"g2_{k}_{a}")
            program.nonlin(f"b2_{k}_{a}", back_slope, f"g2_{k}", f"g2_{k}_{a}", "v")
            program.matmul(f"c1_{k}_{a}", "W2", f"b2_{k}_{a}", transpose=True)
            program.nonlin(
                f"b1_{k}_{a}", back_first, f"g1_{k}", f"g1_{k}_{a}", f"c1_{k}", f"c1_{k}_{a}"
            )
    return program


def jets(letter: str, point: int, d0: int) -> list[str]:
    """Names of a variable and its derivatives at a point: ["g2_0", "g2_0_1", …]."""
    return [f"{letter}_{point}", *(f"{letter}_{point}_{a}" for a in range(1, d0 + 1))]


def limit_block(limit: Limit, letter: str, one: int, other: int, d0: int) -> np.ndarray:
    """(1+d0, 1+d0) matrix of E Z Z' between the jets of a variable at two points."""
    rows, columns = jets(letter, one, d0), jets(letter, other, d0)
    return np.array([[limit.mean_product(*sorted((r, c))) for c in columns] for r in rows])
