"""The autoregressive model of section 9.10 (TFTS: ARRegressor with the normal-likelihood loss)."""

import numpy as np
from _time_series_model import Bounds, Model, flags_for

from utils.data.series import Series
from utils.tf1 import tf

BUCKETS = 10  # a period is cut into so many parts, and each has a weight


class ARModel(Model):
    """The next `output` values from the last `inputs`: a linear map to their means and to the logs of their sigmas.

    Further inputs are the part of the period that each predicted time falls into, and the marks of changepoints.
    Values enter relative to the last one, so that a trend can go on beyond the values seen. As in TFTS the sigmas of a
    forecast are those of its window alone: that the window before was itself a forecast does not widen them.
    """

    learning_rate = 0.01

    def __init__(self, ex, series, *, period, inputs, output, features=1):
        self.period, self.inputs, self.output = period, inputs, output
        self.window = inputs + output
        super().__init__(ex, features, series)

    def build(self):
        self.times = tf.placeholder(tf.int64, [None, self.window])
        self.values = tf.placeholder(tf.float32, [None, self.window, self.features])
        self.flags = tf.placeholder(tf.float32, [None, self.window])
        x = self.scaled(self.values)
        self.linear = tf.layers.Dense(2 * self.output * self.features, name="linear")
        mean, sigma = self.next_window(x[:, : self.inputs], self.times[:, self.inputs :], self.flags)
        error = (x[:, self.inputs :] - mean) / sigma
        self.loss = tf.reduce_mean(0.5 * error**2 + tf.log(sigma) + 0.5 * np.log(2 * np.pi))
        self.mean, self.sigma = mean * self.spread + self.centre, sigma * self.spread

        # The forecast: means are fed back as if they had been observed, one output window after another.
        self.last = self.kept("last_values", np.zeros([1, self.inputs, self.features]))
        self.last_flags = self.kept("last_flags", np.zeros([1, self.inputs]))
        self.future_times = tf.placeholder(tf.int64, [None, 1, self.output])
        self.future_flags = tf.placeholder(tf.float32, [None, 1, self.output])

        def window(carry, given):
            (values, flags, _, _), (times, new_flags) = carry, given
            flags = tf.concat([flags, new_flags], axis=1)
            mean, sigma = self.next_window(values, times, flags)
            values = tf.concat([values, mean], axis=1)[:, self.output :]
            return values, flags[:, self.output :], mean, sigma

        nothing = tf.zeros([1, self.output, self.features])
        values, flags, means, sigmas = tf.scan(
            window, (self.future_times, self.future_flags), (self.last, self.last_flags, nothing, nothing)
        )
        flat = [-1, self.features]
        self.forecast = [
            tf.reshape(means, flat) * self.spread + self.centre,
            tf.reshape(sigmas, flat) * self.spread,
        ]
        self.whole = tf.placeholder(tf.int32, [])  # how many of the windows are wanted whole
        with tf.control_dependencies(self.forecast):
            after = tf.concat([self.last[None], values], axis=0)[self.whole]
            after_flags = tf.concat([self.last_flags[None], flags], axis=0)[self.whole]
            with tf.control_dependencies([after, after_flags]):
                self.move = [tf.assign(self.last, after), tf.assign(self.last_flags, after_flags)]

    def next_window(self, x, times, flags):
        """Return mean and sigma [batch, output, features] of the scaled values at `times` [batch, output]."""
        last = x[:, -1:]
        part = tf.one_hot(times % self.period * BUCKETS // self.period, BUCKETS)
        known = [tf.reshape(x - last, [-1, self.inputs * self.features]), flags]
        inputs = tf.concat([*known, tf.reshape(part, [-1, self.output * BUCKETS])], axis=1)
        inputs.set_shape([None, self.inputs * self.features + self.window + self.output * BUCKETS])
        mean, log_sigma = tf.split(self.linear(inputs), 2, axis=1)
        shape = [-1, self.output, self.features]
        return tf.reshape(mean, shape) + last, tf.exp(tf.clip_by_value(tf.reshape(log_sigma, shape) - 1, -7.0, 3.0))

    def feed(self, series: Series, starts):
        at = np.asarray(starts)[:, None] + np.arange(self.window)
        return {
            self.times: series.times[at],
            self.values: series.values[at],
            self.flags: series.changepoint[at],
        }

    def train(self, ex, series: Series, steps: int, batch: int) -> list[float]:
        """Train on random windows; return the loss (a negative log-likelihood for each scaled value) of each step."""
        return [
            self.sess.run([self.train_op, self.loss], self.feed(series, self.starts(series, batch, self.window)))[1]
            for _ in ex.progress(range(steps), unit="step")
        ]

    def evaluate(self, series: Series) -> tuple[Bounds, float]:
        """Predict the series window after window, each from true values; return the predictions and the loss.

        The first `inputs` times, and up to one window more, have no prediction. The state then is the series' end.
        """
        length = len(series.times)
        starts = np.arange((length - self.inputs) % self.output, length - self.window + 1, self.output)
        mean, sigma, loss = self.sess.run([self.mean, self.sigma, self.loss], self.feed(series, starts))
        with self.sess.graph.as_default():
            end = (series.values[-self.inputs :][None] - self.sess.run(self.centre)) / self.sess.run(self.spread)
            self.last.load(end, self.sess)
            self.last_flags.load(series.changepoint[-self.inputs :][None].astype(np.float32), self.sess)
            self.next_time.load(int(series.times[-1]) + 1, self.sess)
            self.evaluated.load(True, self.sess)
        times = series.times[starts[0] + self.inputs :]
        return Bounds(times, mean.reshape(-1, self.features), sigma.reshape(-1, self.features)), float(loss)

    def predict(self, steps: int, flags=None) -> Bounds:
        """Forecast `steps` times. A later call goes on at the end of the last whole output window."""
        first = self.must_be_evaluated()
        windows = -(-steps // self.output)
        marks = np.zeros(windows * self.output)
        marks[:steps] = flags_for(steps, flags)
        whole = steps // self.output
        (mean, sigma), _ = self.sess.run(
            [self.forecast, self.move],
            {
                self.future_times: first + np.arange(len(marks)).reshape(windows, 1, self.output),
                self.future_flags: marks.reshape(windows, 1, self.output),
                self.whole: whole,
            },
        )
        with self.sess.graph.as_default():
            self.next_time.load(first + whole * self.output, self.sess)
        return Bounds(first + np.arange(steps), mean[:steps], sigma[:steps])
