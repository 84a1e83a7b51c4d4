"""Numbers and units in words, one way everywhere: 5.8·10⁻⁶, 24 %, +0.12, −3, ∞."""

import math

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def superscript(k: int) -> str:
    """-12 -> ⁻¹²."""
    return str(k).translate(_SUPERSCRIPTS)


def subscript(k: int) -> str:
    """12 -> ₁₂."""
    return str(k).translate(_SUBSCRIPTS)


def power_of_ten(k: int) -> str:
    """0 -> 1, -3 -> 10⁻³: the tick of a logarithmic axis."""
    return "1" if k == 0 else f"10{superscript(k)}"


def number(value: float, digits: int = 2) -> str:
    """0.0023, 15, 480, 1.6·10⁻⁹ or ∞: a number of any size, to so many significant digits."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "∞" if value > 0 else "−∞"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    if value == 0 or -3 <= int(exponent) < 4:
        return f"{float(f'{value:.{digits}g}'):.10g}".replace("-", "−")
    return f"{mantissa}·10{superscript(int(exponent))}".replace("-", "−")


def decimals(value: float, digits: int = 2) -> str:
    """1.20 or −0.30, and 0.00 for what is rounded to it: a number to so many decimals."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def signed(value: float, digits: int = 2) -> str:
    """+0.12 or −0.30: a difference, to so many decimals."""
    return f"{value:+.{digits}f}".replace("-", "−")


def percent(fraction: float) -> str:
    """0.41 %, 3.2 %, 24 %, 150 %: to two digits, or whole from 100 % on; – where there is none."""
    if math.isnan(fraction):
        return "–"
    value = 100 * fraction
    return f"{value:.2g} %".replace("-", "−") if abs(value) < 99.5 else f"{value:.0f} %"


def stop(value: float) -> str:
    """0, 0.02, 500, 2·10³ or ∞: a stop of a slider, written exactly."""
    if value == 0 or 0.001 <= abs(value) < 1000:
        return f"{value:g}"
    if math.isinf(value):
        return "∞"
    digits, exponent = f"{value:.6e}".split("e")
    power, mantissa = f"10{superscript(int(exponent))}", f"{float(digits):g}"
    return power if mantissa == "1" else f"{mantissa}·{power}"
