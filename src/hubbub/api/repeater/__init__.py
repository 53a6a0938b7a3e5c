"""The API of the Repeater's backend over what owners keep in the hub. Its routes are in the README beside this."""
