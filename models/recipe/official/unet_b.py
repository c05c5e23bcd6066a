"""Generation B of the authors' UNet: pre-activation residual blocks with GroupNorm, SiLU, layer scale and a time.

It was made for diffusion as well; for descriptors time is 1. From level 4 on it has attention blocks whose result its
own code drops, so they are left out here, and their weights with them.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F

from official.layers import TileNorm, join
from official.unet_a import count

UNUSED = '.attn_blocks.'
TIME = 1.0
FREQUENCIES = 128


class LayerScale(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.gamma = nn.Parameter(torch.full((channels, 1, 1, 1), 1e-5))


class TimeEmbed(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.proj = nn.Sequential(nn.Linear(2 * FREQUENCIES, dim), nn.SiLU(), nn.Linear(dim, dim))
        angles = 1000 * TIME * torch.exp(-math.log(10_000) * torch.arange(FREQUENCIES) / FREQUENCIES)
        self.register_buffer('waves', torch.cat([angles.cos(), angles.sin()])[None], persistent=False)

    def forward(self):
        """[1, dim]"""
        return self.proj(self.waves)


class ResBlock(nn.Module):
    def __init__(self, channels, time_dim):
        super().__init__()
        groups = min(channels // 4, 32)
        self.norm_1, self.conv_1 = TileNorm(channels, groups), nn.Conv3d(channels, channels, 3, padding=1)
        self.time_embed_proj = nn.Sequential(nn.SiLU(), nn.Linear(time_dim, channels))
        self.norm_2, self.conv_2 = TileNorm(channels, groups), nn.Conv3d(channels, channels, 3, padding=1)
        self.ls = LayerScale(channels)

    def forward(self, x, time):
        inner = self.conv_1(F.silu(self.norm_1(x))) + self.time_embed_proj(time)[:, :, None, None, None]
        return x + self.conv_2(F.silu(self.norm_2(inner))) * self.ls.gamma


class Stage(nn.Module):
    def __init__(self, channels, depth, time_dim):
        super().__init__()
        self.res_blocks = nn.ModuleList(ResBlock(channels, time_dim) for _ in range(depth))

    def forward(self, x, time):
        for block in self.res_blocks:
            x = block(x, time)
        return x


class UNetB(nn.Module):
    """[N, in_channels, D, H, W] -> feature maps, full resolution first, one per entry of `channels`.

    The authors' sizes ("base"): channels 16 … 512, depths 1, 1, 2, 2, 4, 4, time_dim 1024, in_channels 1.
    """

    def __init__(self, in_channels, channels, depths, time_dim):
        super().__init__()
        pairs = list(zip(channels, channels[1:]))
        self.stem_conv = nn.Conv3d(in_channels, channels[0], 3, padding=1)
        self.time_embed = TimeEmbed(time_dim)
        self.encoder_stages = nn.ModuleList(Stage(c, d, time_dim) for c, d in zip(channels, depths))
        self.down_convs = nn.ModuleList(nn.Conv3d(a, b, 2, 2) for a, b in pairs)
        self.fuse_convs = nn.ModuleList(nn.Conv3d(a + b, a, 1) for a, b in pairs)
        self.decoder_stages = nn.ModuleList(Stage(c, d, time_dim) for c, d in zip(channels[:-1], depths))

    def forward(self, image):
        time = self.time_embed()
        x, features = self.stem_conv(image), []
        for level, encoder in enumerate(self.encoder_stages):
            if level:
                x = self.down_convs[level - 1](x)
            x = encoder(x, time)
            features.append(x)
        for level in reversed(range(len(self.decoder_stages))):
            deep = F.interpolate(x, scale_factor=2, mode='nearest')
            x = self.decoder_stages[level](self.fuse_convs[level](join(deep, features[level])), time)
            features[level] = x
        return features

    @classmethod
    def like(cls, shapes):
        """The network whose state_dict has these {name: shape}."""
        levels = count(shapes, 'encoder_stages.{}.res_blocks.0.conv_1.weight')
        return cls(shapes['stem_conv.weight'][1],
                   [shapes[f'encoder_stages.{i}.res_blocks.0.conv_1.weight'][0] for i in range(levels)],
                   [count(shapes, f'encoder_stages.{i}.res_blocks.{{}}.conv_1.weight') for i in range(levels)],
                   shapes['time_embed.proj.0.weight'][0])
