"""Ctrl-C and SIGTERM: end a training at a step's end, so that what is saved is whole."""

import signal
import sys
import threading
from types import FrameType


class Interrupt:
    """Catches SIGINT and SIGTERM for a run.

    Outside a resumable loop the first signal ends the program (exit 130 or 143). Inside one it is kept until the loop
    has finished its step and saved; a second signal ends the program at once.
    """

    def __init__(self) -> None:
        self.signal = 0
        self.waiting = False  # a resumable loop is running and will ask
        self.advice = ""
        if threading.current_thread() is threading.main_thread() and "ipykernel" not in sys.modules:
            signal.signal(signal.SIGINT, self._caught)
            signal.signal(signal.SIGTERM, self._caught)

    def _caught(self, number: int, frame: FrameType | None) -> None:
        if self.waiting and not self.signal:
            self.signal = number
            print("\nstopping when this step is done and saved (once more: stop at once)", file=sys.stderr)
            return
        self.signal = number
        self.end()

    def end(self) -> None:
        """End the program because of the signal that came."""
        print(f"\nstopped. {self.advice}".rstrip(), file=sys.stderr)
        raise SystemExit(128 + self.signal)
