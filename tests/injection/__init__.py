"""What lies about the house to talk a model into something, and the model that obeys all of it."""
