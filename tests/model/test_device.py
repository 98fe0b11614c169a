import pytest
import torch

from gradnoise.errors import InputError
from gradnoise.model.device import deterministic, set_device


def test_a_device_goes_by_its_name_and_an_unknown_one_names_the_known():
    assert set_device("cpu").type == "cpu"
    with pytest.raises(InputError, match=r"found 'tpu'.*auto, .*cpu"):
        set_device("tpu")


def test_auto_takes_an_accelerator_before_the_cpu(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert set_device("auto").type == "cuda"
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    assert set_device("auto").type == "cpu"


def test_bits_repeat_by_deterministic_algorithms_in_full_float32_on_fixed_threads():
    before = torch.get_num_threads()
    try:
        deterministic(1)
        assert torch.get_num_threads() == 1
        assert torch.are_deterministic_algorithms_enabled()
        assert not torch.backends.cudnn.allow_tf32
        assert not torch.utils.deterministic.fill_uninitialized_memory
    finally:
        torch.set_num_threads(before)
