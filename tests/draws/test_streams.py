"""Random streams: independent, and fixed for good."""

from gradnoise.draws.streams import Stream, generator, seed_sequence, torch_seed


def test_streams_are_independent_by_purpose_and_key():
    states = {
        tuple(seed_sequence(0, stream, *key).generate_state(2))
        for stream in Stream
        for key in ((), (0,), (1,), ("conv1.weight",), ("conv2.weight",))
    }
    assert len(states) == 5 * len(Stream)
    assert 0 <= torch_seed(0, Stream.INITIALISATION) < 2**63


def test_numbers_of_streams_never_change():
    assert {stream.name: stream.value for stream in Stream} == {
        **{"SUBSET": 0, "SYNTHETIC": 1, "INITIALISATION": 2, "SHUFFLING": 3, "AUGMENTATION": 4},
        **{"COORDINATES": 5, "DIRECTIONS": 6, "DRAWS": 7, "DRAW_AUGMENTATION": 8},
        **{"CALIBRATION": 9, "HALVES": 10, "LATTICES": 11, "EXACT": 12, "TAILS": 20, "GROWTH": 21},
        **{"CONTROL": 23, "TRAJECTORY": 30, "HESSIAN": 31, "PROJECTIONS": 32, "SURROGATES": 33},
        **{"HELD_OUT": 13, "BALANCE": 40, "GEOMETRY": 41, "RELATED": 60},
    }


def test_published_numbers_never_change():
    assert generator(0, Stream.HALVES, "conv1.weight").permutation(6).tolist() == [0, 4, 5, 1, 2, 3]
    assert torch_seed(1, Stream.INITIALISATION) == 637987770806161565


def test_the_same_key_gives_the_same_numbers():
    one, other = (generator(3, Stream.TAILS, "fc.bias", 16).random(4) for _ in range(2))
    assert list(one) == list(other)
