"""What both generations of the authors' UNet share. Tensors are [N, C, D, H, W]."""
import torch
from torch import nn
from torch.nn import functional as F

EPSILON = 1e-5     # PyTorch's default in GroupNorm and InstanceNorm3d


class TileNorm(nn.Module):
    """GroupNorm over the whole tile (as many groups as channels: InstanceNorm with weights), in means and products only:
    many devices have no normalisation of 5-D tensors."""

    def __init__(self, channels, groups):
        super().__init__()
        self.groups = groups
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        grouped = x.reshape(x.shape[0], self.groups, -1)
        centred = grouped - grouped.mean(2, keepdim=True)
        variance = (centred * centred).mean(2, keepdim=True)
        normal = (centred / torch.sqrt(variance + EPSILON)).reshape(x.shape)
        return normal * self.weight[:, None, None, None] + self.bias[:, None, None, None]


def fit(x, other):
    """x cut at the end, or padded there by its last voxel, to the D, H, W of other: an odd size does not halve evenly."""
    if x.shape[2:] == other.shape[2:]:
        return x
    x = x[:, :, :other.shape[2], :other.shape[3], :other.shape[4]]
    missing = [int(n) - int(m) for n, m in zip(other.shape[2:], x.shape[2:])]
    return F.pad(x, [0, missing[2], 0, missing[1], 0, missing[0]], mode='replicate')


def join(deep, skip):
    """The decoder's input: the coarser features, twice as fine (nearest), beside the encoder's. [N, C_deep + C_skip, …]"""
    return torch.cat([fit(deep, skip), skip], 1)
