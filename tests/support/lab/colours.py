"""How alike colours are, to those who see all of them and to those who do not."""

import itertools

# From linear RGB to what is seen of it: Machado, Oliveira and Fernandes, 2009, at full severity.
_SEEN = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
# IEC 61966-2-1, and the white that it is relative to.
_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
_WHITE = (0.9505, 1.0, 1.089)


def _times(matrix, vector):
    return [sum(a * b for a, b in zip(row, vector)) for row in matrix]


def _linear(colour):
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def _lab(linear):
    def f(t):
        return t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116

    x, y, z = (f(value / white) for value, white in zip(_times(_XYZ, linear), _WHITE))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def likeness(colours):
    """Of these, "#RRGGBB", the least distance of two (CIE 1976), by whoever sees it least; infinite for one alone."""
    def seen_by(matrix):
        return [_lab([min(max(part, 0), 1) for part in _times(matrix, _linear(colour))]) for colour in sorted(colours)]

    return min((sum((a - b) ** 2 for a, b in zip(one, other)) ** 0.5 for matrix in _SEEN.values()
                for one, other in itertools.combinations(seen_by(matrix), 2)), default=float("inf"))
