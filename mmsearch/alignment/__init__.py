"""Learners that bring frozen features of two modalities into one space."""
