"""What inputs are (images, numbers or integers such as tokens), and the shape and type in which they are stored."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gradnoise.errors import InputError

Asked = Literal["auto", "numbers", "tokens"]
Kind = Literal["images", "numbers", "tokens"]


CHANNELS = (1, 2, 3, 4)  # what an image's channel axis is recognised by


COARSE = 1e-3  # rounding to float32, over the range of a column, that would change a result


def kind_of(where: str, shape: Sequence[int], dtype: np.dtype, asked: Asked = "auto") -> Kind:
    """What an array of inputs holds, by its header.

    Args:
        where: what messages begin with.
        shape: of the array, samples first.
        dtype: of the array.
        asked: "numbers" and "tokens" decide; with "auto" 8-bit arrays of an image's shape are images, other integers
            tokens, and all else is numbers.

    Raises:
        InputError: where tokens are asked for and found are no integers.
    """
    integers = dtype.kind in "iu"
    if asked == "tokens" and not integers:
        raise InputError(
            f"{where}: found type {dtype}; expected integers, since data.inputs is tokens: save them as integers, "
            "or set data.inputs: numbers"
        )
    if asked != "auto":
        return asked
    if image_shape(shape, dtype) is not None:
        return "images"
    return "tokens" if integers else "numbers"


def input_shape(
    where: str, shape: Sequence[int], dtype: np.dtype, asked: Asked
) -> tuple[tuple[int, ...], Kind]:
    """Shape of one input as models see it, and what it is, by the array's header.

    Raises:
        InputError: for rows of different lengths, no samples, no feature axis, or images with other channels last than 8-bit ones.
    """
    if dtype.hasobject:
        raise InputError(
            f"{where}: found texts, or rows of different lengths; expected numbers in one array: pad sequences to one "
            "length, and their targets with -100"
        )
    if len(shape) < 2 or 0 in shape:
        raise InputError(
            f"{where}: found shape {tuple(shape)}; expected (samples, features, ...), none of them 0"
        )
    kind = kind_of(where, shape, dtype, asked)
    if kind != "tokens":
        require_channels_first(where, shape, dtype)
    image = image_shape(shape, dtype) if kind == "images" else None
    return image or tuple(shape[1:]), kind


def image_shape(shape: Sequence[int], dtype: np.dtype) -> tuple[int, ...] | None:
    """(channels, height, width) of an array of images, or None where it does not hold images.

    Images are uint8 arrays (N, height, width), (N, channels, height, width) or (N, height, width, channels).
    """
    if dtype != np.uint8 or len(shape) not in (3, 4):
        return None
    if len(shape) == 3:
        return (1, *shape[1:])
    if shape[1] not in CHANNELS and shape[3] in CHANNELS:
        return (shape[3], shape[1], shape[2])
    return tuple(shape[1:])


def require_channels_first(where: str, shape: Sequence[int], dtype: np.dtype) -> None:
    """Refuse what would be taken for an image of as many channels as rows.

    8-bit images with up to four channels last are known as such (`image_shape`); of all else no shape says so.

    Raises:
        InputError: for (N, height, width, channels) where the axes leave little doubt.
    """
    if len(shape) != 4:
        return
    first, second, last = shape[1:]
    if first in CHANNELS or (dtype == np.uint8 and last in CHANNELS):
        return
    if last < min(first, second) and (last in CHANNELS or first == second):
        raise InputError(
            f"{where}: found shape {tuple(shape)} and type {dtype}, which looks like images with channels last; "
            "expected (samples, channels, height, width): save np.moveaxis(inputs, 3, 1)"
        )


def standardised(
    where: str, inputs: NDArray, kind: type = np.float32, asked: Asked = "auto"
) -> NDArray:
    """Inputs as they are stored: images as uint8 (N, channels, height, width), tokens as int64, numbers as finite
    float32, or as float64 where that is the kind and float32 would round them.

    Raises:
        InputError: as `input_shape`, for values that are no numbers, NaN or infinity, or integers beyond int64.
    """
    shape, found = input_shape(where, inputs.shape, inputs.dtype, asked)
    if found == "images":
        moved = inputs.ndim == 4 and inputs.shape[1:] != shape
        images = np.moveaxis(inputs, 3, 1) if moved else inputs
        return np.ascontiguousarray(images.reshape(len(inputs), *shape))
    if found == "tokens":
        if int(inputs.max()) > np.iinfo(np.int64).max:
            raise InputError(f"{where}: found {inputs.max()}; expected integers within int64")
        return np.ascontiguousarray(inputs, np.int64)
    return finite(where, inputs, kind)


def finite(where: str, values: NDArray, kind: type = np.float32) -> NDArray:
    """Real numbers as float32 or float64, all of them finite in float32.

    Raises:
        InputError: for values that are none, or that float32 cannot tell apart where it is asked for.
    """
    if values.dtype.kind not in "iuf":
        raise InputError(f"{where}: found type {values.dtype}; expected real numbers")
    with np.errstate(over="ignore"):  # becomes infinity, which is reported below
        single = np.ascontiguousarray(values, np.float32)
    wrong = ~np.isfinite(single)
    if wrong.any():
        first = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise InputError(
            f"{where}: found {values[first]} at {first} ({wrong.sum()} such values); "
            "expected finite numbers within float32"
        )
    double = np.ascontiguousarray(values, np.float64)
    # Centring comes before rounding: what float32 holds exactly needs no more room.
    if kind is np.float64:
        return single if np.result_type(values.dtype, np.float32) == np.float32 else double
    if (np.abs(double - single).max(axis=0) > COARSE * np.ptp(double, axis=0)).any():
        raise InputError(
            f"{where}: found values around {double.flat[0]:g} that float32 cannot tell apart; expected a smaller "
            "offset: subtract it"
        )
    return single
