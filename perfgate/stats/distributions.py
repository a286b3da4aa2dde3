"""Tails and quantiles of the normal, Student t, beta and binomial distributions."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TINY = 1e-300
"""Stands in for a zero denominator in the continued fraction (modified Lentz)."""
CLOSE = 1e-15
"""A step smaller than this, relatively, ends an iteration: a few units in the last place."""
MOST_STEPS = 100_000
"""The continued fraction needs about sqrt(max(a, b)) steps; this is far beyond df = 1e6."""
CENTRE = 0.1
"""Tails smaller than this are solved on the tail, larger ones on what lies between them and one half.
So are logarithms: of 1 - x from an x below it."""
MOST_DF = 1e8
"""Largest degrees of freedom: beyond, the law is the normal one to 8 digits, and the fraction loses more."""
KEPT = 4096
"""Most quantiles of Student's t that are kept: a suite asks for a few, an audit for hundreds."""
LARGE = 1000.0
"""Shapes from which on two terms of Stirling's series are exact to the last place (the third is 1e-18)."""


def normal_tail(z: float) -> float:
    """Return the probability that a standard normal value exceeds ``z``.

    Args:
        z: any float, infinite ones included.

    Returns:
        A probability, 0.0 to 1.0, with full relative accuracy in the upper tail.
    """
    return 0.5 * math.erfc(z / math.sqrt(2.0))


def normal_quantile(p: float) -> float:
    """Return the value that a standard normal value stays below with probability ``p``.

    A rational first guess and Halley steps on the error function: importing
    `statistics` for this would cost ten milliseconds.

    Args:
        p: 0.0 < p < 1.0.

    Returns:
        The quantile, within a few units in the last place.

    Raises:
        ValueError: ``p`` outside (0, 1).

    Source:
        Abramowitz and Stegun (1964), "Handbook of Mathematical Functions", 26.2.23.
    """
    _check_open("p", p)
    tail = min(p, 1.0 - p)
    if tail == 0.5:  # noqa: PLR2004 - the middle of a symmetric law
        return 0.0
    root = math.sqrt(-2.0 * math.log(tail))
    over = 2.515517 + root * (0.802853 + root * 0.010328)
    under = 1.0 + root * (1.432788 + root * (0.189269 + root * 0.001308))
    z = root - over / under
    for _ in range(3):
        excess = normal_tail(z) - tail if tail < CENTRE else (0.5 - tail) - 0.5 * math.erf(z / math.sqrt(2.0))
        step = excess / (math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi))
        z += step / (1.0 - 0.5 * z * step)
    return z if p > tail else -z


def t_cdf(t: float, df: float) -> float:
    """Return the probability that a Student t value is at most ``t``.

    Args:
        t: any float, infinite ones included.
        df: degrees of freedom, 0.0 < df <= 1e8, not necessarily whole.

    Returns:
        A probability, 0.0 to 1.0; exactly 0.0 or 1.0 where ``t`` is too large to square.

    Raises:
        ValueError: ``df`` outside (0, 1e8].

    Source:
        Abramowitz and Stegun (1964), "Handbook of Mathematical Functions", 26.7.1.
    """
    _check_df(df)
    tail = _t_tail(abs(t), df)
    return tail if t < 0.0 else 1.0 - tail


def t_quantile(p: float, df: float) -> float:
    """Return the value that a Student t value stays below with probability ``p``.

    Newton's method on the logarithms of tail and value: there the tail is nearly a
    straight line, so a handful of steps serve even the heaviest tails.

    Args:
        p: 0.0 < p < 1.0.
        df: degrees of freedom, 0.0 < df <= 1e8, not necessarily whole.

    Returns:
        The quantile, relative error below 1e-9 for ``p`` from 1e-300.

    Raises:
        ValueError: ``p`` outside (0, 1), or ``df`` outside (0, 1e8].
        OverflowError: the quantile is too large for a float squared (df below about 0.05),
            or its tail too small for one (``p`` below 1e-300).

    Source:
        Abramowitz and Stegun (1964), "Handbook of Mathematical Functions", 26.7.1.
    """
    _check_open("p", p)
    _check_df(df)
    tail = min(p, 1.0 - p)
    if tail == 0.5:  # noqa: PLR2004 - the middle of a symmetric law
        return 0.0
    t = _t_upper_quantile(tail, df)
    return t if p > tail else -t


