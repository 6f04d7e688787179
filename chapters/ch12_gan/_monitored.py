"""What examples 89 and 92 add to MonitoredTrainingSession."""

from utils.tf1 import tf


class PlainSession(tf.train.SessionRunHook):
    """A hook that keeps the plain session inside a MonitoredTrainingSession as ``session``: a Saver wants that one."""

    def after_create_session(self, session, coord):
        self.session = session
