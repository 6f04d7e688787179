"""Section 11.5.3 · Download a data set and convert it to TFRecord (slim 中的数据集合处理)

Book:      intro 11.5.3, table 11-2, figure 11-9
Data:      flowers, 3,670 photos of five classes, downloaded; or a folder of your own with a folder for each class
           (--folder)
Shows:     the photos packed into five training and five validation shards with a file of labels, in slim's format; the
           records read back and compared with the photos; table 11-2 with its errors put right
Departs:   the table gives flowers 2,500 and 2,500 pictures: slim keeps 350 of 3,670 for validation. It gives CIFAR-10
           60,000 training pictures: it has 50,000. A broken download is resumed or started again, not commented out
Time:      10 s on 2 CPU cores (stand-in, beside other work)
"""

import _tfrecords as tfrecords
import matplotlib.pyplot as plt
import numpy as np

from utils import paths
from utils.data import flowers
from utils.example import Example
from utils.problems import Problem
from utils.tf1 import tf

ex = Example(__doc__, folder="", shards=5)

# %% Table 11-2: the book's numbers of training and test pictures, and the right ones
TABLE = {
    "Flowers": ((2_500, 2_500), (3_320, 350), 5, "varying sizes"),
    "CIFAR-10": ((60_000, 10_000), (50_000, 10_000), 10, "32×32, colour"),
    "MNIST": ((60_000, 10_000), (60_000, 10_000), 10, "28×28, grey"),
    "ImageNet": ((1_200_000, 50_000), (1_281_167, 50_000), 1000, "varying sizes, rounded in the book"),
}
print("Table 11-2, put right: training and test pictures, classes")
for name, (printed, right, classes, note) in TABLE.items():
    wrong = f"   (the book prints {printed[0]:,} and {printed[1]:,})" if printed != right else ""
    print(f"  {name:10}{right[0]:>10,}{right[1]:>8,}{classes:>6}  {note}{wrong}")

# %% The pictures, and the records
data = flowers.load(ex.data, ex.folder, "--folder")
folder = ex.outputs / tfrecords.FOLDER
counts = tfrecords.convert(data, folder, shards=ex.shards)
print(f"in {paths.shown(folder)}:")
for name, count in counts.items():
    print(f"  {name}: {count:,} records, {(folder / name).stat().st_size / 1e6:.1f} MB")
names = tfrecords.read_labels(folder)
print(f"  {tfrecords.LABELS}: {', '.join(f'{number}:{name}' for number, name in enumerate(names))}")

# %% Read back: every record against its picture, a few of them decoded by TensorFlow
shown, captions, unlike, back = [], [], 0, {}
encoded = tf.placeholder(tf.string, [], name="encoded")
pixels = tf.image.decode_image(encoded, channels=3)
with ex.session() as sess:
    decode = sess.make_callable(pixels, [encoded])
    for split in ("train", "validation"):
        part = tfrecords.shuffled(getattr(data, split))
        found = []
        for name in [name for name in counts if tfrecords.split_of(name) == split]:
            for place, record in enumerate(tfrecords.records(folder / name)):
                feature = record.features.feature
                content = feature["image/encoded"].bytes_list.value[0]
                size, label = (
                    [feature[f"image/{key}"].int64_list.value[0] for key in keys]
                    for keys in (("height", "width"), ("class/label",))
                )
                unlike += content != tfrecords.encoded(part.files[len(found)])[0]
                if place == 0:  # the first of each shard
                    image = decode(content)
                    unlike += list(image.shape[:2]) != size
                    shown.append(image)
                    captions.append(names[label[0]])
                found.append(label[0])
        if found != part.labels.tolist():
            raise Problem(
                f"{paths.shown(folder)}: the records of {split} are not those that were written: run it again"
            )
        back[split] = np.bincount(found, minlength=len(names))
if unlike:
    raise Problem(f"{paths.shown(folder)}: {unlike} records differ from their pictures: run it again")
total = {split: int(numbers.sum()) for split, numbers in back.items()}
print(f"read back: {total['train']:,} training and {total['validation']:,} validation records, each as its picture")

# %% Figures: a picture of each shard, and how many each class has
figure, axes = plt.subplots(2, -(-len(shown) // 2), figsize=(10, 4.4), squeeze=False)
for axis in axes.flat:
    axis.axis("off")
for axis, image, caption in zip(axes.flat, shown, captions, strict=False):
    axis.imshow(image)
    axis.set_title(caption, fontsize=9)
figure.tight_layout()
ex.figure(figure, "records")

figure, axis = plt.subplots(figsize=(6.4, 4))
axis.bar(names, back["train"], label="train")
axis.bar(names, back["validation"], bottom=back["train"], label="validation")
axis.set(ylabel="pictures")
axis.legend()
figure.tight_layout()
ex.figure(figure, "classes")

# %% Results
ex.report("training records", total["train"], book=2500)
ex.report("validation records", total["validation"], book=2500)
ex.report("classes", len(names), book=5)
ex.report("shards", len(counts), book=10)
ex.report("records unlike their pictures", unlike)
ex.report("training records of each class", back["train"])
ex.report("validation records of each class", back["validation"])
ex.finish()
