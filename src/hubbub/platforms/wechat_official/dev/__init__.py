"""A stand-in for the platform, for tests and for trying things by hand: as strict as the platform is."""
