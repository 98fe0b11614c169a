"""The compiled inner loops of `central_powers`: gradients formed, centred and raised to powers tile by tile.

A tile is `TOGETHER` samples at `WIDTH` columns of one row of a layer's weight. The kernels hand slices to each other
whose parts lie at distances known to the compiler: it uses vector instructions only where it sees that nothing
overlaps and no index wraps around.
"""

import numpy as np
from numba import njit

WIDTH = 64  # columns of a tile
TOGETHER = 4  # samples of a tile, and positions multiplied at a time; written out in the kernels
ROWS = 8  # rows of a layer that reuse the same patches while these are in the first-level cache
POWERS = 5
PATCHES = 1 << 16  # numbers of the patches made at a time; they stay in the second-level cache
ROUNDING = 2.0**-23  # of float32

_MATHS = {"reassoc", "contract", "nsz"}


@njit(inline="always")
def _add_four(tile, centre, sums) -> None:  # type: ignore[no-untyped-def]
    """Add a tile's four samples (4 * WIDTH,), about the centre (WIDTH,), to the sums (POWERS * WIDTH,)."""
    for k in range(WIDTH):
        mean = centre[k]
        a = np.float64(tile[k]) - mean
        b = np.float64(tile[WIDTH + k]) - mean
        c = np.float64(tile[2 * WIDTH + k]) - mean
        d = np.float64(tile[3 * WIDTH + k]) - mean
        a2, b2, c2, d2 = a * a, b * b, c * c, d * d
        # Pairs to pairs: shorter chains of additions, and less rounding, than one after the other.
        sums[k] += (a + b) + (c + d)
        sums[WIDTH + k] += (a2 + b2) + (c2 + d2)
        sums[2 * WIDTH + k] += (abs(a) * a2 + abs(b) * b2) + (abs(c) * c2 + abs(d) * d2)
        sums[3 * WIDTH + k] += (a * a2 + b * b2) + (c * c2 + d * d2)
        sums[4 * WIDTH + k] += (a2 * a2 + b2 * b2) + (c2 * c2 + d2 * d2)


@njit(inline="always")
def _add_one(tile, centre, sums) -> None:  # type: ignore[no-untyped-def]
    """The same for one sample (WIDTH,)."""
    for k in range(WIDTH):
        a = np.float64(tile[k]) - centre[k]
        a2 = a * a
        sums[k] += a
        sums[WIDTH + k] += a2
        sums[2 * WIDTH + k] += abs(a) * a2
        sums[3 * WIDTH + k] += a * a2
        sums[4 * WIDTH + k] += a2 * a2


@njit(nogil=True, cache=True, fastmath=_MATHS)
def add_gradients(gradients, centre, sums, first, last) -> None:  # type: ignore[no-untyped-def]
    """Tiles from `first` to `last`, row after row, of gradients (n, rows, columns)."""
    samples, _, columns = gradients.shape
    tile = np.zeros((TOGETHER, WIDTH), np.float32)
    flat = tile.reshape(-1)
    for number in range(first, last):
        row, block = divmod(number, centre.shape[1])
        begin = block * WIDTH
        width = min(WIDTH, columns - begin)
        tile[:, width:] = 0
        for sample in range(0, samples, TOGETHER):
            count = min(TOGETHER, samples - sample)
            for s in range(count):
                for k in range(width):
                    tile[s, k] = gradients[sample + s, row, begin + k]
            if count == TOGETHER:
                _add_four(flat, centre[row, block], sums[row, block])
            else:
                for s in range(count):
                    _add_one(tile[s], centre[row, block], sums[row, block])


