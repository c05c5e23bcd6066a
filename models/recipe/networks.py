"""The three networks of Screener (arXiv 2502.08321) at a size two CPU cores can train, and their fusion into one graph.

Tensors are [N, C, D, H, W] = (z, y, x). Every block is convolution + BatchNorm + ReLU: BatchNorm folds into the
convolution at export, so the graph holds no normalisation layer.
"""
import copy
import math

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

import tails
from config import (CONDITION_DIM, DESCRIPTOR_DIM, HU_SIGMAS_MM, MASK_BLOCK, PATCH, PREPROCESSING, READINGS, SCORE_SIGMA_MM, WIDE,
                    WIDE_WEIGHT)
from model_package import HALF_FROM

WIDTHS = (24, 48, 96, 128)
DEPTHS = (1, 1, 1, 1)


def conv(cin, cout, kernel=3, stride=1):
    return nn.Sequential(
        nn.Conv3d(cin, cout, kernel, stride, padding=(kernel - stride + 1) // 2, bias=False), nn.BatchNorm3d(cout))


class Block(nn.Module):
    """Residual block of two 3x3x3 convolutions."""

    def __init__(self, channels):
        super().__init__()
        self.first, self.second = conv(channels, channels), conv(channels, channels)

    def forward(self, x):
        return F.relu(x + self.second(F.relu(self.first(x))))


class UNet(nn.Module):
    """Returns the decoder's feature maps, coarse to fine: widths[-1] at 1/8 down to widths[0] at full resolution."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.ModuleList(
            nn.Sequential(*[Block(w) for _ in range(depth)]) for w, depth in zip(WIDTHS, DEPTHS))
        self.down = nn.ModuleList(conv(a, b, 2, 2) for a, b in zip(WIDTHS, WIDTHS[1:]))
        self.fuse = nn.ModuleList(conv(a + b, a, 1) for a, b in zip(WIDTHS, WIDTHS[1:]))
        self.decoder = nn.ModuleList(Block(w) for w in WIDTHS[:-1])

    def forward(self, x):
        skips = []
        for level, stage in enumerate(self.encoder):
            if level:
                x = F.relu(self.down[level - 1](x))
            x = stage(x)
            skips.append(x)
        features = [x]
        for level in reversed(range(len(WIDTHS) - 1)):
            # A 1x1x1 convolution of [skip, upsampled x], split in two: it commutes with nearest upsampling, and
            # before it there are an eighth of the voxels.
            fuse, norm = self.fuse[level]
            width = WIDTHS[level]
            deep = F.interpolate(F.conv3d(x, fuse.weight[:, width:]), scale_factor=2, mode='nearest')
            x = self.decoder[level](F.relu(norm(F.conv3d(skips[level], fuse.weight[:, :width]) + deep)))
            features.append(x)
        return features


def upsample(x):
    return F.interpolate(x, scale_factor=2, mode='trilinear', align_corners=False)


class Descriptor(nn.Module):
    """f: CLAHE image at 2 mm -> 32 numbers per voxel.

    A thin full-resolution stem, the UNet from half resolution (4 mm) on, and a linear head per level; the levels are
    summed from coarse to fine (FPN style, as the paper's head).
    """

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(conv(1, 16), nn.ReLU())
        self.enter = nn.Sequential(conv(16, WIDTHS[0], 2, 2), nn.ReLU())
        self.unet = UNet()
        self.heads = nn.ModuleList(nn.Conv3d(w, DESCRIPTOR_DIM, 1) for w in (*WIDTHS[::-1], 16))

    def levels(self, image):
        """Feature maps that the heads apply to, coarse to fine (the last one at full resolution)."""
        stem = self.stem(image)
        return [*self.unet(self.enter(stem)), stem]

    def forward(self, image):
        total = None
        for head, features in zip(self.heads, self.levels(image)):
            y = head(features)
            total = y if total is None else upsample(total) + y
        return total

    def at(self, image, points):
        """Descriptors at points [N, P, 3] (x, y, z; voxel indices): heads commute with sampling, so the
        full-resolution map is never built. Returns [N, P, 32]."""
        size = torch.tensor([image.shape[4], image.shape[3], image.shape[2]], dtype=torch.float32)
        grid = ((2 * points + 1) / size - 1)[:, :, None, None, :]
        total = 0
        for head, features in zip(self.heads, self.levels(image)):
            sampled = F.grid_sample(features.float(), grid, align_corners=False, padding_mode='border')[..., 0, 0]
            total = total + torch.einsum('oc,ncp->npo', head.weight[:, :, 0, 0, 0], sampled) + head.bias
        return total


class Condition(nn.Module):
    """g: image at 4 mm with blocks hidden, and the mask (1 = visible) -> 32 numbers per voxel at 4 mm.

    The same UNet as the descriptor's, at the same physical scale, so that it can start from its weights. Since the
    embedding of a voxel must agree whether or not it was hidden, it keeps what the context tells.
    """

    def __init__(self):
        super().__init__()
        channels = len(PREPROCESSING['channels']) + 1
        self.stem = nn.Sequential(conv(channels, WIDTHS[0]), nn.ReLU())
        self.unet = UNet()
        self.heads = nn.ModuleList(nn.Conv3d(w, CONDITION_DIM, 1) for w in WIDTHS[::-1])

    def forward(self, coarse, mask):
        total = None
        for head, features in zip(self.heads, self.unet(self.stem(torch.cat([coarse * mask, mask], 1)))):
            y = head(features)
            total = y if total is None else upsample(total) + y
        return total


class Density(nn.Module):
    """q: conditional Gaussian, an MLP of 1x1x1 convolutions from c to mean and log standard deviation of y."""

    MIN_LOG_SD, MAX_LOG_SD = -2.0, 2.0

    def __init__(self, outputs):
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Conv3d(CONDITION_DIM, 64, 1), nn.ReLU(), nn.Conv3d(64, 64, 1), nn.ReLU(), nn.Conv3d(64, 2 * outputs, 1))

    def forward(self, condition):
        mean, raw = self.mlp(condition).chunk(2, 1)
        middle, half = (self.MAX_LOG_SD + self.MIN_LOG_SD) / 2, (self.MAX_LOG_SD - self.MIN_LOG_SD) / 2
        return mean, middle + half * torch.tanh(raw / half)


def negative_log_likelihood(y, mean, log_sd):
    """-log N(y; mean, diag(exp(log_sd)^2)), summed over channels (dimension 1)."""
    residual = (y - mean) * torch.exp(-log_sd)
    return (0.5 * residual * residual + log_sd).sum(1, keepdim=True) + 0.5 * y.shape[1] * math.log(2 * math.pi)


def gaussian_smooth(x, sigma_mm):
    """Gaussian of the given standard deviation, truncated at 3 sigma, edges replicated, per channel."""
    sigma = sigma_mm / PREPROCESSING['spacingMm'][0]
    if sigma == 0:
        return x
    radius = int(3 * sigma + 0.5)
    kernel = torch.exp(-0.5 * (torch.arange(-radius, radius + 1, dtype=torch.float32) / sigma) ** 2)
    kernel = kernel / kernel.sum()
    channels = int(x.shape[1])      # a constant for the exporter
    for axis in range(3):
        shape, pad = [1, 1, 1], [0] * 6
        shape[axis] = 2 * radius + 1
        pad[2 * (2 - axis)] = pad[2 * (2 - axis) + 1] = radius
        weight = kernel.view(1, 1, *shape).repeat(channels, 1, 1, 1, 1)
        x = F.conv3d(F.pad(x, pad, mode='replicate'), weight, groups=channels)
    return x


def checkerboard(edge=PATCH // 2, block=MASK_BLOCK):
    """[1, 1, edge, edge, edge], 1 on every other block: this and its complement hide every voxel once."""
    i = torch.arange(edge) // block
    return ((i[:, None, None] + i[None, :, None] + i[None, None, :]) % 2).float()[None, None]


def seen_condition(condition, coarse):
    """c with nothing hidden, as the paper reads it."""
    return condition(coarse, torch.ones_like(coarse[:, :1]))


def masked_condition(condition, coarse):
    """Masked inference: c read only where the voxel is hidden, from two passes with complementary block masks."""
    board = checkerboard(coarse.shape[2]).to(coarse.device)
    return condition(coarse, 1 - board) * board + condition(coarse, board) * (1 - board)


CONDITION_OF = {'seen': seen_condition, 'hidden': masked_condition}


def pooled(expectations):
    """The logarithmic opinion pool of Gaussians of y, weighted alike (Genest and Zidek 1986): the normalised geometric mean of
    their densities, again a Gaussian. [(mean, log_sd)] -> (mean, log_sd), each [N, C, D, H, W]."""
    if len(expectations) == 1:
        return expectations[0]
    precisions = [torch.exp(-2 * log_sd) for _, log_sd in expectations]
    total = sum(precisions)
    mean = sum(p * mean for p, (mean, _) in zip(precisions, expectations)) / total
    return mean, -0.5 * torch.log(total / len(precisions))


class Wide(nn.Module):
    """The second scale: what is expected of 8 mm voxels where blocks of 64 mm are hidden. A mass that fills a block of
    the first scale is foretold by its own visible parts there; here it is not."""

    def __init__(self, condition, density, y_mean, y_sd):
        super().__init__()
        self.g, self.q = condition, density
        self.register_buffer('y_mean', y_mean.view(1, -1, 1, 1, 1))
        self.register_buffer('y_sd', y_sd.view(1, -1, 1, 1, 1))

    def forward(self, observed, image):
        """-log q at 8 mm of the observation averaged to it; image: the tile averaged to it."""
        mean, log_sd = pooled([self.q(CONDITION_OF[reading](self.g, image)) for reading in READINGS])
        return negative_log_likelihood((observed - self.y_mean) / self.y_sd, mean, log_sd)


class Screener(nn.Module):
    """The fused graph: tile [1, 2, D, H, W] (CLAHE image, HU-mapped image) -> (score, descriptor)."""

    def __init__(self, descriptor, condition, density, y_mean, y_sd, wide=None, tails=None):
        super().__init__()
        self.f, self.g, self.q, self.wide, self.tails = descriptor, condition, density, wide, tails
        self.register_buffer('y_mean', y_mean.view(1, -1, 1, 1, 1))
        self.register_buffer('y_sd', y_sd.view(1, -1, 1, 1, 1))

    def expectation(self, tile):
        """(mean, log_sd) of the standardised observation at 4 mm, the readings of the condition pooled."""
        coarse = F.avg_pool3d(tile, 2)
        return pooled([self.q(CONDITION_OF[reading](self.g, coarse)) for reading in READINGS])

    def forward(self, tile):
        """-log q of the standardised observation, smoothed, and WIDE_WEIGHT times that of the wide scale; its tails are moved
        (tails.Tails) where there are any. Standardisation, 1 / sd and the sum of the log sds are taken at 4 mm, where there
        are an eighth of the voxels, and interpolated."""
        y = observation(self.f, tile)
        mean, log_sd = self.expectation(tile)
        residual = (y - upsample(mean * self.y_sd + self.y_mean)) * upsample(torch.exp(-log_sd) / self.y_sd)
        constant = log_sd.sum(1, keepdim=True) + 0.5 * y.shape[1] * math.log(2 * math.pi)
        if self.wide is not None:
            constant = constant + WIDE_WEIGHT * upsample(self.wide(F.avg_pool3d(y, WIDE), F.avg_pool3d(tile, WIDE)))
        score = 0.5 * (residual * residual).sum(1, keepdim=True) + upsample(constant)
        score = gaussian_smooth(score, SCORE_SIGMA_MM)
        if self.tails is not None:
            score = self.tails(score[0, 0], gaussian_smooth(tile[:, 1:2], tails.SMOOTHING_MM)[0, 0])[None, None]
        return score, y


def as_kept(network):
    """The network with its weights as checkpoints/weights.pt has them, float16: so that a package can be made again."""
    for values in network.state_dict().values():
        if values.is_floating_point():
            values.copy_(values.half())
    return network


def rounded(weight):
    """The values that a package keeps of a weight (model_package.store_as_half)."""
    return weight.half().float() if weight.numel() >= HALF_FROM else weight


def as_packaged(network):
    """A copy that computes with what a package stores: BatchNorm folded into the convolutions, then large weights rounded to
    float16."""
    network = copy.deepcopy(network)
    for module in list(network.modules()):
        if isinstance(module, UNet):
            # Their two parts are convolved apart (UNet.forward), so they are not folded.
            for (convolution, _), width in zip(module.fuse, WIDTHS):
                weight = convolution.weight
                weight.data = torch.cat([rounded(weight.data[:, :width]), rounded(weight.data[:, width:])], 1)
        if isinstance(module, nn.Sequential) and len(module) > 1 and isinstance(module[1], nn.BatchNorm3d):
            if module[0].kernel_size != (1, 1, 1):
                module[0], module[1] = fuse_conv_bn_eval(module[0], module[1]), nn.Identity()
    fused = {id(convolution) for m in network.modules() if isinstance(m, UNet) for convolution, _ in m.fuse}
    for module in network.modules():
        if isinstance(module, nn.Conv3d) and id(module) not in fused:
            module.weight.data = rounded(module.weight.data)
    return network


class Student(nn.Module):
    """The distilled screener: one UNet at 4 mm, tile [1, 2, D, H, W] -> score. It has learned the score map of the three
    networks from the image; the score is smoothed by 4 mm, so that 4 mm voxels hold it. What it says too much or too little
    of a tissue, tails of its own (tails.Tails) take back."""

    def __init__(self, tails=None):
        super().__init__()
        self.tails = tails
        self.enter = nn.Sequential(conv(len(PREPROCESSING['channels']), WIDTHS[0], 2, 2), nn.ReLU())
        self.unet = UNet()
        self.heads = nn.ModuleList(nn.Conv3d(w, 1, 1) for w in WIDTHS[::-1])
        # Of the teacher's scores: the UNet learns them standardised.
        self.register_buffer('mean', torch.zeros(()))
        self.register_buffer('sd', torch.ones(()))

    def forward(self, tile):
        total = None
        for head, features in zip(self.heads, self.unet(self.enter(tile))):
            y = head(features)
            total = y if total is None else upsample(total) + y
        score = self.mean + self.sd * upsample(total)
        if self.tails is not None:
            score = self.tails(score[0, 0], tails.smooth(tile[0, 1], tails.SMOOTHING_MM))[None, None]
        return score


def observation(descriptor, tile):
    """y before standardisation: the descriptor and the smoothed HU, [N, 32 + scales, D, H, W]."""
    hu = tile[:, 1:2]
    return torch.cat([descriptor(tile[:, 0:1]), *[gaussian_smooth(hu, s) for s in HU_SIGMAS_MM]], 1)
