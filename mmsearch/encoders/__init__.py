"""Aligned encoders: pictures and words in one vector space."""
