"""ONNX graphs, from any exporter."""
