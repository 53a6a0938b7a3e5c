"""The only SQL of Hubbub: one contract (`hubbub.core.ports.Store`), an engine a folder."""
