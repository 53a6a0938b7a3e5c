"""Where models come from: a folder for each kind, and how a model is found when none is set."""
