"""What encoders and re-rankers have in common: folders of models, where they come from and where they run."""