def clopper_pearson(k: int, n: int, confidence: float) -> tuple[float, float]:
    """Return an interval for a probability, given ``k`` hits in ``n`` trials.

    It covers the truth at least as often as promised, for every n.

    Args:
        k: number of hits, 0 <= k <= n.
        n: number of trials, >= 1.
        confidence: of the two ends together, 0.0 < confidence < 1.0.

    Returns:
        Lower and upper end, 0.0 to 1.0.

    Raises:
        ValueError: ``k`` or ``n`` impossible, or ``confidence`` outside (0, 1).

    Source:
        Clopper and Pearson (1934), "The Use of Confidence or Fiducial Limits
        Illustrated in the Case of the Binomial", Biometrika 26(4).
    """
    if n < 1 or not 0 <= k <= n:
        raise ValueError(f"needs 0 <= k <= n and n >= 1, got k={k!r}, n={n!r}")
    _check_open("confidence", confidence)
    tail = 0.5 * (1.0 - confidence)
    lower = 0.0 if k == 0 else _root(lambda x: incomplete_beta(k, n - k + 1.0, x) - tail)
    upper = 1.0 if k == n else _root(lambda x: tail - incomplete_beta(float(n - k), k + 1.0, 1.0 - x))
    return lower, upper


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b).

    Args:
        a: first shape, > 0.
        b: second shape, > 0.
        x: 0.0 <= x <= 1.0.

    Returns:
        A probability, 0.0 to 1.0.

    Raises:
        ValueError: a shape is not positive, or ``x`` lies outside [0, 1].
        ArithmeticError: the shapes are so large that the fraction does not settle.

    Source:
        Press et al. (2007), "Numerical Recipes", 3rd ed., section 6.4.
    """
    if not (a > 0.0 and b > 0.0 and 0.0 <= x <= 1.0):
        raise ValueError(f"needs a > 0, b > 0 and x in [0, 1], got {a!r}, {b!r}, {x!r}")
    return _beta_share(a, b, x, 1.0 - x)


@lru_cache(maxsize=KEPT)
def _t_upper_quantile(tail: float, df: float) -> float:
    """Return the value that a Student t value exceeds with probability ``tail``, 0.0 < tail < 0.5.

    Kept, since the benchmarks of a suite ask for few levels and degrees of freedom.
    """
    log_scale = -_log_beta(0.5 * df, 0.5) - 0.5 * math.log(df)
    t = -normal_quantile(tail)  # the answer lies beyond the normal's
    for _ in range(100):
        exceeding = _t_tail(t, df)
        if exceeding == 0.0:
            raise OverflowError(f"the quantile of tail {tail!r} with df = {df!r} is too large")
        log_density = log_scale - 0.5 * (df + 1.0) * math.log1p(t * t / df)  # far out no float holds the density
        step = math.log(exceeding / tail) * math.exp(math.log(exceeding) - math.log(t) - log_density)
        t *= math.exp(step)
        if abs(step) < CLOSE:
            break
    return t


def _t_tail(t: float, df: float) -> float:
    """Return P(T > t) for t >= 0, 0.0 beyond squares; both x and 1 - x are formed without loss."""
    square = t * t
    if math.isinf(square):
        return 0.0
    return 0.5 * _beta_share(0.5 * df, 0.5, df / (df + square), square / (df + square))


def _log_beta(a: float, b: float) -> float:
    """Return the logarithm of the beta function; by Stirling's series where a difference of lgammas would lose it."""
    small, large = min(a, b), max(a, b)
    if large < LARGE:
        return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    whole = a + b
    rest = (1.0 / large - 1.0 / whole) / 12.0 - (large**-3 - whole**-3) / 360.0
    return math.lgamma(small) + small - (large - 0.5) * math.log1p(small / large) - small * math.log(whole) + rest


def _beta_share(a: float, b: float, x: float, rest: float) -> float:
    """Return I_x(a, b), where ``rest`` is 1 - x without its rounding error."""
    if x == 0.0 or rest == 0.0:
        return 0.0 if x == 0.0 else 1.0
    logs = math.log1p(-rest) if rest < CENTRE else math.log(x), math.log1p(-x) if x < CENTRE else math.log(rest)
    front = math.exp(a * logs[0] + b * logs[1] - _log_beta(a, b))
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _fraction(a, b, x) / a
    return 1.0 - front * _fraction(b, a, rest) / b


def _fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction of I_x(a, b), by the modified Lentz method."""
    c, d = 1.0, 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, MOST_STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        change = 1.0
        for term in (even, odd):
            d = 1.0 / _away_from_zero(1.0 + term * d)
            c = _away_from_zero(1.0 + term / c)
            change = c * d
            value *= change
        if abs(change - 1.0) <= CLOSE:
            return value
    raise ArithmeticError(f"the fraction of I_{x!r}({a!r}, {b!r}) does not settle")


def _away_from_zero(value: float) -> float:
    """Return ``value``, or a tiny stand-in if it is zero."""
    return value if abs(value) > TINY else TINY


def _root(rising: Callable[[float], float]) -> float:
    """Return where a rising function on [0, 1] passes zero, to the last bit."""
    low, high = 0.0, 1.0
    while low < (middle := 0.5 * (low + high)) < high:
        if rising(middle) < 0.0:
            low = middle
        else:
            high = middle
    return high


def _check_open(name: str, share: float) -> None:
    """Raise ValueError unless ``share`` lies strictly between 0 and 1."""
    if not 0.0 < share < 1.0:
        raise ValueError(f"{name} must lie in (0, 1), got {share!r}")


def _check_df(df: float) -> None:
    """Raise ValueError unless ``df`` is positive and no larger than the laws are exact for."""
    if not 0.0 < df <= MOST_DF:
        raise ValueError(f"df must be positive and at most {MOST_DF:g}, got {df!r}")
