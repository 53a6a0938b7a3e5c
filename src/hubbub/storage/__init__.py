"""The only SQL of Hubbub: one contract (`hubbub.core.store.Store`), an engine a folder."""
