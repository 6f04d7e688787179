"""What the books do not teach: flags, data, progress, figures, results."""
