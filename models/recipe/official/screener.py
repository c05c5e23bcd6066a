"""Descriptor, condition and density of the authors, put together as one network from a tile of ours to its scores."""
import math

import torch
from torch import nn
from torch.nn import functional as F

from networks import checkerboard
from official.layers import fit

# A patient direction -> the dimension of our tiles [1, 1, D = z, H = y, W = x] that runs along it, and whether backwards
# (our x grows toward Left, y toward Posterior, z toward Superior).
LETTERS = {'S': (2, False), 'I': (2, True), 'P': (3, False), 'A': (3, True), 'L': (4, False), 'R': (4, True)}


class Embedding(nn.Module):
    """Descriptor or condition model: a UNet and one 1x1x1 convolution per level, summed from coarse to fine (trilinear).

    A UNet with a second input channel takes the mask there (1 = visible), and the image is multiplied by it.
    """

    def __init__(self, unet, channels, dim, in_channels):
        super().__init__()
        self.unet = unet
        self.convs = nn.ModuleList(nn.Conv3d(c, dim, 1) for c in channels)
        self.takes_mask = in_channels == 2

    def forward(self, image, mask=None):
        """image, mask: [N, 1, D, H, W]; without a mask everything is visible. Returns [N, dim, D, H, W]."""
        if self.takes_mask:
            mask = torch.ones_like(image) if mask is None else mask
            image = torch.cat([image * mask, mask], 1)
        levels = [conv(features) for conv, features in zip(self.convs, self.unet(image))]
        total = levels.pop()
        while levels:
            finer = levels.pop()
            total = finer + fit(F.interpolate(total, scale_factor=2, mode='trilinear', align_corners=False), finer)
        return total


class GaussianDensity(nn.Module):
    """MLP of 1x1x1 convolutions from c to the mean and the diagonal log-variance of y, in this order.

    Names and activation (ReLU) of the authors' Gaussian are not known here; a numbered row of convolutions is taken.
    """

    def __init__(self, widths, step):
        super().__init__()
        self.layers = nn.ModuleDict({str(i * step): nn.Conv3d(a, b, 1) for i, (a, b) in enumerate(zip(widths, widths[1:]))})

    def nll(self, y, c):
        *hidden, last = self.layers.values()
        for layer in hidden:
            c = F.relu(layer(c))
        mean, log_variance = last(c).chunk(2, 1)
        squares = (y - mean) ** 2 * torch.exp(-log_variance) + log_variance
        return 0.5 * squares.sum(1, keepdim=True) + 0.5 * y.shape[1] * math.log(2 * math.pi)


class OfficialScreener(nn.Module):
    """Tile [1, 1, D, H, W] in our axes -> -log q(y | c), [1, 1, D, H, W].

    axes: patient directions along which the three axes of the training arrays ran. hidden_block: edge in voxels of the
    blocks of masked inference, where c is read only at hidden voxels, from two passes with complementary masks; None: one
    pass with everything visible, as published.
    """

    def __init__(self, descriptor, condition, density, axes='PLI', hidden_block=None):
        super().__init__()
        self.f, self.g, self.q = descriptor, condition, density
        self.order, reverse = zip(*[LETTERS[letter] for letter in axes])
        self.flips = [axis for axis, reversed_ in zip((2, 3, 4), reverse) if reversed_]
        self.hidden_block = hidden_block

    def condition(self, image):
        if self.g is None:
            return None
        if self.hidden_block is None:
            return self.g(image)
        board = checkerboard(image.shape[2], self.hidden_block)
        return self.g(image, 1 - board) * board + self.g(image, board) * (1 - board)

    def forward(self, tile):
        order = [0, 1, *self.order]
        image = tile.permute(order)
        image = image.flip(self.flips) if self.flips else image
        score = self.q.nll(self.f(image), self.condition(image))
        score = score.flip(self.flips) if self.flips else score
        return score.permute([order.index(i) for i in range(5)])
