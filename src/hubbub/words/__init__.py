"""What Hubbub says to people: catalogues of sentences by language, and the one function that says them.

`Phrase` keys are looked up here and nowhere else; a new sentence is one line in every catalogue (`zh`, `en`).
"""

from hubbub.words.language import choose, guess
from hubbub.words.say import filled, languages, say

__all__ = ["choose", "filled", "guess", "languages", "say"]
