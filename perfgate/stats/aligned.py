"""A rank test within the blocks of an interleaved measurement, for machines whose speed drifts.

A block holds four neighbouring runs, two of each side, in the order ABBA or BAAB by a coin.
Each run is aligned to the middle of its block before all are ranked, so that what
moves a whole block moves no rank.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING

from perfgate.stats.distributions import normal_tail
from perfgate.stats.quantiles import MAD_TO_SIGMA, mad, median
from perfgate.stats.ranks import RankTest
from perfgate.stats.tied_ranks import doubled_ranks

if TYPE_CHECKING:
    from collections.abc import Sequence

OF_A_BLOCK = 2
"""Runs of each side in a block."""
FEWEST_BLOCKS = 5
"""Blocks from which on the test replaces the rank test of all runs: with 4 it cannot reach p = 0.01 % at all."""
MOST_EXACT_BLOCKS = 10
"""Blocks up to which every assignment is counted; more have the normal approximation."""
_DRIFTING = 1.25
"""Variance of the blocks' means, in variances of a run within its block, from which on they are aligned: what blocks
have in common then varies as much as the runs in them, beside the quarter that four runs leave in their mean."""
_WITHIN = 0.675
"""Median over blocks of the half sum of the gaps of its two lower and its two upper runs, for normal noise of
deviation 1 (by simulation). Where one side is far slower the gaps are those of each side: 1.5 times as wide at most."""
_STEPS = 60
"""Halvings of an interval of logs: far below what a report shows."""


def split_blocks(
    base: Sequence[float], current: Sequence[float]
) -> list[tuple[tuple[float, ...], tuple[float, ...]]] | None:
    """Return the blocks of two interleaved sides; None where there are too few, or the sides differ in length.

    Args:
        base: the baseline's runs in their order.
        current: the current runs in theirs.
    """
    starts = range(0, len(base), OF_A_BLOCK)
    if len(base) != len(current) or len(base) // OF_A_BLOCK < FEWEST_BLOCKS:
        return None
    return [(tuple(base[i : i + OF_A_BLOCK]), tuple(current[i : i + OF_A_BLOCK])) for i in starts]


def does_drift(base: Sequence[float], current: Sequence[float]) -> bool:
    """Does the speed of the machine vary more between blocks than within them, so that aligning them pays?

    It takes each block as a set of four runs, whichever side a run is of, so that choosing a
    test by it keeps the false-alarm rate. A slower side moves all means alike, so that it hardly
    changes the answer: a larger change is not judged by another test than a smaller one.

    Args:
        base: logs of the baseline's runs in their order.
        current: logs of the current runs in theirs.
    """
    blocks = split_blocks(base, current)
    if blocks is None:
        return False
    runs = [sorted((*was, *now)) for was, now in blocks if len(was) == OF_A_BLOCK]
    means = [math.fsum(block) / len(block) for block in runs]
    gaps = [(block[1] - block[0] + block[3] - block[2]) / 2 for block in runs]
    between, within = MAD_TO_SIGMA * mad(means), median(gaps) / _WITHIN
    return between**2 > _DRIFTING * within**2


def aligned_ranks(base: Sequence[float], current: Sequence[float]) -> RankTest:
    """Test one-sided whether interleaved current runs tend to be larger than the baseline's in their own block.

    Args:
        base: logs of the baseline's runs in their order; all finite.
        current: logs of the current runs in theirs, as many; all finite.

    Returns:
        The test; `u` is the sum of the current runs' ranks among all aligned ones. `p` is the share of
        the assignments within blocks, each equally likely, with such a sum or a larger one: exact up to
        10 blocks, else by the normal approximation with correction for continuity.

    Raises:
        ValueError: the sides differ in length, or hold too few blocks.

    Source:
        Hodges and Lehmann (1962), "Rank Methods for Combination of Independent Experiments in
        Analysis of Variance", Annals of Mathematical Statistics 33(2): aligned ranks.
    """
    blocks = split_blocks(base, current)
    if blocks is None:
        raise ValueError(f"needs {FEWEST_BLOCKS} blocks of equal sides, got {len(base)} and {len(current)} runs")
    aligned, sizes = _align(blocks)
    ranks = doubled_ranks(aligned)
    doubled = [ranks[log] for log in aligned]
    sums, own, place = [], 0, 0
    for size in sizes:
        of_block = doubled[place : place + 2 * size]
        own += sum(of_block[size:])
        sums.append(list(map(sum, combinations(of_block, size))))
        place += 2 * size
    is_exact = len(blocks) <= MOST_EXACT_BLOCKS
    return RankTest(u=own / 2, p=_count_tail(sums, own) if is_exact else _approximate(sums, own), exact=is_exact)


def can_reach(runs: int, level: float) -> bool:
    """Can so many runs of each side be significant by `aligned_ranks` at all?

    Args:
        runs: of each side, >= 1.
        level: largest p-value that counts as significant, 0.0 < level < 1.0.
    """
    ways = math.comb(2 * OF_A_BLOCK, OF_A_BLOCK) ** (runs // OF_A_BLOCK) * (2 if runs % OF_A_BLOCK else 1)
    return runs // OF_A_BLOCK >= FEWEST_BLOCKS and 1 / ways <= level


def smallest_aligned_shift(base: Sequence[float], current: Sequence[float], level: float) -> float | None:
    """Return the shift of all current runs beyond which they are significantly larger.

    A shift never lowers a rank of theirs within its block. Where ties are broken by it, p may
    rise a little nevertheless; the shift lies on that side of 0.0 which the runs as they are prove.

    Args:
        base: logs of the baseline's runs in their order; all finite.
        current: logs of the current runs in theirs, as many; all finite.
        level: largest p-value that counts as significant, 0.0 < level < 1.0.

    Returns:
        The shift, on logs, below 0.0 exactly when the runs are significant as they are; None if no
        shift whatever is significant with so few blocks.
    """
    if not can_reach(len(base), level):
        return None
    reach = max(map(abs, (*base, *current))) * 2 + 1.0

    def is_significant(shift: float) -> bool:
        return aligned_ranks(base, [log + shift for log in current]).p <= level

    low, high = (-reach, 0.0) if is_significant(0.0) else (0.0, reach)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if is_significant(middle) else (middle, high)
    return high if high > 0.0 else low


def aligned_shift(
    base: Sequence[float], current: Sequence[float], confidence: float = 0.95
) -> tuple[float, tuple[float, float] | None]:
    """Return the shift of interleaved current runs above the baseline's, with the interval that `aligned_ranks` leaves.

    Args:
        base: logs of the baseline's runs in their order; all finite.
        current: logs of the current runs in theirs, as many; all finite.
        confidence: of the two ends together, 0.0 < confidence < 1.0.

    Returns:
        The median of the differences of two runs of one block, and the lower and upper end; None for
        the ends when so few blocks can never reach the confidence.
    """
    blocks = split_blocks(base, current) or []
    shift = median([c - b for was, now in blocks for b in was for c in now])
    half = 0.5 * (1.0 - confidence)
    ends = smallest_aligned_shift(base, current, half), smallest_aligned_shift(current, base, half)
    # A shift of the current runs that makes them significantly larger is the negative of one that is left out.
    return shift, None if ends[0] is None or ends[1] is None else (-ends[0], ends[1])


def _align(blocks: Sequence[tuple[tuple[float, ...], tuple[float, ...]]]) -> tuple[list[float], list[int]]:
    """Return each run less the middle of its block, block by block, the baseline's first, and the blocks' sizes."""
    aligned: list[float] = []
    for base, current in blocks:
        middle = median([*base, *current])  # of four: the mean of the two middle ones
        aligned += [log - middle for log in (*base, *current)]
    return aligned, [len(base) for base, _ in blocks]


def _count_tail(sums: Sequence[Sequence[int]], own: int) -> float:
    """Return the share of all assignments whose sum is at least `own`.

    The sums of a block are a polynomial, and that of all blocks is their product. A polynomial
    is one large integer whose bit fields are its coefficients.
    """
    whole = math.prod(map(len, sums))
    width = whole.bit_length() + 1
    ways = 1
    for of_block in sums:
        least = min(of_block)
        own -= least
        ways *= sum(1 << width * (total - least) for total in of_block)
    return ((ways >> width * own) % ((1 << width) - 1)) / whole  # the digits' sum in base 2**width


def _approximate(sums: Sequence[Sequence[int]], own: int) -> float:
    """Return the same by the normal approximation; sums are of doubled ranks, whose steps are two."""
    means = [math.fsum(of_block) / len(of_block) for of_block in sums]
    variance = math.fsum(
        (total - mean) ** 2 / len(of_block) for of_block, mean in zip(sums, means, strict=True) for total in of_block
    )
    return normal_tail((own - math.fsum(means) - 1.0) / math.sqrt(variance)) if variance > 0.0 else 1.0
