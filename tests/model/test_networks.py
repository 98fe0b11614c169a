import subprocess
import sys

import pytest

from gradnoise.model import architectures
from gradnoise.model.networks import NETWORKS, has_batch_norm

COLOUR, GREY = (3, 32, 32), (1, 28, 28)


def weights(name, shape=COLOUR, **arguments):
    model = {"name": name, "arguments": arguments}
    return architectures.selected(architectures.parameters(model, shape, 10), biases=False)


def test_alexnet_has_the_papers_weight_counts():
    sizes = [23_232, 307_200, 663_552, 884_736, 589_824, 2_560]
    assert [p.size for p in weights("alexnet")] == sizes
    assert [p.size for p in weights("alexnet", batch_norm=True)] == sizes
    assert [p.size for p in weights("alexnet_three_linear")] == [
        *sizes[:-1],
        256 * 4096,
        4096 * 4096,
        4096 * 10,
    ]


@pytest.mark.parametrize(("name", "layers_per_block"), [("resnet20", 6), ("resnet56", 18)])
def test_resnets_have_the_papers_layers(name, layers_per_block):
    found = {p.layer: p for p in weights(name)}
    assert len(found) == 2 + 3 * layers_per_block
    assert found["conv1"].size == 432
    assert found["linear"].size == 640
    for block, (first, others) in enumerate([(2304, 2304), (4608, 9216), (18432, 36864)], start=1):
        sizes = [found[f"block{block}.layer{i}"].size for i in range(1, layers_per_block + 1)]
        assert sizes == [first] + [others] * (layers_per_block - 1)
    last = found[f"block3.layer{layers_per_block}"]
    assert (last.block, last.index, last.operation) == (3, layers_per_block, "convolution")


def test_the_default_network_has_about_fifty_thousand_weights():
    assert [p.size for p in weights("cnn", GREY)] == [144, 4608, 9216, 32768, 640]


def test_the_tanh_network_widens_and_has_one_kind_of_activation():
    assert [p.size for p in weights("tanh_cnn")] == [1728, 73_728, 294_912, 40_960]
    assert [p.size for p in weights("tanh_cnn", GREY)][-1] == 256 * 3 * 3 * 10
    kinds = {each.operation for each in NETWORKS["tanh_cnn"].layers(COLOUR, 10)}
    assert kinds == {"convolution", "tanh", "pool", "flatten", "linear"}


def test_the_papers_networks_are_known_by_their_family():
    families = {name: network.family for name, network in NETWORKS.items() if network.family}
    assert families == {
        "alexnet": "alexnet",
        "alexnet_three_linear": "alexnet",
        "resnet20": "resnet",
        "resnet56": "resnet",
    }


@pytest.mark.parametrize("name", list(NETWORKS))
def test_batch_norm_is_known_as_it_is_built(name):
    offered = "batch_norm" in NETWORKS[name].arguments
    for arguments in [{}, *({"batch_norm": value} for value in (True, False) if offered)]:
        found = architectures.parameters({"name": name, "arguments": arguments}, COLOUR, 10)
        assert has_batch_norm(name, arguments) == any(p.kind == "norm" for p in found)


def test_networks_are_known_without_torch():
    program = "import sys, gradnoise.model.networks; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
