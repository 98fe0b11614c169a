import numpy as np
import pytest

from example_chain import Asked, noted
from example_data import publish, read, synthetic
from gradnoise.data.sources.synthetic import generate
from gradnoise.errors import InputError


def test_least_squares_finds_the_stored_parameters(tmp_path):
    drawn = {"samples": 20_000, "features": 5, "outputs": 2, "label_noise_scale": 0.5}
    data = publish({"dataset": "linear_regression", "synthetic": drawn}, tmp_path / "x.h5")
    found, residual, _, _ = np.linalg.lstsq(data.train_inputs, data.train_targets)
    np.testing.assert_allclose(found, data.parameters, atol=5 * 0.5 / np.sqrt(20_000))
    np.testing.assert_allclose(residual / 20_000, 0.25, rtol=0.05)
    assert (data.mean == 0).all()
    assert (data.standard_deviation == 1).all()


def test_covariance_has_the_power_law_spectrum():
    drawn = {"samples": 50_000, "features": 6, "spectrum_exponent": 1.5}
    inputs = generate(synthetic(**drawn), "regression", 0).train.inputs
    np.testing.assert_allclose(inputs.var(axis=0), np.arange(1, 7) ** -1.5, rtol=0.05)


def test_parameters_have_variance_one_over_features():
    drawn = synthetic(samples=2, features=300, outputs=40, test_samples=3)
    parameters = generate(drawn, "regression", 0).parameters
    assert parameters.shape == (300, 40)
    assert parameters.var() * 300 == pytest.approx(1, abs=5 * np.sqrt(2 / 12_000))


def test_inputs_noise_and_labels_of_both_splits_have_streams_of_their_own():
    asked: list[Asked] = []
    with noted("data", asked):
        source = generate(
            synthetic(samples=40, test_samples=40, features=3, outputs=3), "classification", 0
        )
    # Parameters; inputs, label noise and labels of both splits.
    assert len({each.key for each in asked}) == len(asked) == 1 + 2 * 3
    assert abs(np.corrcoef(source.train.inputs.ravel(), source.test.inputs.ravel())[0, 1]) < 0.5


@pytest.mark.parametrize("freedom", [0.8, 1.5, 4.0])
def test_student_t_inputs_and_noise_have_the_tail_asked_for(freedom):
    drawn = {
        "samples": 100_000,
        "features": 1,
        "parameters": [[0.0]],
        "input_distribution": "student_t",
        "label_noise_distribution": "student_t",
        "label_noise_scale": 2.0,
        "degrees_of_freedom": freedom,
    }
    train = generate(synthetic(**drawn), "regression", 0).train
    from scipy.special import stdtr

    for values in (train.inputs, train.targets / 2):
        for point in (1.0, 10.0):
            expected = 1 - stdtr(freedom, point)
            error = 5 * np.sqrt(expected / 100_000)
            assert np.mean(values > point) == pytest.approx(expected, abs=error)


def test_logistic_labels_follow_the_model():
    drawn = {"samples": 200_000, "features": 2, "outputs": 3, "label_noise_scale": 0.0}
    source = generate(synthetic(**drawn), "classification", 0)
    logits = source.train.inputs @ source.parameters
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    one_hot = np.eye(3)[source.train.targets]
    # The score of a well-specified model has mean zero.
    score = source.train.inputs.T @ (one_hot - probability) / 200_000
    np.testing.assert_allclose(score, 0, atol=5 / np.sqrt(200_000))


def test_test_samples_do_not_change_training_samples():
    few, many = (
        generate(synthetic(test_samples=count), "regression", 0).train for count in (10, 1000)
    )
    np.testing.assert_array_equal(few.inputs, many.inputs)
    np.testing.assert_array_equal(few.targets, many.targets)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"outputs": 1}, "synthetic.outputs: found 1; accepted: 2 or more"),
        ({"parameters": [[1, 2]]}, r"found shape \(1, 2\); expected .*\(20, 3\)"),
    ],
)
def test_synthetic_settings_that_do_not_fit_each_other_are_named(wrong, message):
    with pytest.raises(InputError, match=message):
        read({"dataset": "logistic_regression", "synthetic": {"outputs": 3} | wrong})
