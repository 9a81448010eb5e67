"""Models that others made: any ONNX speech-emotion network, with a small description beside it."""
