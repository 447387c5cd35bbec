"""What readers of several frameworks share: layouts of features, arithmetic, quantizers."""
