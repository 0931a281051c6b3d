"""A study of six rows that runs in seconds."""

STUDY = """
name = "little"
title = "A little of everything"
source = "nobody"
protocols = ["odd-subjects"]
preset = "adamw_cosine"
model = "toy"
epochs = 1
steps = 2

[every]
encoder = "transformer"

[[rows]]
name = "scratch"

[[rows]]
name = "tuned"
pretrain = "mamp"

[[rows]]
name = "probed"
pretrain = "mamp"
learn = "probe"
method = "linear probe"

[[rows]]
name = "near"
pretrain = "mamp"
learn = "probe"
method = "nearest neighbours"

[[rows]]
name = "MLP"
learn = "simple"

[[rows]]
name = "fused"
streams = ["joint", "bone"]
weights = [0.6, 0.4]
"""
