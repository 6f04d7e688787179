"""The LSTM of section 9.10: one step ahead from all values so far, forecasts by sampled paths."""

import numpy as np
from _time_series_model import Bounds, Model

from utils.data.series import Series
from utils.tf1 import tf


class LSTMModel(Model):
    """An LSTM of `units` reads the values one by one and gives mean and sigma of the next.

    A forecast draws `paths` futures: each next value is drawn from the prediction and fed back. Their mean and their
    standard deviation are what ``predict`` returns, so that the bounds widen as the paths part.
    """

    learning_rate = 0.001

    def __init__(self, ex, series, *, features, units=128, paths=100):
        self.units, self.paths = units, paths
        super().__init__(ex, features, series)

    def build(self):
        self.cell = tf.nn.rnn_cell.BasicLSTMCell(self.units)
        self.output = tf.layers.Dense(2 * self.features, name="output")
        self.values = tf.placeholder(tf.float32, [None, None, self.features])  # [batch, time, features]
        x = self.scaled(self.values)
        outputs, end = tf.nn.dynamic_rnn(self.cell, x[:, :-1], dtype=tf.float32)
        mean, sigma = self.next_value(outputs)
        error = (x[:, 1:] - mean) / sigma
        self.loss = tf.reduce_mean(0.5 * error**2 + tf.log(sigma) + 0.5 * np.log(2 * np.pi))
        self.one_step = [mean[0] * self.spread + self.centre, sigma[0] * self.spread]

        self.last = self.kept("last_value", np.zeros([self.paths, self.features]))
        self.c = self.kept("c", np.zeros([self.paths, self.units]))
        self.h = self.kept("h", np.zeros([self.paths, self.units]))
        everywhere = [self.paths, 1]
        self.stay_at_end = [
            tf.assign(variable, tf.tile(value, everywhere))
            for variable, value in ((self.last, x[:, -1]), (self.c, end.c), (self.h, end.h))
        ]

        self.noise = tf.placeholder(tf.float32, [None, self.paths, self.features])

        def step(carry, noise):
            last, c, h = carry
            output, state = self.cell(last, tf.nn.rnn_cell.LSTMStateTuple(c, h))
            mean, sigma = self.next_value(output)
            return mean + sigma * noise, state.c, state.h

        start = tuple(tf.identity(variable) for variable in (self.last, self.c, self.h))
        drawn, cs, hs = tf.scan(step, self.noise, start)
        self.forecast = drawn * self.spread + self.centre  # [time, paths, features]
        with tf.control_dependencies([self.forecast]):
            pairs = ((self.last, drawn), (self.c, cs), (self.h, hs))
            self.move = [tf.assign(variable, values[-1]) for variable, values in pairs]

    def next_value(self, output):
        mean, log_sigma = tf.split(self.output(output), 2, axis=-1)
        return mean, tf.exp(tf.clip_by_value(log_sigma, -5.0, 3.0))

    def train(self, ex, series: Series, steps: int, batch: int, window: int) -> list[float]:
        """Train on random windows; return the loss (a negative log-likelihood for each scaled value) of each step."""
        losses = []
        for _ in ex.progress(range(steps), unit="step"):
            at = self.starts(series, batch, window)[:, None] + np.arange(window)
            losses.append(self.sess.run([self.train_op, self.loss], {self.values: series.values[at]})[1])
        return losses

    def evaluate(self, series: Series) -> tuple[Bounds, float]:
        """Predict each value but the first from those before it; return the predictions and the loss."""
        (mean, sigma), loss, _ = self.sess.run(
            [self.one_step, self.loss, self.stay_at_end], {self.values: series.values[None]}
        )
        self.next_time.load(int(series.times[-1]) + 1, self.sess)
        self.evaluated.load(True, self.sess)
        return Bounds(series.times[1:], mean, sigma), float(loss)

    def predict(self, steps: int, seed: int = 0) -> Bounds:
        """Forecast `steps` times; a later call goes on after them. The draws depend on `seed` and the time alone."""
        first = self.must_be_evaluated()
        times = first + np.arange(steps)
        shape = (self.paths, self.features)
        noise = np.stack([np.random.RandomState([seed, time]).standard_normal(shape) for time in times])
        drawn, _ = self.sess.run([self.forecast, self.move], {self.noise: noise})
        self.next_time.load(first + steps, self.sess)
        return Bounds(times, drawn.mean(axis=1), drawn.std(axis=1))
