"""Words of the answer to each prediction, none of which may be on screen before the guess."""

TELLING = {
    "playground": {
        "calm-and-wild": "[Cc]alm|part|flattens|half-way|fools",
        "infinity": "[Ss]lope|runs through|between them|fools",
    },
    "gp_convergence": {
        "observe-a-slope": "side|right there|nowhere",
        "two-values-and-a-slope": "shelf",
        "tails": "heav|looks Gaussian|mixture",
        "deep-and-narrow": "heav|mixture",
        "one-over-root-width": "1/√|root|[Hh]alf",
    },
    "jntk_constancy": {
        "the-wider-the-stiller": "[Tt]he wider|still|least",
        "lambda-makes-the-jacobian-fall": "fall|pulls",
        "small-scale": "have to move|must go|further",
        "past-the-stability-limit": "explode|diverge|survive",
        "is-the-regime-reached": "certain|The fewer|hundred times",
    },
    "robust_training": {
        "more-robust": "More robust|rises|lies above|smooth",
        "robust-overfitting": "overfit|loses|part of the method",
        "infinity": "stops mattering|neither|all the same",
        "too-large-steps": "far above|[Oo]ne mode",
        "paper": "hardly|strong link",
    },
    "eigenfeatures": {
        "claim": "Stronger|Weaker|more of a line|No clear",
        "over-lambda": "overlap|sums up",
        "fragile": "yet fragile|stand an attack",
        "first": "More robust|Less robust|keeps only",
    },
    "full_rank": {
        "depth-and-activation": "bends|the largest",
        "parallel": "third derivative|θ⁶|watch λₘᵢₙ fall",
        "antipodal": "[Oo]dd|antipodal",
        "relu": "as many|one combination|homogeneous",
        "time": "slower|64|of order",
        "time-and-depth": "shortens|orders of magnitude",
    },
    "breakdown": {
        "loss-plateau": "does not depend|eight layers|deeper|Drop one",
        "jacobian-norm": "does not fall|larger|flatten",
        "exploding-depth": "straight line|8·10",
        "wrong-normalisation": "every width|at every|learn features",
        "off-the-sphere": "not to this|almost the same|another limit",
        "learning-rate": "1\\.4|gives way|square",
        "float32": "cannot resolve|sink|is noise",
        "relu": "does not have|misses|above β|between them",
    },
    "depth": {
        "chaos": "strangers|fixed point at zero|whatever the angle",
        "skips": "rescue|falls as",
        "biases": "together|alike",
        "training": "costs time|not robustness|learned slowly|no clear difference",
    },
}
