"""OneBot v11: QQ through go-cqhttp, NapCat, LLOneBot, Lagrange and their kind."""
