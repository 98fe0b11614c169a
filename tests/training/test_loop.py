import csv
import io
import sys

import numpy as np
import pytest
import torch
from torch import nn

from example_training import bars, dataset, hyperparameters, line
from gradnoise.errors import InputError
from gradnoise.model import factory
from gradnoise.model.checkpoints import load
from gradnoise.model.device import deterministic
from gradnoise.training import loop
from gradnoise.training.initial import initial_model


@pytest.fixture(autouse=True)
def one_thread():
    """As the stage sets it: several threads would wait for each other on so little data."""
    deterministic(1)


def made(data, model, seed=1, **changes):
    how = hyperparameters(**changes)
    built = factory.build(model, data.input_shape, data.outputs, seed)
    return loop.Training(built, how, data, seed)


def run(work, data, model, seed=1, **changes):
    this = made(data, model, seed, **changes)
    loop.train_in(work, this, {"seed": seed, "model": model})
    return this


CNN = {"name": "cnn", "arguments": {"hidden_features": 8}}
LINEAR = {"name": "linear", "arguments": {"bias": False}}


def test_linear_regression_is_learned_exactly(tmp_path):
    data, slope = line()
    options = {"loss": "mean_squared_error", "epochs": 40, "momentum": 0.5}
    this = run(tmp_path, data, LINEAR, **options)
    np.testing.assert_allclose(this.model.linear1.weight.detach().T, slope, atol=1e-4)
    assert this.rows[-1]["train_loss"] < 1e-8
    assert this.rows[-1]["train_accuracy"] is None
    assert ",," in (tmp_path / "training.csv").read_text()


@pytest.mark.parametrize("loss", ["cross_entropy", "mean_squared_error"])
def test_images_are_learned(tmp_path, loss):
    rows = run(tmp_path, bars(), CNN, loss=loss, epochs=6, batch_size=8).rows
    assert rows[0]["test_accuracy"] < 0.8
    assert rows[-1]["test_accuracy"] > 0.95
    assert set(rows[0]) >= {f"dead_units_{layer}" for layer in ("conv1", "conv3", "linear1")}


@pytest.mark.parametrize("optimizer", ["adamw", "signsgd"])
def test_other_optimizers_learn_too(tmp_path, optimizer):
    rows = run(tmp_path, bars(), CNN, optimizer=optimizer, learning_rate=0.003, epochs=6).rows
    assert rows[-1]["train_loss"] < 0.5 * rows[0]["train_loss"]


def test_one_epoch_uses_every_sample_once_in_an_order_of_its_own():
    data, _ = line(count=100)
    this = made(data, LINEAR, loss="mean_squared_error")
    orders = []
    for epoch in (1, 2):
        batches = [inputs for inputs, _ in this._minibatches(epoch)]
        assert [len(batch) for batch in batches] == [32, 32, 32, 4]
        orders.append(torch.cat(batches))
    assert not torch.equal(*orders)
    for order in orders:
        assert torch.equal(order.sort(0).values, torch.from_numpy(data.train_inputs).sort(0).values)
    assert torch.equal(torch.cat([inputs for inputs, _ in this._minibatches(2)]), orders[1])


