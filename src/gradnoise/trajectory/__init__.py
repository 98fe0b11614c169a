"""SGD around a checkpoint, recorded."""
