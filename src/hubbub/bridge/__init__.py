"""Between rooms: which messages are meant for the bot, and how a message is made to fit the room that it goes to."""
