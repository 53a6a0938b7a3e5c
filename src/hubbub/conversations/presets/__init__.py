"""Prompts with names that come with the hub, a text file each in Chinese and English, and those of a folder."""

from hubbub.conversations.presets.library import Presets, of_acts, of_folder, shipped

__all__ = ["Presets", "of_acts", "of_folder", "shipped"]
