"""Project 56 · Adding different glasses to a face (为人脸添加不同的眼镜)

Book:      eng 10.3.11, listing 10-7
Data:      CelebA's test faces, from 182638.jpg on, or the drawn ones that project 55 did not learn from; --image FILE
           takes a picture of yours
Model:     the network that project 55 trained last, restored
Shows:     an attribute as a slider: trained with −0.5 and 0.5, asked for with 0.7 to 1.2, the network draws glasses
           that get stronger from left to right. --attribute Mustache takes another one
Departs:   the checkpoint is loaded once, and only a missing one is a missing one. The labels ±0.5 are made from the
           face's own ones (the listing's line names itself). The book shows all test faces; here 8, --book all.
           What a step of the slider changes is measured, and how sure the critic is that it sees the attribute
Time:      12 s on 2 CPU cores, beside another run
"""

from pathlib import Path

import numpy as np
from _editing import attribute_number, edits, save_png, slider, strips, trained_settings
from models import Editor

from utils import figures, results
from utils.data import celeba
from utils.example import Example
from utils.photo import load_photo
from utils.tf1 import tf

ex = Example(
    __doc__,
    attribute="Eyeglasses",
    test_int_min=0.7,
    test_int_max=1.2,
    n_slide=10,
    faces=8,
    image="",
    quick={"faces": 4},
    book={"faces": 0},
)
NAMES = list(celeba.ATTRIBUTES)

# %% The network of project 55, rebuilt with the settings of its last run
attribute = attribute_number(NAMES, ex.attribute)
path = ex.checkpoint_of("p55", "attgan.ckpt")
settings = trained_settings()
trained_on_real = all(source["real"] for source in settings["data"])
ex.data.note(
    "AttGAN",
    f"project 55, {settings['preset']} run on {', '.join(source['source'] for source in settings['data'])}",
    real=settings["preset"] == "book" and trained_on_real,
    ours=results.is_real(settings),
)
thres_int = settings["thres_int"]
with tf.device(ex.device):
    editor = Editor(settings, len(NAMES))
saver = tf.train.Saver()

# %% Faces that it was not trained on: their names, pictures, and labels, which the critic gives for one of your own
if ex.image:
    photo, source = load_photo(ex.image)
    ex.data.note("photo", f"the reader's own {source}", real=False, ours=True)
    files, pictures, labels = [Path(ex.image)], celeba.crop(photo, settings["size"])[None], None
else:
    te_data = celeba.load(ex.data, size=settings["size"], drawn=settings["drawn"]).test
    numbers = np.arange(min(ex.faces or te_data.num_examples, te_data.num_examples))
    files, pictures, labels = [te_data.files[i] for i in numbers], te_data.pictures(numbers), te_data.labels[numbers]
xa_sample = celeba.as_values(pictures)

# %% The slider: the labels of the face at ±0.5, and in place of the attribute 0.7 to 1.2
test_ints = np.linspace(ex.test_int_min, ex.test_int_max, ex.n_slide)
folder = ex.outputs / f"sample_testing_slide_{NAMES[attribute]}"
changes, certain, rows = [], [], {}
with ex.session() as sess:
    saver.restore(sess, path)
    if labels is None:
        labels = editor.seen(sess, xa_sample)
    own = (2 * labels - 1) * np.float32(thres_int)
    for number, (file, face) in enumerate(zip(files, xa_sample, strict=True), start=1):
        b_sample = slider(own[number - 1], attribute, test_ints)
        reconstructed, *slides = edits(sess, editor, face[None], b_sample)
        sheet = strips(face[None], np.array(slides))
        save_png(ex, folder / f"{file.stem}.png", sheet, number)
        changes.append([np.abs(slide - reconstructed).mean() for slide in slides])
        certain.append(sess.run(tf.sigmoid(editor.attributes), {editor.pictures: np.concatenate(slides)})[:, attribute])
        if number <= 8:
            rows[file.stem] = celeba.as_pictures(np.concatenate([face[None], *slides])) / 255
        ex.log(f"{file.stem}.png done!")
changes, certain = np.mean(changes, axis=0), np.mean(certain, axis=0)

# %% Figures: the strips of the first faces (figure 10-9), and how far each step of the slider goes
captions = ["original", *(f"{test_int:.2f}" for test_int in test_ints)]
ex.figure(figures.image_rows(rows, captions), "figure_10_9")
lines = {NAMES[attribute]: list(zip(test_ints, changes, strict=True))}
ex.figure(figures.curves(lines, xlabel="strength", ylabel="mean change of a pixel (from −1 to 1)"), "changes")

# %% Results
ex.report("pixels of a strip, height and width", list(sheet.shape[:2]), book=[128, 1420])
for place in (0, -1):
    ex.report(f"change of a pixel at {test_ints[place]:.2g}, of 2", changes[place])
    ex.report(f"the critic sees {NAMES[attribute]} at {test_ints[place]:.2g}", certain[place])
ex.finish()
