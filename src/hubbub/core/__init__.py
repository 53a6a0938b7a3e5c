"""The words that every part of Hubbub shares: standard library only, no I/O."""
