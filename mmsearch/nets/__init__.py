"""Networks in plain torch, and what feeds them. Their files are copied into every saved model folder."""
