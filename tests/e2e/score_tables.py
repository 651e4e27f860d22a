"""Compares tables of scores, [layers][heads]."""


def flat(table):
    return [value for row in table for value in row]


def furthest(a, b):
    """Returns the largest difference as a share of b's largest value."""
    return max(abs(x - y) for x, y in zip(flat(a), flat(b), strict=True)) / max(map(abs, flat(b)))
