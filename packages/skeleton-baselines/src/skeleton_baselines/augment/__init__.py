"""Augmentations of contrastive learning on skeletons: functions of clips, and who draws for them."""
