#!/usr/bin/env bash
# In torch 2.13.0 nn.MultiheadAttention answers NaN for a clip in which nobody is (all of its tokens are masked by
# key_padding_mask), but only if the attention map is returned too, which is its default; with need_weights=False it
# answers finite numbers. The NaN reaches the gradient of every weight, even where the loss leaves that clip out.
# nn.TransformerEncoderLayer in evaluation answers NaN without gradients (no_grad), and numbers with them.
# Expected: asking for the map adds the map and changes no answer, and gradients on or off change none either.
# Skeleton clips often have an absent second body, so one such clip ends a training, or only its evaluation.
# Exits with 0 while that is so, with 1 when it has changed. It downloads torch.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cat > "$folder/nobody.py" <<'PYTHON'
import sys
import torch
from torch import nn

torch.manual_seed(0)
clips, absent = torch.randn(3, 4, 8), torch.zeros(3, 4, dtype=torch.bool)  # 3 clips of 4 tokens; nobody is in the second
absent[1] = True
somebody = [0, 2]


def nan_clips(answer):
    return [number for number, clip in enumerate(answer) if clip.isnan().any()]


print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
attention, found = nn.MultiheadAttention(8, 2, batch_first=True), {}
for weights in (True, False):
    attention.zero_grad()
    answer = attention(clips, clips, clips, key_padding_mask=absent, need_weights=weights)[0]
    answer[somebody].sum().backward()
    found[weights] = nan_clips(answer), bool(attention.in_proj_weight.grad.isnan().any())
    print(f"need_weights={weights}: clips with NaN {found[weights][0]}, NaN in the gradient of the others {found[weights][1]}")

layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0, batch_first=True).eval()
with torch.no_grad():
    without = layer(clips, src_key_padding_mask=absent)
with_gradients = layer(clips, src_key_padding_mask=absent)
print(f"encoder layer in evaluation: clips with NaN {nan_clips(without)} without gradients, {nan_clips(with_gradients)} with them")
alike = torch.allclose(without[somebody], with_gradients[somebody], atol=1e-5)
print("the other clips answer alike:", alike)
expected = found == {True: ([1], True), False: ([], False)} and nan_clips(without) == [1] and not nan_clips(with_gradients)
sys.exit(0 if expected and alike else 1)
PYTHON
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" "$folder/nobody.py"
