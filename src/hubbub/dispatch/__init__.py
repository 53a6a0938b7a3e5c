"""What happens between a platform's event and its answer: order, bounds, delivery."""