@njit(inline="always")
def _fill_patches(inputs, offset, base, begin, group, groups, patches) -> None:  # type: ignore[no-untyped-def]
    """Inputs of `groups` groups of samples at the columns from `begin`; the rest stays zero."""
    columns = offset[begin : begin + WIDTH]
    patches[:, :, :, columns.size :] = 0
    for member in range(groups):
        first = (group + member) * TOGETHER
        for s in range(min(TOGETHER, inputs.shape[0] - first)):
            for p in range(base.size):
                shifted = inputs[first + s, base[p] :]
                row = patches[member, p // TOGETHER, s * TOGETHER + p % TOGETHER]
                for k in range(columns.size):
                    row[k] = shifted[columns[k]]


@njit(inline="always")
def _multiply(error, patches, tile) -> None:  # type: ignore[no-untyped-def]
    """Add four positions of four samples, errors (16,) times patches (16 * WIDTH,), to a tile."""
    a0, a1, a2, a3, b0, b1, b2, b3 = (error[0], error[1], error[2], error[3],
                                      error[4], error[5], error[6], error[7])  # fmt: skip
    c0, c1, c2, c3, d0, d1, d2, d3 = (error[8], error[9], error[10], error[11],
                                      error[12], error[13], error[14], error[15])  # fmt: skip
    for k in range(WIDTH):
        tile[k] += (a0 * patches[k] + a1 * patches[WIDTH + k]) + (
            a2 * patches[2 * WIDTH + k] + a3 * patches[3 * WIDTH + k]
        )
        tile[WIDTH + k] += (b0 * patches[4 * WIDTH + k] + b1 * patches[5 * WIDTH + k]) + (
            b2 * patches[6 * WIDTH + k] + b3 * patches[7 * WIDTH + k]
        )
        tile[2 * WIDTH + k] += (c0 * patches[8 * WIDTH + k] + c1 * patches[9 * WIDTH + k]) + (
            c2 * patches[10 * WIDTH + k] + c3 * patches[11 * WIDTH + k]
        )
        tile[3 * WIDTH + k] += (d0 * patches[12 * WIDTH + k] + d1 * patches[13 * WIDTH + k]) + (
            d2 * patches[14 * WIDTH + k] + d3 * patches[15 * WIDTH + k]
        )


@njit(inline="always")
def _multiply_and_add(error, patches, tile, centre, sums) -> None:  # type: ignore[no-untyped-def]
    """`_multiply` and then `_add_four`, without a way through the tile and back: most of the time goes here."""
    a0, a1, a2, a3, b0, b1, b2, b3 = (error[0], error[1], error[2], error[3],
                                      error[4], error[5], error[6], error[7])  # fmt: skip
    c0, c1, c2, c3, d0, d1, d2, d3 = (error[8], error[9], error[10], error[11],
                                      error[12], error[13], error[14], error[15])  # fmt: skip
    for k in range(WIDTH):
        mean = centre[k]
        one = (a0 * patches[k] + a1 * patches[WIDTH + k]) + (
            a2 * patches[2 * WIDTH + k] + a3 * patches[3 * WIDTH + k]
        )
        two = (b0 * patches[4 * WIDTH + k] + b1 * patches[5 * WIDTH + k]) + (
            b2 * patches[6 * WIDTH + k] + b3 * patches[7 * WIDTH + k]
        )
        three = (c0 * patches[8 * WIDTH + k] + c1 * patches[9 * WIDTH + k]) + (
            c2 * patches[10 * WIDTH + k] + c3 * patches[11 * WIDTH + k]
        )
        four = (d0 * patches[12 * WIDTH + k] + d1 * patches[13 * WIDTH + k]) + (
            d2 * patches[14 * WIDTH + k] + d3 * patches[15 * WIDTH + k]
        )
        a = np.float64(tile[k] + one) - mean
        b = np.float64(tile[WIDTH + k] + two) - mean
        c = np.float64(tile[2 * WIDTH + k] + three) - mean
        d = np.float64(tile[3 * WIDTH + k] + four) - mean
        aa, bb, cc, dd = a * a, b * b, c * c, d * d
        sums[k] += (a + b) + (c + d)
        sums[WIDTH + k] += (aa + bb) + (cc + dd)
        sums[2 * WIDTH + k] += (abs(a) * aa + abs(b) * bb) + (abs(c) * cc + abs(d) * dd)
        sums[3 * WIDTH + k] += (a * aa + b * bb) + (c * cc + d * dd)
        sums[4 * WIDTH + k] += (aa * aa + bb * bb) + (cc * cc + dd * dd)


@njit(nogil=True, cache=True, fastmath=_MATHS)
def add_products(inputs, error, offset, base, centre, sums, first, last) -> None:  # type: ignore[no-untyped-def]
    """Blocks of columns from `first` to `last`, all rows.

    Errors are (rows, groups of four samples, groups of four positions, 16), padded with zeros; offsets are
    unsigned, which need no check for negative indices.
    """
    samples = inputs.shape[0]
    rows, groups, parts = error.shape[:3]
    step = min(groups, max(1, PATCHES // (parts * TOGETHER**2 * WIDTH)))
    patches = np.zeros((step, parts, TOGETHER**2, WIDTH), np.float32)
    multiplied = patches.reshape(step, parts, -1)
    tile = np.zeros((TOGETHER, WIDTH), np.float32)
    flat = tile.reshape(-1)
    for block in range(first, last):
        for begin in range(0, groups, step):
            some = min(step, groups - begin)
            _fill_patches(inputs, offset, base, block * WIDTH, begin, some, patches)
            # Rows innermost: ROWS of them meet a group's patches before the next group's displace these.
            for start in range(0, rows, ROWS):
                for group in range(some):
                    count = min(TOGETHER, samples - (begin + group) * TOGETHER)
                    for row in range(start, min(start + ROWS, rows)):
                        factors, inside = error[row, begin + group], multiplied[group]
                        for part in range(parts - 1):
                            _multiply(factors[part], inside[part], flat)
                        if count == TOGETHER:
                            _multiply_and_add(
                                factors[-1], inside[-1], flat, centre[row, block], sums[row, block]
                            )
                        else:
                            _multiply(factors[-1], inside[-1], flat)
                            for s in range(count):
                                _add_one(tile[s], centre[row, block], sums[row, block])
                        # A lone part of a whole tile went past the tile, which is still zero.
                        if parts > 1 or count < TOGETHER:
                            flat[:] = 0


@njit(nogil=True, cache=True, fastmath=_MATHS)
def add_chosen(inputs, error, offset, base, row, column, order, centre, sums) -> None:  # type: ignore[no-untyped-def]
    """Coordinates in the order of their columns, whose inputs then stay in the cache."""
    samples, positions = error.shape[2], base.size
    gradient = np.empty(samples, np.float32)
    for c in order:
        o, begin = row[c], offset[column[c]]
        gradient[:] = 0
        # Four positions share one way of the gradient to the cache and back.
        for p in range(0, positions - 3, 4):
            e0, e1, e2, e3 = error[o, p], error[o, p + 1], error[o, p + 2], error[o, p + 3]
            x0, x1 = inputs[begin + base[p]], inputs[begin + base[p + 1]]
            x2, x3 = inputs[begin + base[p + 2]], inputs[begin + base[p + 3]]
            for i in range(samples):
                gradient[i] += (e0[i] * x0[i] + e1[i] * x1[i]) + (e2[i] * x2[i] + e3[i] * x3[i])
        for p in range(positions // 4 * 4, positions):
            e, x = error[o, p], inputs[begin + base[p]]
            for i in range(samples):
                gradient[i] += e[i] * x[i]
        mean = centre[c]
        first = second = absolute = third = fourth = 0.0
        for i in range(samples):
            a = np.float64(gradient[i]) - mean
            a2 = a * a
            first += a
            second += a2
            absolute += abs(a) * a2
            third += a * a2
            fourth += a2 * a2
        to = c // WIDTH * POWERS * WIDTH + c % WIDTH
        sums[to] += first
        sums[to + WIDTH] += second
        sums[to + 2 * WIDTH] += absolute
        sums[to + 3 * WIDTH] += third
        sums[to + 4 * WIDTH] += fourth


@njit(nogil=True, cache=True)
def finish(centre, sums, samples, columns, moments, first, last) -> None:  # type: ignore[no-untyped-def]
    """Moments (POWERS, rows, columns) of the rows from `first` to `last`."""
    for row in range(first, last):
        for column in range(columns):
            block, k = divmod(column, WIDTH)
            one = sums[row, block, k] / samples
            two = sums[row, block, WIDTH + k] / samples
            three = sums[row, block, 3 * WIDTH + k] / samples
            # The centre is the mean but for rounding; what is left of it, `one`, is taken out.
            mean, variance = centre[row, block, k] + one, two - one * one
            moments[0, row, column] = mean
            if variance > (ROUNDING * mean) ** 2:
                four = sums[row, block, 4 * WIDTH + k] / samples
                moments[1, row, column] = variance
                moments[2, row, column] = sums[row, block, 2 * WIDTH + k] / samples
                moments[3, row, column] = three - 3 * one * two + 2 * one**3
                moments[4, row, column] = four - 4 * one * three + 6 * one**2 * two - 3 * one**4


def warm() -> None:
    """Compile the kernels, or load them from the cache."""
    one, zero = np.zeros((1, 1, 1), np.float32), np.zeros(1, np.int64)
    centre, sums = np.zeros((1, 1, WIDTH)), np.zeros((1, 1, POWERS * WIDTH))
    add_gradients(one, centre, sums, 0, 1)
    error = np.zeros((1, 1, 1, TOGETHER**2), np.float32)
    add_products(one[0], error, zero.astype(np.uint32), zero, centre, sums, 0, 1)
    add_chosen(one[0], one, zero, zero, zero, zero, zero, centre[0, 0], sums[0, 0])
    finish(centre, sums, 1, 1, np.zeros((POWERS, 1, 1)), 0, 1)
