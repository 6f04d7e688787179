"""The figure of the loss that examples 1 to 4 share."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from utils import figures


def smoothed_loss(history: Sequence[Sequence[float]], window: int = 3) -> Figure:
    """Draw the cost of each epoch, `history`: [(epoch, cost), …], and its running mean over `window` epochs."""
    epochs, costs = np.transpose(history)
    smooth = np.column_stack([epochs, figures.moving_average(costs, window)])
    lines = {"cost": history, f"mean of the last {window}": smooth}
    return figures.curves(lines, xlabel="epoch", ylabel="Loss", title="Epoch vs. training loss")
