"""Tools that models use while they answer: a file each, and the one place where they are called (`calling`)."""
