"""What a trained model is brought to: operations, activations, chains and graphs of layers."""
