"""Models that run inside the hub, by llama.cpp in a child process."""
