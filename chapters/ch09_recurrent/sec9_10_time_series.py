"""Section 9.10 · TFTS, the high-level time-series API (时间序列的高级接口 TFTS)

Book:      intro 9.10
Data:      four series made from formulas with seeded noise; --csv FILE puts your own in the place of the first one
Model:     autoregressive with normal likelihood, structural (a Kalman filter), LSTM(128)
Shows:     the three models that tf.contrib.timeseries had, as graphs: train, evaluate, predict with bounds; known
           changepoints; several features at once; the exercise: save, reload, and go on with the same forecast
Departs:   the library and its estimators are gone, so the models are rebuilt in the modules _time_series_*.py; the
           series were made here, and what came after them is known: errors and how often the bounds hold are measured
Time:      79 s on 2 CPU cores (beside other work)
"""

import matplotlib.pyplot as plt
import numpy as np
from _time_series_ar import ARModel
from _time_series_lstm import LSTMModel
from _time_series_structural import StructuralModel

from utils import figures
from utils.data import series
from utils.example import Example
from utils.problems import Problem

ex = Example(
    __doc__,
    csv="",
    period=100,
    ar_steps=600,
    structural_steps=150,
    known_ar_steps=3000,
    known_structural_steps=300,
    multivariate_steps=500,
    lstm_steps=200,
    quick={
        "ar_steps": 300,
        "structural_steps": 40,
        "known_ar_steps": 400,
        "known_structural_steps": 20,
        "multivariate_steps": 20,
        "lstm_steps": 100,
    },
)


def draw(axis, title, observed, bounds, feature=0, color="tab:red", label="forecast"):
    """Draw one feature of a series, what was predicted of it and of its future, and the band of one sigma."""
    mean, sigma = bounds.mean[:, feature], bounds.sigma[:, feature]
    axis.plot(observed.times, observed.values[:, feature], "b", linewidth=1, label="training series")
    later = observed.times[-1] + 1 + np.arange(len(observed.future))
    axis.plot(later, observed.future[:, feature], "b:", linewidth=1, label="what came later")
    axis.plot(bounds.times, mean, color=color, linewidth=1, label=label)
    axis.fill_between(bounds.times, mean - sigma, mean + sigma, color="grey", alpha=0.3, label="mean ± sigma")
    axis.axvline(observed.times[-1], color="k", linestyle="--", linewidth=0.8)
    axis.set(title=title, xlabel="time", ylabel="observations")


def against_the_future(name, observed, forecast):
    """Report the error of a forecast, that of the last value, and the share of true values within the band."""
    steps = min(len(observed.future), len(forecast.mean))
    if not steps:
        return
    truth, mean, sigma = observed.future[:steps], forecast.mean[:steps], forecast.sigma[:steps]
    error, naive = (float(np.sqrt(np.mean((guess - truth) ** 2))) for guess in (mean, observed.values[-1:]))
    inside = float(np.mean(np.abs(mean - truth) < sigma))
    print(f"  {name}: RMSE {error:.3f} over {steps} steps (the last value: {naive:.3f}); {inside:.0%} within one sigma")
    ex.report(f"RMSE, {name}", error)
    ex.report(f"RMSE of the last value, {name}", naive)
    ex.report(f"share within one sigma, {name}", inside)


losses = {}

# %% predict.py: a period on a trend, by the autoregressive and by the structural model
trend = series.load(ex.data, "period_trend", ex.csv)
features = trend.values.shape[1]
print(f"\n{len(trend.times)} times {trend.times[0]} to {trend.times[-1]}, {features} feature(s)")

ar = ARModel(ex, trend, period=ex.period, inputs=10, output=6, features=features)
losses["autoregressive"] = ar.train(ex, trend, ex.ar_steps, batch=16)
structural = StructuralModel(ex, trend, period=ex.period, latent=5, features=features)
try:
    structural.predict(200)
