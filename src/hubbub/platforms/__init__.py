"""Chat platforms, one folder each; every folder has files of the same names."""