def test_the_table_starts_before_training_and_tells_the_gradient_norm(tmp_path):
    data, _ = line(count=32)
    options = {"loss": "mean_squared_error", "milestones": [1], "momentum": 0.0}
    run(tmp_path, data, LINEAR, **options)
    with (tmp_path / "training.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert [float(row["learning_rate"]) for row in rows] == pytest.approx([0.1, 0.1, 0.01])
    # One batch an epoch: both are the norm of the full gradient at the initial weights.
    assert float(rows[0]["gradient_norm"]) == float(rows[1]["gradient_norm"])
    weight = factory.build(LINEAR, (3,), 1, seed=1).linear1.weight.detach().numpy()
    residual = data.train_inputs @ weight.T - data.train_targets
    norm = np.linalg.norm(2 * (data.train_inputs * residual).mean(0))
    assert float(rows[0]["gradient_norm"]) == pytest.approx(norm, rel=1e-5)


def test_the_first_evaluation_leaves_batch_norm_as_built():
    this = made(bars(), {"name": "cnn", "arguments": {"batch_norm": True}})
    this.start()
    assert this.model.norm1.num_batches_tracked == 0


def test_checkpoints_are_those_listed_and_the_initial_one(tmp_path):
    this = run(tmp_path, bars(), CNN, checkpoints=[2], epochs=3)
    names = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert names == ["epoch-0.safetensors", "epoch-2.safetensors"]
    built = factory.build(CNN, (1, 8, 8), 2, seed=1)
    initial = {name: tensor.clone() for name, tensor in built.state_dict().items()}
    metadata = load(tmp_path / "checkpoints" / names[0], built)
    assert metadata == {"epoch": 0, "seed": 1, "model": CNN}
    assert all(torch.equal(initial[name], tensor) for name, tensor in built.state_dict().items())
    assert not torch.equal(built.conv1.weight, this.model.conv1.weight.cpu())


def test_a_diverged_training_names_epoch_batch_and_rate(tmp_path):
    data, _ = line()
    options = {"loss": "mean_squared_error", "learning_rate": 1e30}
    with pytest.raises(InputError, match=r"diverged.*epoch 1, batch 2, at learning rate 1e\+30"):
        run(tmp_path, data, LINEAR, **options)


def test_a_training_that_diverges_at_its_last_batch_is_refused_too(tmp_path):
    data, _ = line(count=32)
    options = {"loss": "mean_squared_error", "learning_rate": 1e30}
    with pytest.raises(InputError, match="after epoch 1, at learning rate"):
        run(tmp_path, data, LINEAR, **options)
    assert not (tmp_path / "training.csv").exists()


class Drawing(nn.Module):
    """Draws random numbers of its own while it trains."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(64, 2)

    def forward(self, inputs):
        return self.linear(nn.functional.dropout(inputs.flatten(1), 0.5, self.training))


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "signsgd"])
def test_every_epoch_depends_on_the_state_before_it_alone(optimizer):
    data, how = bars(), hyperparameters(optimizer=optimizer, augment=True)
    torch.manual_seed(1)
    model = Drawing()
    this = loop.Training(model, how, data, seed=1)
    this.start()
    this.run_epoch(iter(range(99)))
    assert this.rows[0]["gradient_norm"] > 0
    other = loop.Training(Drawing(), how, data, seed=1)
    other.restore(as_file(this.state()))
    torch.rand(5)
    this.run_epoch(iter(range(99)))
    other.run_epoch(iter(range(99)))
    assert this.rows == other.rows
    assert torch.equal(this.model.linear.weight, other.model.linear.weight)


def test_what_a_model_draws_itself_is_another_in_every_epoch():
    this = loop.Training(Drawing(), hyperparameters(), bars(), seed=1)
    drawn = []
    for epoch in (1, 2, 1):
        this._seed_model(epoch)
        drawn.append(torch.rand(3).tolist())
    assert drawn[0] == drawn[2] != drawn[1]


def as_file(state):
    """A deep copy, as a file holds it."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def test_a_kill_between_the_two_renames_of_publishing_is_survived(tmp_path):
    first = run(tmp_path, bars(), CNN)
    (tmp_path / "training.csv").unlink()
    again = run(tmp_path, bars(), CNN)
    assert again.rows == first.rows
    assert (tmp_path / "training.csv").exists()
    # Without the checkpoints, the state alone is worthless: all is done again.
    kept = (tmp_path / "checkpoints" / "epoch-2.safetensors").read_bytes()
    for path in (tmp_path / "checkpoints").iterdir():
        path.unlink()
    (tmp_path / "checkpoints").rmdir()
    run(tmp_path, bars(), CNN)
    assert (tmp_path / "checkpoints" / "epoch-2.safetensors").read_bytes() == kept


OWN = """
import torch
from torch import nn

class Tagger(nn.Module):
    def __init__(self, words, outputs):
        super().__init__()
        self.embed, self.recurrent = nn.Embedding(words, 8), nn.GRU(8, 8, batch_first=True)
        self.out = nn.Linear(8, outputs)

    def forward(self, tokens):
        return self.out(self.recurrent(self.embed(tokens))[0])

def doubled(outputs, targets):
    return 2 * nn.functional.cross_entropy(outputs.flatten(0, 1), targets.flatten())

def rows(outputs, targets):
    return (outputs.argmax(-1) == targets).float().mean(1)

def constant(outputs, targets):
    return torch.ones(())
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "own_tagger.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("own_tagger", None)


def sequences(words=9, count=64):
    """At every position the class is whether the token before was even."""
    tokens = np.random.default_rng(2).integers(0, words, (count, 6))
    return dataset(tokens, 1 - np.roll(tokens, 1, axis=1) % 2, 2)


def tagging(data, **changes):
    built = initial_model(
        {"name": "own_tagger:Tagger", "arguments": {"words": 9}}, data, changes.pop("seed", 1)
    )
    return loop.Training(built, hyperparameters(batch_size=8, **changes), data, 1)


def test_sequences_are_learned_whatever_the_loss(tmp_path, own):
    options = {"epochs": 12, "optimizer": "adamw", "learning_rate": 0.02}
    for loss in ("cross_entropy", "own_tagger:doubled"):
        this = tagging(sequences(), loss=loss, **options)
        loop.train_in(tmp_path / loss[:5], this, {})
        assert this.rows[0]["test_accuracy"] < 0.7
        assert this.rows[-1]["test_accuracy"] > 0.8  # the first position is not to be known


def test_tokens_that_an_embedding_does_not_have_are_named(own):
    message = (
        r"first pass over the data \(inputs are integers from 0 to 11\) failed with IndexError"
    )
    with pytest.raises(InputError, match=message):
        tagging(sequences(words=12)).start()


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (
            "own_tagger:rows",
            r"training.loss own_tagger:rows: found a tensor of shape \(8,\); needed",
        ),
        ("own_tagger:constant", "found a constant; needed: one number"),
        ("own_tagger:Tagger", "found a class"),
        ("torch.nn.functional:cross_entropy", "first pass over the data .* failed with .*Error"),
    ],
)
def test_a_loss_that_is_no_mean_loss_is_named_at_once(own, loss, message):
    with pytest.raises(InputError, match=message):
        tagging(sequences(), loss=loss).start()
