"""The baselines as networks: every one maps a tile [1, C, D, H, W] in [0, 1] to a score [1, 1, D, H, W], higher is rarer.

Each names its input channels as a manifest does, and smooths its score as the main model does (SCORE_SIGMA_MM), so that
a comparison is one of scores, not of smoothing.
"""
import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from config import PREPROCESSING, SCORE_SIGMA_MM
from networks import WIDTHS, Block, Density, UNet, conv, gaussian_smooth, observation, upsample

POSITIONS = ['position-x', 'position-y', 'position-z']


def inverse_hu_map(value):
    """HU of a mapped value, clamped as the map is; a sum of ramps, so that NumPy and PyTorch run the same line."""
    hu, mapped = PREPROCESSING['huPivots']['hu'], PREPROCESSING['huPivots']['value']
    slopes = np.diff(hu) / np.diff(mapped)
    total = hu[0] + value * float(slopes[0])
    for start, change in zip(mapped[1:], np.diff(slopes)):
        total = total + (value - start).clip(0) * float(change)
    return total


class HuPosition(nn.Module):
    """|HU - mean| / sd at the relative position, mean and sd [B, B, B] (z, y, x) interpolated linearly between the centres
    of their bins."""

    CHANNELS = ['hu', *POSITIONS]

    def __init__(self, bins):
        super().__init__()
        self.register_buffer('mean', torch.zeros(bins, bins, bins))
        self.register_buffer('sd', torch.ones(bins, bins, bins))

    def at(self, table, hats):
        """table [B, B, B] at a tile's voxels: one product per axis with hats [B, n]."""
        bins = table.shape[0]
        z, y, x = hats
        rows = (z.T @ table.reshape(bins, -1)).reshape(-1, bins, bins)
        return (y.T @ rows) @ x

    def forward(self, tile):
        bins = self.mean.shape[0]
        # Positions vary along their own axis only. Clamped to the outermost centres, as padding is at 0.
        along = (tile[0, 3, :, 0, 0], tile[0, 2, 0, :, 0], tile[0, 1, 0, 0, :])
        centre = torch.arange(bins, dtype=torch.float32, device=tile.device)[:, None]
        hats = [F.relu(1 - (centre - (bins * u - 0.5).clamp(0, bins - 1)).abs()) for u in along]
        deviation = (inverse_hu_map(tile[:, 0:1]) - self.at(self.mean, hats)).abs() / self.at(self.sd, hats)
        return gaussian_smooth(deviation, SCORE_SIGMA_MM)


class Gaussian(nn.Module):
    """-log N(y; mean, covariance) of the observation y, the same everywhere. mean and covariance: of standardised y."""

    CHANNELS = PREPROCESSING['channels']

    def __init__(self, descriptor, y_mean, y_sd, mean, covariance):
        super().__init__()
        self.f = descriptor
        root = torch.linalg.cholesky(covariance.double())
        whiten = torch.linalg.inv(root) / y_sd.double()
        self.register_buffer('whiten', whiten.float()[:, :, None, None, None])
        self.register_buffer('bias', -(whiten @ (y_mean + y_sd * mean).double()).float())
        self.constant = float(root.diagonal().log().sum()) + 0.5 * len(mean) * math.log(2 * math.pi)

    def forward(self, tile):
        z = F.conv3d(observation(self.f, tile), self.whiten, self.bias)
        return gaussian_smooth(0.5 * (z * z).sum(1, keepdim=True) + self.constant, SCORE_SIGMA_MM)


class PositionDensity(Density):
    """Density conditional on sine and cosine of the position, u in (0, 1) per axis, at FREQUENCIES half waves per body."""

    FREQUENCIES = (1, 2, 4, 8)

    def __init__(self, outputs):
        super().__init__(outputs)
        self.mlp[0] = nn.Conv3d(3 * 2 * len(self.FREQUENCIES), self.mlp[0].out_channels, 1)

    def forward(self, position):
        """position [N, 3, ...] -> (mean, log_sd), each [N, outputs, ...]."""
        angles = torch.cat([math.pi * k * position for k in self.FREQUENCIES], 1)
        return super().forward(torch.cat([angles.sin(), angles.cos()], 1))


