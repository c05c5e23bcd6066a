"""Generation A of the authors' UNet: residual blocks with InstanceNorm and LeakyReLU; its second channel is the mask."""
import torch
from torch import nn
from torch.nn import functional as F

from official.layers import TileNorm, join


class Block(nn.Module):
    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.conv_1, self.norm_1 = nn.Conv3d(cin, cout, 3, stride, padding=1), TileNorm(cout, cout)
        self.conv_2, self.norm_2 = nn.Conv3d(cout, cout, 3, padding=1), TileNorm(cout, cout)
        self.shortcut = nn.Conv3d(cin, cout, 1, stride) if cin != cout else nn.Identity()

    def forward(self, x):
        inner = F.leaky_relu(self.norm_1(self.conv_1(x)), 0.01)
        return F.leaky_relu(self.norm_2(self.conv_2(inner)) + self.shortcut(x), 0.01)


def stage(cin, cout, depth, stride=1):
    return nn.Sequential(Block(cin, cout, stride), *[Block(cout, cout) for _ in range(depth - 1)])


class UNetA(nn.Module):
    """[N, in_channels, D, H, W] -> feature maps, full resolution first, one per entry of `channels`.

    The authors' sizes: channels 32 … 1024, depths 1, 1, 2, 2, 4, 4, in_channels 2 (image x mask, mask).
    """

    def __init__(self, in_channels, channels, depths):
        super().__init__()
        pairs = list(zip(channels, channels[1:]))
        self.encoder_stages = nn.ModuleList(
            [stage(in_channels, channels[0], depths[0]), *[stage(a, b, d, 2) for (a, b), d in zip(pairs, depths[1:])]])
        self.decoder_ups = nn.ModuleList(
            nn.Sequential(nn.Upsample(scale_factor=2, mode='nearest'), nn.Conv3d(b, a, 1)) for a, b in pairs)
        self.decoder_stages = nn.ModuleList(stage(2 * a, a, d) for a, d in zip(channels[:-1], depths))

    def forward(self, x):
        features = []
        for encoder in self.encoder_stages:
            x = encoder(x)
            features.append(x)
        for level in reversed(range(len(self.decoder_stages))):
            x = self.decoder_stages[level](join(self.decoder_ups[level](x), features[level]))
            features[level] = x
        return features

    @classmethod
    def like(cls, shapes):
        """The network whose state_dict has these {name: shape}."""
        levels = count(shapes, 'encoder_stages.{}.0.conv_1.weight')
        return cls(shapes['encoder_stages.0.0.conv_1.weight'][1],
                   [shapes[f'encoder_stages.{i}.0.conv_1.weight'][0] for i in range(levels)],
                   [count(shapes, f'encoder_stages.{i}.{{}}.conv_1.weight') for i in range(levels)])


def count(names, pattern):
    """How many of pattern.format(0), pattern.format(1), … there are."""
    number = 0
    while pattern.format(number) in names:
        number += 1
    return number
