"""Re-rankers: models that look at a text and a picture together and say how well they match."""