except Problem as problem:
    print("predict before evaluate:", problem)
    ex.report("predict before evaluate", str(problem))
losses["structural"] = structural.train(ex, trend, ex.structural_steps, batch=16, window=16)

figure, axes = plt.subplots(2, 1, figsize=(10, 8))
for axis, (name, model) in zip(axes, {"autoregressive": ar, "structural": structural}.items(), strict=True):
    one_step, loss = model.evaluate(trend)
    forecast = model.predict(200)
    ex.record(0, **{f"evaluation/{name}": loss})  # TFTS wrote a summary at each evaluation
    everything = one_step + forecast
    width = 2 * everything.sigma.mean(axis=1)
    all_times = np.union1d(trend.times, forecast.times)
    print(f"{name}: evaluation loss {loss:.4f}; {len(trend.times)} observed times, {len(all_times)} with the forecast")
    print(f"  the band is {width.mean():.3f} wide on average, {width[0]:.3f} at the start, {width[-1]:.3f} at the end")
    ex.report(f"evaluation loss, {name}", loss)
    ex.report(f"mean band width, {name}", width.mean())
    ex.report(f"band at the end / at the start, {name}", width[-1] / width[0])
    ex.report(f"band at the end / at the end of the series, {name}", width[-1] / width[len(one_step.times) - 1])
    ex.report(f"times with the forecast, {name}", len(all_times))
    against_the_future(name, trend, forecast)
    draw(axis, name, trend, everything)
axes[0].legend(loc="upper left")
figure.tight_layout()
ex.figure(figure, "period_trend")
ex.report("observed times", len(trend.times))

# %% known_anomaly.py: the level jumps at marked times; a jump is announced for the 50th time of the forecast.
# Told of it, the filter is sure of itself before and unsure ever after. The autoregressive bounds hold for one window.
jumps = series.load(ex.data, "changepoints")
announced = np.arange(100) == 49
untold = series.Series(jumps.times, jumps.values, np.zeros_like(jumps.changepoint), jumps.future)
state_space = StructuralModel(ex, jumps, period=12, latent=3)
models = {
    "state space": (state_space, jumps, (4, 64)),
    "state space, not told of the jumps": (state_space, untold, (4, 64)),
    "autoregressive, told of the jumps": (ARModel(ex, jumps, period=12, inputs=8, output=2), jumps, (64,)),
}
figure, axes = plt.subplots(3, 1, figsize=(10, 11))
print("\nthe width of the band just before the announced jump, at it, and at the end")
for axis, (name, (model, data, sizes)) in zip(axes, models.items(), strict=True):
    steps = ex.known_ar_steps if len(sizes) == 1 else ex.known_structural_steps
    model.start_again()
    losses[name] = model.train(ex, data, steps, *sizes)
    one_step, loss = model.evaluate(data)
    forecast = model.predict(100, flags=announced if data is jumps else None)
    widths = 2 * forecast.sigma[[48, 49, 99], 0]
    print(f"  {name}: {widths.round(3)}; evaluation loss {loss:.4f}")
    ex.record(0, **{f"evaluation/{name}": loss})
    for where, width in zip(("before", "at", "after"), widths, strict=True):
        ex.report(f"band {where} the announced jump, {name}", width)
    against_the_future(f"first 49 steps, {name}", jumps, forecast.cut(49))
    draw(axis, f"Ignoring a known anomaly ({name})", jumps, one_step + forecast)
    for number, time in enumerate([*jumps.times[jumps.changepoint], forecast.times[49]]):
        axis.axvline(time, color="tab:green", linestyle="dotted", label="" if number else "changepoints")
axes[0].legend(loc="upper left")
figure.tight_layout()
ex.figure(figure, "changepoints")

