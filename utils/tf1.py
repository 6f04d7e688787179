"""TensorFlow 1.x as the books write it, on today's TensorFlow: ``from utils.tf1 import tf``.

Three things make the old graph style run: the variable ``TF_USE_LEGACY_KERAS`` must be set before the import (with
the package tf-keras it brings back ``tf.layers`` and ``tf.nn.rnn_cell``), the interface is ``tensorflow.compat.v1``,
and the behaviour of version 2 is switched off.
"""

import os
import sys
import tempfile
import warnings

from utils import flags

flags.check_command_line()  # a wrong flag is answered at once, not after the seconds that the import takes
if "tensorflow" in sys.modules and os.environ.get("TF_USE_LEGACY_KERAS") != "1":
    raise ImportError("import utils.tf1 before tensorflow: TF_USE_LEGACY_KERAS must be set first")
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # `run.py doctor` shows what CUDA has to say
os.environ.setdefault("ABSL_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # else only on some CPUs: a CNN step takes half the time with it
warnings.filterwarnings("ignore", module=r"tensorflow\..*|tf_keras\..*|tf_slim\..*")
warnings.filterwarnings("ignore", message=r"`tf\.")  # that tf.layers and tf.nn.rnn_cell are deprecated


def _import_quietly():
    """Import TensorFlow; what its C++ side says of missing CUDA drivers is shown only if the import fails."""
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # no stderr, as under pythonw
        import tensorflow.compat.v1 as module

        return module
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            import tensorflow.compat.v1 as module
        except BaseException:
            said.seek(0)
            os.write(kept, said.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
    return module


tf = _import_quietly()
tf.logging.set_verbosity(tf.logging.ERROR)
tf.disable_v2_behavior()
