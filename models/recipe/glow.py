"""q as a conditional normalising flow: Glow (Kingma & Dhariwal 2018) with the condition in its couplings, as in Screener.

Tensors are [N, channels, D, H, W]; every layer is 1x1x1, so a voxel's density depends on its own y and c alone.
Attributes are named as in the authors' files, so that their state_dicts load as they are. Where their published flow
has no condition, `condition_dim` is 0. That c follows the first half of y in the coupling's input is our reading of the
paper: a file with a condition shows the number of channels only, not their order.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F


class ActNorm(nn.Module):
    """y <- (y + loc) * exp(log_scale) per channel; the first batch in training mode sets both, so that it leaves with
    mean 0 and standard deviation 1."""

    def __init__(self, dim):
        super().__init__()
        self.loc, self.log_scale = nn.Parameter(torch.zeros(dim)), nn.Parameter(torch.zeros(dim))
        self.register_buffer('initialized', torch.tensor(0, dtype=torch.uint8))

    @torch.no_grad()
    def initialize(self, y):
        values = y.detach().float().transpose(0, 1).flatten(1)
        self.loc.copy_(-values.mean(1))
        self.log_scale.copy_(-torch.log(values.std(1) + 1e-6))
        self.initialized.fill_(1)


class InvertibleLinear(nn.Module):
    """The d x d matrix that mixes the channels; a random rotation at the start."""

    def __init__(self, dim):
        super().__init__()
        self.weight = nn.Parameter(torch.linalg.qr(torch.randn(dim, dim))[0].view(dim, dim, 1, 1, 1))

    def log_det(self):
        """log |det| of the matrix, in double precision as the original code has it."""
        if torch.onnx.is_in_onnx_export():      # the operator set has no determinant: a number in the graph
            return float(torch.linalg.slogdet(self.weight.detach()[:, :, 0, 0, 0].double())[1])
        return torch.linalg.slogdet(self.weight[:, :, 0, 0, 0].double())[1].to(self.weight.dtype)


class AffineCoupling(nn.Module):
    """The first half of the channels, and c, say how the second is shifted and scaled: y2 <- (y2 + t) * sigmoid(s + 2)."""

    def __init__(self, dim, condition_dim, hidden):
        super().__init__()
        self.first = dim // 2
        self.mlp = nn.Sequential(
            nn.Conv3d(self.first + condition_dim, hidden, 1), nn.ReLU(),
            nn.Conv3d(hidden, hidden, 1), nn.ReLU(),
            nn.Conv3d(hidden, 2 * (dim - self.first), 1))
        nn.init.zeros_(self.mlp[4].weight)
        nn.init.zeros_(self.mlp[4].bias)

    def scale_and_shift(self, y1, c):
        """(s + 2 before the sigmoid, t), each [N, dim - first, D, H, W]."""
        s, t = self.mlp(y1 if c is None else torch.cat([y1, c], 1)).chunk(2, 1)
        return s + 2, t

    def forward(self, y, c):
        y1, y2 = y[:, :self.first], y[:, self.first:]
        s, t = self.scale_and_shift(y1, c)
        # Written out, as exporters know no logsigmoid: log sigmoid(s) = -softplus(-s).
        return torch.cat([y1, (y2 + t) * torch.sigmoid(s)], 1), -F.softplus(-s).sum(1, keepdim=True)

    def inverse(self, z, c):
        z1, z2 = z[:, :self.first], z[:, self.first:]
        s, t = self.scale_and_shift(z1, c)
        return torch.cat([z1, z2 / torch.sigmoid(s) - t], 1)


class GlowBlock(nn.Module):
    def __init__(self, dim, condition_dim, hidden):
        super().__init__()
        self.actnorm = ActNorm(dim)
        self.inv_linear = InvertibleLinear(dim)
        self.affine_coupling = AffineCoupling(dim, condition_dim, hidden)

    def matrix(self):
        """Act-norm and matrix as one affine map: (weight [d, d], bias [d])."""
        weight = self.inv_linear.weight[:, :, 0, 0, 0] * torch.exp(self.actnorm.log_scale)
        return weight, weight @ self.actnorm.loc

    def forward(self, y, c):
        if self.training and not self.actnorm.initialized:
            self.actnorm.initialize(y)
        weight, bias = self.matrix()
        y, log_det = self.affine_coupling(F.conv3d(y, weight[:, :, None, None, None], bias), c)
        return y, log_det + self.actnorm.log_scale.sum() + self.inv_linear.log_det()

    def inverse(self, z, c):
        weight, bias = self.matrix()
        y = self.affine_coupling.inverse(z, c) - bias[:, None, None, None]
        return torch.einsum('oc,ncdhw->nodhw', torch.linalg.inv(weight), y)


class Glow(nn.Module):
    """Flow from y [N, dim, D, H, W] to a standard normal z, given c [N, condition_dim, D, H, W] (None where that is 0).

    The authors' sizes are dim 32, hidden 512, depth 64. Before the first training batch act-norms are the identity.
    """

    def __init__(self, dim, condition_dim=0, hidden=512, depth=64):
        super().__init__()
        self.dim = dim
        self.glow_blocks = nn.ModuleList(GlowBlock(dim, condition_dim, hidden) for _ in range(depth))

    def forward(self, y, c=None):
        """(z, log |det dz/dy| [N, 1, D, H, W])."""
        log_det = 0
        for block in self.glow_blocks:
            y, more = block(y, c)
            log_det = log_det + more
        return y, log_det

    def inverse(self, z, c=None):
        for block in reversed(self.glow_blocks):
            z = block.inverse(z, c)
        return z

    def nll(self, y, c=None):
        """-log q(y | c) in nats, [N, 1, D, H, W]; for points y [P, dim], c [P, condition_dim]: [P]."""
        if y.dim() == 2:
            return self.nll(as_volume(y), None if c is None else as_volume(c)).flatten()
        z, log_det = self(y, c)
        return 0.5 * (z * z).sum(1, keepdim=True) + 0.5 * self.dim * math.log(2 * math.pi) - log_det


def as_volume(points):
    """[P, C] -> [1, C, P, 1, 1]: a row of voxels convolves faster than a batch of single ones."""
    return points.T[None, :, :, None, None]
