"""The equations of the constancy page, each with the function that computes it."""

from jntk_viz.frame.formula_sheet import Formula

FORMULAS = (
    Formula(
        r"\mathrm{loss}(\theta)=\frac{1}{2N}\sum_{i=1}^{N}\Big[(f(x_i)-y_i)^2"
        r"+\lambda\sum_{\alpha=1}^{d_0}J(f)(x_i)_\alpha^2\Big],\qquad\theta'=-\nabla_\theta\,\mathrm{loss}",
        "What is minimised: the fit and the Jacobian part, drawn without their factors 1 and λ. "
        "The theory follows the gradient flow on the right; here it is gradient descent, and the "
        "linear equation is solved with the same steps, so that the step size makes no difference.",
        {
            r"f(x_i),\;y_i": "output of the network at training point i, and its label, −1 or +1",
            r"J(f)(x)_\alpha=\partial f/\partial x_\alpha": "input Jacobian: how the output "
            "answers to the input. It is not the parameter gradient ∂_θ",
            r"\lambda,\;N,\;d_0": "weight of the regulariser; number of points, of columns",
        },
        code="jntk_viz.training.robust_loss",
        source="Kim & Yang (ICML 2024), Section 4",
    ),
    Formula(
        r"\Theta_{d,\theta}(x,x')_{\alpha\beta}=\big\langle\partial_\theta f_\alpha(x),\,"
        r"\partial_\theta f_\beta(x')\big\rangle,\qquad f_0=f,\;f_\alpha=J(f)_\alpha",
        "The Jacobian NTK of one network of width d. It contains second derivatives of the "
        "activation: ReLU has a kink, and as a smooth activation is sharpened into one this kernel "
        "grows without bound, so ReLU is not offered.",
        {
            r"\partial_\theta": "parameter gradient: how the output answers to all weights θ",
            r"\Theta_t,\;\Theta": "this kernel on the training points after t steps, and its limit",
            r"\lVert\cdot\rVert_F": "Frobenius norm, of all distances drawn relative to "
            "another norm: root of the sum of all squared entries",
        },
        code="jntk_viz.finite.finite_jntk",
        source="Kim & Yang (ICML 2024), Section 4",
    ),
    Formula(
        r"\sup_{t}\lVert\Theta_t-\Theta\rVert=O(d^{-1/2})",
        "Constancy: if the smallest eigenvalue of the limiting kernel is positive, a wide enough "
        "network keeps, with high probability, a kernel within order 1/√d of the limit for the "
        "whole of the training.",
        {r"d": "width: neurons in each hidden layer"},
        code="jntk_viz.pages.jntk_constancy.training.operator_norm",
        source="Kim & Yang (ICML 2024), Theorem 4.5",
    ),
    Formula(
        r"\lambda_{\min}(\Theta_t)\ge\lambda_{\min}(\Theta)-\lVert\Theta_t-\Theta\rVert_{op}",
        "Why wide enough means what it does: the proof needs every kernel of the training to keep "
        "a positive smallest eigenvalue, and this is certain once the width error is below that "
        "of the limit (Weyl's inequality). It is sufficient, not necessary: networks follow the "
        "linear equation long before. An eigenvalue below its noise floor cannot be told from 0.",
        {
            r"\lambda_{\min}": "smallest eigenvalue of the kernel on the training points",
            r"\lVert\cdot\rVert_{op}": "operator norm, the largest absolute eigenvalue: it is "
            "what eigenvalues can change by",
            r"n\,\varepsilon\,\lambda_{\max}": "noise floor: what rounding alone would produce, "
            "with n rows and ε = 2.2e−16",
        },
        code="jntk_viz.pages.jntk_constancy.measures.regime",
        source="Weyl's inequality: Horn & Johnson, Matrix Analysis (2013), Section 4.3",
    ),
    Formula(
        r"u'=-\tfrac{1}{N}\,\Theta\,\Lambda\,(u-u^*),\qquad u=(f,J),\;u^*=(y,0),\;"
        r"\Lambda=\mathrm{diag}(1,\lambda,\dots,\lambda)",
        "With a constant kernel, training is this linear equation, solved in closed form. It is "
        "started from the network's own initial outputs; descent is stable below 2N/eₘₐₓ.",
        {r"e_{\max}": "largest eigenvalue of √Λ Θ √Λ on the training points"},
        code="jntk_viz.dynamics.LinearDynamics",
        source="Kim & Yang (ICML 2024), Section 4, after Theorem 4.5; without slopes: Lee et al. "
        "(NeurIPS 2019), Section 2",
    ),
)
