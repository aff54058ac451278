"""Tell what is wrong from what is chance."""

import math


def find_chance(number: int, failed: int, rate: float) -> float:
    """Return how likely so many of the number fail, or more, where each does by this rate.

    >>> round(find_chance(2, 1, 0.5), 3), round(find_chance(100, 12, 0.025), 6), find_chance(9, 0, 0.1)
    (0.75, 8e-06, 1.0)
    """
    if rate <= 0 or rate >= 1 or failed <= 0:
        return float(failed <= 0 or rate >= 1)
    ways = math.lgamma(number + 1) - math.lgamma(failed + 1) - math.lgamma(number - failed + 1)
    log = ways + failed * math.log(rate) + (number - failed) * math.log1p(-rate)
    total = math.exp(log)
    for count in range(failed, number):
        log += math.log(rate) - math.log1p(-rate) + math.log(number - count) - math.log(count + 1)
        total += math.exp(log)
    return min(1.0, total)