class GaussianPosition(nn.Module):
    """-log N(y; mean(u), diag(sd(u)^2)) of the observation at relative position u; the main model with the position in
    the place of its condition, and like it with the expectation at half resolution."""

    CHANNELS = [*PREPROCESSING['channels'], *POSITIONS]

    def __init__(self, descriptor, density, y_mean, y_sd):
        super().__init__()
        self.f, self.q = descriptor, density
        self.register_buffer('y_mean', y_mean.view(1, -1, 1, 1, 1))
        self.register_buffer('y_sd', y_sd.view(1, -1, 1, 1, 1))

    def forward(self, tile):
        y = observation(self.f, tile[:, :2])
        mean, log_sd = self.q(F.avg_pool3d(tile[:, 2:], 2))
        residual = (y - upsample(mean * self.y_sd + self.y_mean)) * upsample(torch.exp(-log_sd) / self.y_sd)
        constant = log_sd.sum(1, keepdim=True) + 0.5 * y.shape[1] * math.log(2 * math.pi)
        return gaussian_smooth(0.5 * (residual * residual).sum(1, keepdim=True) + upsample(constant), SCORE_SIGMA_MM)


class Autoencoder(nn.Module):
    """Convolutional autoencoder of CLAHE and HU image with a bottleneck at 1/16 (32 mm): CODE numbers for 2 * 16^3.

    Its score is -log q of the HU image around the reconstruction, with one variance for all voxels and without
    constants: the squared residual / (2 variance).
    """

    CHANNELS = PREPROCESSING['channels']
    WIDTHS = (24, 48, 64, 96)       # at 1/2 down to 1/16
    CODE = 24

    def __init__(self):
        super().__init__()
        deep = self.WIDTHS[::-1]
        self.encoder = nn.Sequential(conv(2, deep[-1], 4, 2), nn.ReLU())
        for a, b in zip(self.WIDTHS, self.WIDTHS[1:]):
            self.encoder.extend([conv(a, b, 2, 2), nn.ReLU(), Block(b)])
        self.encoder.append(nn.Conv3d(deep[0], self.CODE, 1))
        self.decoder = nn.Sequential(conv(self.CODE, deep[0]), nn.ReLU())
        for a, b in zip(deep, deep[1:]):
            self.decoder.extend([Block(a), conv(a, b, 1), nn.Upsample(scale_factor=2), nn.ReLU()])
        self.end = nn.Sequential(conv(deep[-1], 8), nn.Upsample(scale_factor=2), nn.ReLU(), nn.Conv3d(8, 2, 3, padding=1))
        self.register_buffer('variance', torch.ones(()))

    def reconstruct(self, tile):
        return self.end(self.decoder(self.encoder(tile)))

    def forward(self, tile):
        residual = tile[:, 1:2] - self.reconstruct(tile)[:, 1:2]
        return gaussian_smooth(residual * residual / (2 * self.variance), SCORE_SIGMA_MM)


class Segmenter(nn.Module):
    """HU image -> log odds that a voxel belongs to something pasted in: the UNet from half resolution on, a linear head
    per level, summed from coarse to fine as the descriptor's."""

    CHANNELS = ['hu']

    def __init__(self):
        super().__init__()
        self.enter = nn.Sequential(conv(1, WIDTHS[0], 4, 2), nn.ReLU())
        self.unet = UNet()
        self.heads = nn.ModuleList(nn.Conv3d(w, 1, 1) for w in WIDTHS[::-1])

    def logit(self, hu):
        total = None
        for head, features in zip(self.heads, self.unet(self.enter(hu))):
            y = head(features)
            total = y if total is None else upsample(total) + y
        return upsample(total)

    def forward(self, tile):
        return gaussian_smooth(self.logit(tile), SCORE_SIGMA_MM)
