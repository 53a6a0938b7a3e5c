"""From a question to an answer: the owner's branch, the request, the model's pieces, the turns to store."""
