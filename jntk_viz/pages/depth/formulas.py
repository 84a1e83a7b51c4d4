"""The equations of the page on depth, each with the function that computes it."""

from jntk_viz.frame.formula_sheet import Formula

FORMULAS = (
    Formula(
        r"Q^{l+1}=\sigma_w^2\,\mathbb{E}\,\varphi(u)^2+\sigma_b^2,\qquad "
        r"c^{l+1}=\frac{\sigma_w^2\,\mathbb{E}\,\varphi(u)\varphi(v)+\sigma_b^2}{Q^{l+1}};\qquad "
        r"F^{l+1}=F^l+\alpha^2(\sigma_w^2\,\mathbb{E}\,\varphi(u)\varphi(v)+\sigma_b^2)",
        "Variance and correlation of the neurons from layer to layer in the limit of infinite "
        "width, for a plain network and with skips, whose variance grows and has no fixed point.",
        {
            r"Q^{l},\;c^{l}": "variance of a pre-activation of layer l; its correlation at the "
            "two inputs",
            r"u,\;v": "normal numbers of variance Qˡ and correlation cˡ",
            r"\sigma_w,\;\sigma_b": "standard deviations of weights and biases",
            r"\alpha": "weight of each layer beside its skip",
            r"F^{l}": "covariance of a pre-activation at the two inputs; at equal ones it is Qˡ",
            r"\varphi": "activation, scaled so that E φ(z)² = 1 at variance one",
        },
        code="jntk_viz.pages.depth.signal.limit",
        source="Poole et al. (NeurIPS 2016); skips: Yang & Schoenholz (NeurIPS 2017)",
    ),
    Formula(
        r"\chi_1=\sigma_w^2\,\mathbb{E}\,\varphi'(u)^2,\qquad "
        r"\xi^{-1}=-\ln\big(\sigma_w^2\,\mathbb{E}\,\varphi'(u)\varphi'(v)\big)"
        r"\ \text{at}\ Q^*,c^*",
        "At the fixed point of a plain network a layer multiplies small differences of inputs by "
        "χ₁. Below one all correlations tend to c* = 1 (order), above one to a c* < 1 (chaos), "
        "by a factor e every ξ layers. On the line χ₁ = 1 the depth scale ξ is infinite.",
        {
            r"\chi_1": "growth of small differences and of |J|², layer by layer",
            r"\xi": "depth scale, in layers",
            r"Q^*,\;c^*": "fixed points of variance and correlation",
        },
        code="jntk_viz.pages.depth.phases.fixed_point",
        source="Schoenholz et al. (ICLR 2017)",
    ),
    Formula(
        r"\mathbb{E}\,|J|^2=d_0F_c+F_{cc}+4F_{cq}+4F_{qq'}\ \ \text{at}\ x=x',\qquad "
        r"J=\frac{\partial f}{\partial x}",
        "The mean squared input slope of a network of depth L is the trace of its Jacobian NNGP "
        "kernel at one input. It is multiplied by about χ₁ for each layer: it explodes in chaos "
        "and vanishes in order.",
        {
            r"F(q,q',c)": "the kernel as a function of |x|², |x′|² and ⟨x, x′⟩; indices are "
            "derivatives",
            r"d_0": "dimension of the inputs, here 2",
        },
        code="jntk_viz.pages.depth.signal.limit",
        source="Kim & Yang (ICML 2024), Theorem 3.2; its growth: Poole et al. (NeurIPS 2016)",
    ),
    Formula(
        r"\kappa(\Theta)=\frac{\lambda_{\max}}{\lambda_{\min}},\qquad "
        r"\lambda_{\min}>n\,\varepsilon\,\lambda_{\max}",
        "Condition of the Jacobian NTK on the inputs, known only where λₘᵢₙ stands above the noise "
        "floor of float64.",
        {
            r"\Theta": "the Jacobian NTK on 20 inputs of iris",
            r"\lambda_{\min},\,\lambda_{\max}": "its smallest and its largest eigenvalue",
            r"n,\;\varepsilon": "number of its rows, 100; machine precision, 2.2·10⁻¹⁶",
        },
        code="jntk_viz.pages.depth.kernel.ends",
        source="Golub & Van Loan, Matrix Computations (2013), Chapters 2 and 8",
    ),
    Formula(
        r"R(t)=\frac1m\sum_i\mathbf{1}\Big["
        r"\min_{|\delta|\le\varepsilon} y_i f_t(x_i+\delta)>0\Big],\qquad "
        r"t^*=\arg\max_t R(t)\ \text{on other points}",
        "Robust accuracy of training with λ, at the time that is best on a validation part, and at "
        "t = ∞, where the predictor does not depend on λ > 0. The minimum is sought by projected "
        "gradients on the sphere, which gives an upper bound. Time is in steps of "
        "gradient descent of size N/eₘₐₓ, half of what is stable.",
        {
            r"f_t": "trained on half of the points for a time t",
            r"\varepsilon": "size of a change, L2",
            r"e_{\max},\;N": "largest eigenvalue of the kernel with λ; number of training points",
        },
        code="jntk_viz.pages.depth.training.trained",
        source="Madry et al. (ICLR 2018)",
    ),
)
