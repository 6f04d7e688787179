"""Section 4.1.8 · Limiting GPU memory (设置 GPU 使用资源)

Book:      intro 4.1.8
Data:      none
Shows:     the three ways to say how much of a GPU's memory a session may take, and what TensorFlow then reports as
           its limit; on a machine without a GPU the settings are accepted and have no effect
Departs:   `--first` says whose session is opened first: a GPU's memory is set up once in a process, so the sessions
           that follow keep the first one's limit (TensorFlow issues 22526 and 32919)
Time:      4 s on 2 CPU cores
"""

from utils.example import Choice, Example
from utils.tf1 import tf

ex = Example(__doc__, first=Choice("fraction", "growth", "growth_argument"), memory_fraction=0.7)

# %% The three settings
present = ex.config().device_count  # `--device cpu` hides the GPUs

growth = tf.ConfigProto(device_count=present)
growth.gpu_options.allow_growth = True  # start small, take more on demand, never give back; may fragment

gpu_options = tf.GPUOptions(allow_growth=True)  # the same, as an argument
growth_argument = tf.ConfigProto(gpu_options=gpu_options, device_count=present)

gpu_options = tf.GPUOptions(per_process_gpu_memory_fraction=ex.memory_fraction)  # 70 % of the card, at once
fraction = tf.ConfigProto(gpu_options=gpu_options, device_count=present)

settings = {"fraction": fraction, "growth": growth, "growth_argument": growth_argument}
for name, config in settings.items():
    print(f"{name}: {' '.join(str(config.gpu_options).split())}")

# %% A session with each of them
total = tf.constant(3) + tf.constant(4)
limits = {}
for name in sorted(settings, key=lambda name: name != ex.first):  # ex.first, then the others
    with tf.Session(config=settings[name]) as sess:
        value = sess.run(total)
        gpus = [device for device in sess.list_devices() if device.device_type == "GPU"]
    limits[name] = [device.memory_limit_bytes for device in gpus]
    shown = ", ".join(f"{limit / 2**30:.2f} GiB" for limit in limits[name])
    print(f"session with {name}: 3 + 4 = {value}; memory limit of the GPUs: {shown or 'no GPU, no effect'}")
    ex.report(f"{name}, 3 + 4", value)

# %% Results
ex.report("growth", growth.gpu_options.allow_growth, book=True)
ex.report("growth_argument", growth_argument.gpu_options.allow_growth, book=True)
ex.report("fraction", fraction.gpu_options.per_process_gpu_memory_fraction, book=0.7)
ex.report("both ways to grow are one setting", growth == growth_argument)
ex.report("memory limit of the GPUs", limits[ex.first])
ex.finish()
