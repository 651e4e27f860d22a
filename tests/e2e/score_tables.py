"""Tables of scores, [layers][heads], beside each other."""


def flat(table):
    return [value for row in table for value in row]


def furthest(a, b):
    """The largest difference, as a share of b's largest value."""
    return max(abs(x - y) for x, y in zip(flat(a), flat(b), strict=True)) / max(map(abs, flat(b)))
