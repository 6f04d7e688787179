"""The structural model of section 9.10: a linear state space whose Kalman filter is a TensorFlow graph."""

import numpy as np
from _time_series_model import Bounds, Model, flags_for

from utils.data.series import Series
from utils.tf1 import tf


class StructuralModel(Model):
    """Level and slope, a cycle, a vector autoregression and noise, added up (TFTS: StructuralEnsembleRegressor).

    The state is [level, slope, cycle, autoregression], each with a part for every feature. The cycle of length
    `period` passes through `latent` values (odd): its mean, which the level holds, and (latent − 1) / 2 harmonics. At a
    marked time the level may jump: its variance grows by a learned amount there. All variances and the matrix of the
    autoregression are learned, by gradient, from the likelihood that the filter gives to windows of the series. A
    window starts from the state that the filter had there, kept from its last run over the whole series.
    """

    learning_rate = 0.05
    REFRESH = 25  # steps after which the states at which windows start are computed anew

    def __init__(self, ex, series, *, period=0, latent=1, features=1):
        self.period, self.harmonics = period, (latent - 1) // 2 if period else 0
        self.parts = 3 + 2 * self.harmonics
        self.size = self.parts * features
        super().__init__(ex, features, series, dtype=tf.float64)

    def build(self):
        count, size = self.features, self.size
        eye = tf.eye(count, dtype=tf.float64)

        def learned(name, value):
            return tf.get_variable(name, initializer=tf.constant(value, tf.float64))

        def covariance(name, log_sigma):
            """A full covariance matrix, from the logs of a Cholesky factor's diagonal and what is below it."""
            below = learned(f"{name}_below", np.zeros([count, count]))
            diagonal = tf.exp(learned(f"{name}_log_sigma", np.full(count, log_sigma)))
            factor = tf.linalg.set_diag(tf.linalg.band_part(below, -1, 0), diagonal)
            return tf.matmul(factor, factor, transpose_b=True)

        def variances(name, log_sigma, parts=1):
            return tf.linalg.diag(tf.tile(tf.exp(2 * learned(f"{name}_log_sigma", np.full(count, log_sigma))), [parts]))

        def block_diagonal(*blocks):
            """Put square matrices on the diagonal of one of `size` rows; what they leave over stays zero."""
            ends = np.cumsum([int(block.shape[0]) for block in blocks])
            places = [[int(end - block.shape[0]), int(size - end)] for block, end in zip(blocks, ends, strict=True)]
            return tf.add_n([tf.pad(block, [place] * 2) for block, place in zip(blocks, places, strict=True)])

        # Transition: the level grows by the slope, the cycle's coefficients stay, the autoregression forgets.
        memory = learned("autoregression", 0.5 * np.eye(count))
        memory *= 0.98 / tf.maximum(tf.reduce_max(tf.reduce_sum(tf.abs(memory), axis=1)), 1.0)
        trend = tf.concat([tf.concat([eye, eye], 1), tf.concat([0 * eye, eye], 1)], 0)
        cycle = [tf.eye(2 * self.harmonics * count, dtype=tf.float64)] if self.harmonics else []
        self.transition = block_diagonal(trend, *cycle, memory)
        wandering = [variances("cycle", -7.0, 2 * self.harmonics)] if self.harmonics else []
        self.level_noise = covariance("level", -4.0)
        self.transition_noise = block_diagonal(
            self.level_noise, variances("slope", -9.0), *wandering, covariance("autoregression", -2.0)
        )
        self.jump_noise = block_diagonal(variances("jump", 0.0))
        self.observation_noise = variances("observation", -2.0)

        # What the state is before the first value: hardly anything is known.
        start = np.diag(np.repeat([1.0, 0.0025, *[0.25] * (2 * self.harmonics), 0.25], count))
        self.first_mean, self.first_covariance = np.zeros([1, size, 1]), start[None]

        self.times = tf.placeholder(tf.int64, [None, None])  # [time, batch]
        self.values = tf.placeholder(tf.float64, [None, None, count])
        self.flags = tf.placeholder(tf.float64, [None, None])
        self.start_mean = tf.placeholder(tf.float64, [None, size, 1])
        self.start_covariance = tf.placeholder(tf.float64, [None, size, size])
        given = (self.observation_model(self.times), self.flags, self.scaled(self.values)[..., None])
        self.filtered = self.run_filter(given, self.start_mean, self.start_covariance, observed=True)
        means, covariances, predicted, variance, log_likelihood = self.filtered
        self.loss = -tf.reduce_mean(log_likelihood) / count
        self.one_step = self.in_units(predicted, variance)

        # The forecast starts from the kept state and runs the same filter without values.
        self.state_mean = self.kept("state_mean", self.first_mean)
        self.state_covariance = self.kept("state_covariance", self.first_covariance)
        self.future_times = tf.placeholder(tf.int64, [None, 1])
        self.future_flags = tf.placeholder(tf.float64, [None, 1])
        ahead = (self.observation_model(self.future_times), self.future_flags)
        ahead = self.run_filter(ahead, self.state_mean, self.state_covariance, observed=False)
        self.forecast = self.in_units(*ahead[2:4])
        self.forecast_covariance = ahead[3][0, 0] * self.spread[:, None] * self.spread
        with tf.control_dependencies(self.forecast):
            self.move = self.keep(*ahead[:2]) + self.moved_to(self.future_times[-1, 0] + 1)
        self.stay_at_end = self.keep(means, covariances) + self.moved_to(self.times[-1, 0] + 1)

    def keep(self, means, covariances):
        return [tf.assign(self.state_mean, means[-1]), tf.assign(self.state_covariance, covariances[-1])]

    def observation_model(self, times):
        """Return the matrices [time, batch, features, state] that make a value of a state at `times` [time, batch]."""
        ones = tf.ones_like(times, tf.float64)
        weights = [ones, 0 * ones]
        for harmonic in range(1, self.harmonics + 1):
            angle = 2 * np.pi * harmonic / self.period * tf.cast(times % self.period, tf.float64)
            weights += [tf.cos(angle), tf.sin(angle)]
        weights = tf.stack([*weights, ones], axis=-1)[..., None, :, None]
        eye = tf.eye(self.features, dtype=tf.float64)[:, None, :]
        shape = tf.concat([tf.shape(times), [self.features, self.size]], axis=0)
        return tf.reshape(weights * eye, shape)

    def run_filter(self, given, mean, covariance, *, observed):
        """Run the Kalman filter along the first axis of `given`; return for each time

        state mean, state covariance, predicted value, its covariance, and the log-likelihood of the value.
        """

        def step(state, now):
            mean, covariance = state[:2]
            observation, flag = now[:2]
            mean = self.transition @ mean
            covariance = self.transition @ covariance @ tf.transpose(self.transition) + self.transition_noise
            covariance += flag[:, None, None] * self.jump_noise
            predicted = observation @ mean
            shared = observation @ covariance  # [batch, features, state]
            variance = tf.matmul(shared, observation, transpose_b=True) + self.observation_noise
            if not observed:
                return mean, covariance, predicted, variance, tf.zeros_like(flag)
            factor = tf.linalg.cholesky(variance)
            surprise = now[2] - predicted
            gain = tf.linalg.matrix_transpose(tf.linalg.cholesky_solve(factor, shared))
            white = tf.linalg.triangular_solve(factor, surprise)[..., 0]
            log_det = tf.reduce_sum(tf.log(tf.linalg.diag_part(factor)), axis=-1)
            likelihood = -0.5 * tf.reduce_sum(white**2, -1) - log_det - 0.5 * self.features * np.log(2 * np.pi)
            covariance -= gain @ shared
            covariance = 0.5 * (covariance + tf.linalg.matrix_transpose(covariance))
            return mean + gain @ surprise, covariance, predicted, variance, likelihood

        batch = tf.shape(mean)[0]
        nothing = tf.zeros([batch, self.features, 1], tf.float64)
        square = tf.zeros([batch, self.features, self.features], tf.float64)
        start = (tf.identity(mean), tf.identity(covariance), nothing, square, tf.zeros([batch], tf.float64))
        return tf.scan(step, given, start)

    def in_units(self, predicted, variance):
        mean = predicted[:, 0, :, 0] * self.spread + self.centre
        return [mean, tf.sqrt(tf.linalg.diag_part(variance[:, 0])) * self.spread]

    def feed(self, series: Series, at, mean, covariance):
        """Return the feed for the windows `at` [time, batch], which start from the given states."""
        return {
            self.times: series.times[at],
            self.values: series.values[at],
            self.flags: series.changepoint[at],
            self.start_mean: mean,
            self.start_covariance: covariance,
        }

    def whole(self, series: Series):
        return self.feed(series, np.arange(len(series.times))[:, None], self.first_mean, self.first_covariance)

    def train(self, ex, series: Series, steps: int, batch: int, window: int) -> list[float]:
        """Train on random windows; return the loss (a negative log-likelihood for each scaled value) of each step."""
        losses = []
        for step in ex.progress(range(steps), unit="step"):
            if step % self.REFRESH == 0:
                means, covariances = self.sess.run(self.filtered[:2], self.whole(series))
                means = np.concatenate([self.first_mean[None], means])[:, 0]
                covariances = np.concatenate([self.first_covariance[None], covariances])[:, 0]
            starts = self.starts(series, batch, window)
            feed = self.feed(series, starts + np.arange(window)[:, None], means[starts], covariances[starts])
            losses.append(self.sess.run([self.train_op, self.loss], feed)[1])
        return losses

    def evaluate(self, series: Series) -> tuple[Bounds, float]:
        """Predict each value of the series from those before it; return the predictions and the loss.

        The state is that after the last value then.
        """
        (mean, sigma), loss, _ = self.sess.run([self.one_step, self.loss, self.stay_at_end], self.whole(series))
        return Bounds(series.times, mean, sigma), float(loss)

    def predict(self, steps: int, flags=None) -> Bounds:
        """Forecast `steps` times; a later call goes on after them. `flags`: marked times among them."""
        first = self.must_be_evaluated()
        times = first + np.arange(steps)
        feed = {self.future_times: times[:, None], self.future_flags: flags_for(steps, flags)[:, None]}
        (mean, sigma), _ = self.sess.run([self.forecast, self.move], feed)
        return Bounds(times, mean, sigma)

    def level_correlation(self) -> np.ndarray:
        """Return the learned correlation [features, features] of the levels' steps, in units of the series."""
        noise = self.sess.run(self.level_noise)
        sigma = np.sqrt(np.diag(noise))
        return noise / np.outer(sigma, sigma)

    def sample(self, steps: int, random: np.random.RandomState) -> Bounds:
        """Draw one future: each value is drawn from its prediction, and the filter then observes it."""
        first = self.must_be_evaluated()
        drawn = []
        for time in first + np.arange(steps):
            mean, covariance = self.sess.run([self.state_mean, self.state_covariance])
            feed = {self.times: [[time]], self.flags: [[0.0]], self.start_mean: mean, self.start_covariance: covariance}
            ahead = {self.future_times: [[time]], self.future_flags: [[0.0]]}
            predicted, joint = self.sess.run([self.forecast[0], self.forecast_covariance], ahead)
            drawn.append(random.multivariate_normal(predicted[0], joint))
            self.sess.run(self.stay_at_end, feed | {self.values: drawn[-1][None, None]})
        return Bounds(first + np.arange(steps), np.array(drawn), np.zeros((steps, self.features)))
