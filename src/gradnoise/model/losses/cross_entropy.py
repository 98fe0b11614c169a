"""Cross-entropy: outputs (batch, classes) are logits, targets (batch,) class numbers."""

import torch.nn.functional as F

LOSS = F.cross_entropy
