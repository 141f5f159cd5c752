"""From packages and pictures to a model folder: one resumable command."""