# %% multivariate.py: five features at once; the filter learns that they move together
levels = series.load(ex.data, "levels")
joint = StructuralModel(ex, levels, features=5)
losses["multivariate"] = joint.train(ex, levels, ex.multivariate_steps, batch=4, window=64)
one_step, loss = joint.evaluate(levels)
forecast = joint.predict(100)
print(f"\nmultivariate: evaluation loss {loss:.4f}")
ex.record(0, **{"evaluation/multivariate": loss})
learned = joint.level_correlation()
print("learned correlation of the levels' steps (0.8 between neighbours in truth):")
print(np.array2string(learned, precision=2, suppress_small=True))
ex.report("learned correlation of neighbours, mean", np.diag(learned, 1).mean())
against_the_future("multivariate", levels, forecast)

# One future drawn step by step: a value drawn from the prediction is observed, which moves the state, and so on.
joint.evaluate(levels)
path = joint.sample(100, np.random.RandomState(ex.seed))
figure, axis = plt.subplots(figsize=(11, 6))
for feature in range(5):
    color = f"C{feature + 1}"
    draw(axis, "five features at once", levels, one_step + forecast, feature, color=color, label=f"feature {feature}")
    axis.plot(path.times, path.mean[:, feature], color=color, linewidth=0.8, linestyle=":", label="one drawn future")
handles = dict(zip(*axis.get_legend_handles_labels()[::-1], strict=True))
axis.legend(handles.values(), handles.keys(), loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8)
figure.tight_layout()
ex.figure(figure, "multivariate")

# %% lstm.py: a model of one's own
waves = series.load(ex.data, "periods")
lstm = LSTMModel(ex, waves, features=5)
losses["LSTM"] = lstm.train(ex, waves, ex.lstm_steps, batch=4, window=32)
one_step, loss = lstm.evaluate(waves)
forecast = lstm.predict(100, seed=ex.seed)
print(f"\nLSTM: loss of the first batch {losses['LSTM'][0]:.4f}, evaluation loss {loss:.4f}")
ex.record(0, **{"evaluation/LSTM": loss})
ex.report("evaluation loss, LSTM", loss)
against_the_future("LSTM", waves, forecast)
figure, axes = plt.subplots(5, 1, figsize=(10, 10), sharex=True)
for feature, axis in enumerate(axes):
    draw(axis, f"LSTM, feature {feature}" if feature == 0 else "", waves, one_step + forecast, feature)
axes[0].legend(loc="upper left", fontsize=7)
figure.tight_layout()
ex.figure(figure, "lstm")

smooth = {
    name: [[step + 1, value] for step, value in enumerate(figures.moving_average(values, 20))]
    for name, values in losses.items()
}
ex.figure(figures.curves(smooth, xlabel="step", ylabel="negative log-likelihood, mean of 20 steps"), "losses")

# %% The exercise: save in the midst of a forecast, reload, and go on where it stopped
print("\n120 steps, saved and reloaded, 80 more: the largest difference to 200 steps in one go")
again = {
    "autoregressive": (ar, trend, lambda: ARModel(ex, None, period=ex.period, inputs=10, output=6, features=features)),
    "structural": (structural, trend, lambda: StructuralModel(ex, None, period=ex.period, latent=5, features=features)),
    "LSTM": (lstm, waves, lambda: LSTMModel(ex, None, features=5)),
}
for name, (model, data, make) in again.items():
    model.evaluate(data)
    in_one_go = model.predict(200)
    model.evaluate(data)
    model.predict(120)
    path = model.save(ex.checkpoint(f"{name}.ckpt"))
    model.close()
    reloaded = make()  # knows nothing of the data
    reloaded.restore(path)
    rest = reloaded.predict(80)
    reloaded.close()
    assert (rest.times == in_one_go.times[120:]).all()
    differences = [np.abs(a - b[120:]).max() for a, b in ((rest.mean, in_one_go.mean), (rest.sigma, in_one_go.sigma))]
    print(f"  {name}: {max(differences):.2e}")
    ex.report(f"largest difference after reloading, {name}", max(differences))
joint.close()
ex.finish()
