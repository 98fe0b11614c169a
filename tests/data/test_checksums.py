import hashlib

import numpy as np

from gradnoise.data.checksums import checksum, seal


def test_the_checksum_is_of_type_shape_and_bytes():
    values = np.arange(6, dtype="<i8").reshape(2, 3)
    expected = hashlib.sha256(b"<i8 (2, 3)\n" + values.tobytes()).hexdigest()
    assert checksum([values]) == expected


def test_the_same_bytes_in_another_shape_have_another_checksum():
    values = np.arange(6.0)
    assert len({checksum([v]) for v in (values, values.reshape(2, 3), values.view("i8"))}) == 3


def test_the_seal_does_not_depend_on_the_order_of_attributes():
    one, other = {"a": 1, "b": [2]}, {"b": [2], "a": 1}
    assert seal(one, None) == seal(other, None)
    assert seal(one, np.ones((1, 1))) != seal(one, None)
