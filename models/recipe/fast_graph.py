"""The fused network of `networks.Screener`, written the way a CPU runs it fastest; the weights and the function are the same.

Three rewritings, each exact in real numbers (docs/cpu-speed.md has what each gave, and what was tried beside them):

- **Depth leads.** Feature maps are [D, C, H, W], so that a 3-D convolution is made of 2-D ones over a batch of slices,
  for which ONNX Runtime has kernels with a blocked layout.
- **Winograd along depth.** 3x3x3 convolutions by F(6, 3): of 6 neighbouring slices 8 combinations are convolved in the plane
  with combinations of the kernel's slices, where the plain form has 18 convolutions. Both combinations are matrix
  products along depth, made from constants; the kernel's is folded when the graph is loaded, so that the file keeps
  the plain weights (float16).
- **Interpolation as matrix products**, an axis at a time, in place of Resize; the full-resolution end of the graph, where
  35 channels would take 124 MB a map, goes slab by slab, and the descriptor and its expectation are subtracted at half
  resolution, before they are interpolated. The graph has no descriptor output for that reason.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F

import tails
from config import HU_SIGMAS_MM, MASK_BLOCK, PATCH, READINGS, SCORE_SIGMA_MM, WIDE, WIDE_WEIGHT
from matrices import along_depth, in_plane, smoothing, upsampling, winograd_along
from model_package import HALF_FROM
from networks import WIDTHS, checkerboard, pooled, rounded

SLABS = 8          # parts of the full-resolution end; each of its maps takes 15 MB


def halved(weight):
    """Large weights are stored as float16 and computed with as float32."""
    return weight.half() if weight.numel() >= HALF_FROM else weight


def folded(sequence):
    """(weight, bias) of convolution + BatchNorm as one convolution."""
    convolution, norm = sequence[0], sequence[1]
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return convolution.weight * scale.view(-1, 1, 1, 1, 1), norm.bias - norm.running_mean * scale


class Cube(nn.Module):
    """3x3x3 convolution [D, C, H, W] -> [D, C', H, W] by Winograd along depth; relu(it + residual)."""

    OUTPUTS = 6

    def __init__(self, weight, bias, depth):
        super().__init__()
        self.out, self.depth = weight.shape[0], depth
        # [kz, C', C, 3, 3]: the combination of the kernel's slices is then one matrix product.
        self.register_buffer('weight', halved(weight.permute(2, 0, 1, 3, 4).contiguous()))
        before, after, g = winograd_along(depth, self.OUTPUTS)
        for name, value in (('before', before), ('after', after), ('g', g)):
            self.register_buffer(name, value)
        # The product of point 1 reaches every output with weight 1: there the bias is added once.
        place = torch.zeros(self.OUTPUTS + 2, 1)
        place[1] = 1
        self.register_buffer('bias', (place * bias).flatten())

    def forward(self, x, residual=None):
        n, (depth, channels, height, width) = self.OUTPUTS + 2, x.shape
        weight = (self.g @ self.weight.float().reshape(3, -1)).reshape(n * self.out, channels, 3, 3)
        parts = (self.before @ x.reshape(depth, -1)).reshape(-1, n * channels, height, width)
        parts = F.conv2d(parts, weight, self.bias, padding=1, groups=n).reshape(self.before.shape[0], -1)
        if residual is None:
            y = self.after @ parts
        else:
            y = torch.addmm(residual.reshape(depth, -1), self.after, parts)
        return F.relu(y.reshape(depth, self.out, height, width))


class Stacked(nn.Module):
    """3x3x3 convolution of few channels: 2-D over the slice and its two neighbours; with ReLU. Returns the slabs of the
    result: to cut them out of a whole one would copy it."""

    def __init__(self, weight, bias):
        super().__init__()
        self.register_buffer('weight', weight.permute(0, 2, 1, 3, 4).flatten(1, 2).contiguous())
        self.register_buffer('bias', bias)

    def forward(self, x, slabs=1):
        padded = F.pad(x, (0, 0, 0, 0, 0, 0, 1, 1))
        stacked = torch.cat([padded[:-2], x, padded[2:]], 1)
        return [F.relu(F.conv2d(s, self.weight, self.bias, padding=1)) for s in stacked.chunk(slabs)]


class Halving(nn.Module):
    """2x2x2 convolution of stride 2, with ReLU: pairs of slices are channels."""

    def __init__(self, weight, bias):
        super().__init__()
        self.register_buffer('weight', halved(weight.permute(0, 2, 1, 3, 4).flatten(1, 2).contiguous()))
        self.register_buffer('bias', bias)

    def forward(self, x):
        depth, channels, height, width = x.shape
        pairs = x.reshape(depth // 2, 2 * channels, height, width)
        return F.relu(F.conv2d(pairs, self.weight.float(), self.bias, stride=2))


class Point(nn.Module):
    """1x1x1 convolution."""

    def __init__(self, weight, bias):
        super().__init__()
        self.register_buffer('weight', weight.flatten(1)[:, :, None, None].contiguous())
        self.register_buffer('bias', bias)

    def forward(self, x):
        return F.conv2d(x, self.weight, self.bias)


class Fuse(nn.Module):
    """relu(norm(conv of [skip, deep doubled])): the deep part is convolved before it is doubled, and doubled (nearest) along
    width by a product, along depth and height by broadcasting."""

    def __init__(self, sequence, skip_width, edge):
        super().__init__()
        weight, norm = sequence[0].weight, sequence[1]
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        skip_weight, deep_weight = [rounded(w) * scale.view(-1, 1, 1, 1, 1)
                                    for w in (weight[:, :skip_width], weight[:, skip_width:])]
        self.skip = Point(skip_weight, norm.bias - norm.running_mean * scale)
        self.deep = Point(deep_weight, None)
        self.register_buffer('doubling', torch.eye(edge // 2).repeat_interleave(2, 1))

    def forward(self, skip, deep):
        depth, _, height, width = skip.shape
        skip, deep = self.skip(skip), self.deep(deep) @ self.doubling
        channels = skip.shape[1]
        skip = skip.reshape(depth // 2, 2, channels, height // 2, 2, width)
        deep = deep.reshape(depth // 2, 1, channels, height // 2, 1, width)
        return F.relu(skip + deep).reshape(depth, channels, height, width)


class Levels(nn.Module):
    """networks.UNet with the heads of its levels: [D, C, H, W] -> [D, 32, H, W], summed from coarse to fine."""

    def __init__(self, unet, heads, edge):
        super().__init__()
        edges = [edge >> level for level in range(len(WIDTHS))]

        def block(module, at):
            return nn.ModuleList(Cube(*folded(c), at) for c in (module.first, module.second))

        self.encoder = nn.ModuleList(block(stage[0], e) for stage, e in zip(unet.encoder, edges))
        self.down = nn.ModuleList(Halving(*folded(c)) for c in unet.down)
        self.fuse = nn.ModuleList(Fuse(c, w, e) for c, w, e in zip(unet.fuse, WIDTHS, edges))
        self.decoder = nn.ModuleList(block(b, e) for b, e in zip(unet.decoder, edges))
        self.heads = nn.ModuleList(Point(rounded(h.weight), h.bias) for h in heads)
        for level, e in enumerate(edges[1:], 1):
            self.register_buffer(f'up{level}', upsampling(e))

    def forward(self, x):
        skips = []
        for level, (first, second) in enumerate(self.encoder):
            if level:
                x = self.down[level - 1](x)
            x = second(first(x), x)
            skips.append(x)
        total = self.heads[0](x)
        for i, level in enumerate(reversed(range(len(WIDTHS) - 1))):
            first, second = self.decoder[level]
            x = self.fuse[level](skips[level], x)
            x = second(first(x), x)
            up = getattr(self, f'up{level + 1}')
            total = in_plane(up, along_depth(up, total)) + self.heads[i + 1](x)
        return total


class FastScreener(nn.Module):
    """tile [1, 2, D, H, W] -> score [1, 1, D, H, W]; equal to networks.Screener's first output."""

    def __init__(self, screener):
        super().__init__()
        f, g, q = screener.f, screener.g, screener.q
        half, dimension = PATCH // 2, screener.y_mean.numel()
        self.stem, self.enter = Stacked(*folded(f.stem[0])), Halving(*folded(f.enter[0]))
        self.f = Levels(f.unet, f.heads[:-1], half)
        self.wide, self.tails = screener.wide, screener.tails      # small: as they are
        self.g_stem, self.g = Stacked(*folded(g.stem[0])), Levels(g.unet, g.heads, half)
        self.q = nn.ModuleList(Point(rounded(layer.weight), layer.bias) for layer in q.mlp[::2])
        self.middle, self.range = (q.MAX_LOG_SD + q.MIN_LOG_SD) / 2, (q.MAX_LOG_SD - q.MIN_LOG_SD) / 2
        # Full resolution: 32 channels of the stem's head, then the smoothed HU as they are.
        stem_head, scales = f.heads[-1], len(HU_SIGMAS_MM)
        channels = stem_head.weight.shape[1]
        end, end_hu = torch.zeros(dimension, channels, 1, 1), torch.zeros(dimension, scales, 1, 1)
        end[:-scales] = stem_head.weight.flatten(1)[:, :, None, None]
        end_hu[-scales:] = torch.eye(scales)[:, :, None, None]
        board = checkerboard(half, MASK_BLOCK)[0].permute(1, 0, 2, 3)
        buffers = {
            'end': end, 'end_hu': end_hu, 'end_bias': torch.cat([stem_head.bias, torch.zeros(scales)]),
            'y_mean': screener.y_mean.view(1, -1, 1, 1), 'y_sd': screener.y_sd.view(1, -1, 1, 1),
            'board': board, 'inverse_board': 1 - board, 'up': upsampling(half),
            'halving': torch.eye(half).repeat_interleave(2, 1) / 2,
            'pool': torch.eye(PATCH // WIDE).repeat_interleave(WIDE, 1) / WIDE,
            'pool_half': torch.eye(PATCH // WIDE).repeat_interleave(WIDE, 1) / WIDE @ upsampling(half),
            'wide_up': upsampling(half // 2),
            'ones': torch.full((1, dimension, 1, 1), 0.5), 'score_smooth': smoothing(PATCH, SCORE_SIGMA_MM),
        }
        for i, sigma in enumerate(HU_SIGMAS_MM):
            if sigma:
                buffers[f'hu_smooth{i}'] = smoothing(PATCH, sigma)
        for name, value in buffers.items():
            self.register_buffer(name, value.clone())

    def condition(self, coarse, reading):
        """coarse [D, 2, H, W] at half resolution -> c: with nothing hidden, or each voxel from the pass in which it was hidden."""
        def read(mask):
            return self.g(self.g_stem(torch.cat([coarse * mask, mask], 1))[0])

        if reading == 'seen':
            return read(torch.ones_like(self.board))
        return read(self.inverse_board) * self.board + read(self.board) * self.inverse_board

    def expectation(self, condition):
        """(mean, log_sd) of the standardised observation at half resolution."""
        x = condition
        for i, layer in enumerate(self.q):
            x = layer(F.relu(x) if i else x)
        mean, raw = x.chunk(2, 1)
        return mean, self.middle + self.range * torch.tanh(raw / self.range)

    def wide_score(self, tile, stems, coarse, smoothed):
        """-log q of the wide scale at half resolution, [D, 1, H, W]. The observation is averaged to 8 mm part by part,
        before the heads are summed, so that it never exists at full resolution."""
        def averaged(x, matrix):
            return along_depth(matrix, in_plane(matrix, x))

        # Slab by slab, in the plane first: the stem's full map at once would take 57 MB.
        stem = along_depth(self.pool, torch.cat([in_plane(self.pool, s) for s in stems]))
        hu = averaged(smoothed, self.pool)
        observed = (F.conv2d(stem, self.end, self.end_bias) + F.conv2d(hu, self.end_hu)
                    + F.pad(averaged(coarse, self.pool_half), (0, 0, 0, 0, 0, len(HU_SIGMAS_MM))))
        image = averaged(tile.permute(1, 0, 2, 3), self.pool)
        score = self.wide(*[x.permute(1, 0, 2, 3)[None] for x in (observed, image)])[0].permute(1, 0, 2, 3)
        return in_plane(self.wide_up, along_depth(self.wide_up, score))

    def forward(self, image):
        tile = image[0]
        hu = tile[1]
        smoothed = [hu if not sigma else in_plane(getattr(self, f'hu_smooth{i}'), along_depth(
            getattr(self, f'hu_smooth{i}'), hu)) for i, sigma in enumerate(HU_SIGMAS_MM)]
        half = along_depth(self.halving, in_plane(self.halving, tile).permute(1, 0, 2, 3))
        mean, log_sd = pooled([self.expectation(self.condition(half, reading)) for reading in READINGS])
        stems = self.stem(tile[0][:, None], SLABS)
        smoothed = torch.stack(smoothed, 1)
        coarse = self.f(torch.cat([self.enter(s) for s in stems]))
        precision = torch.exp(-log_sd) / self.y_sd
        expected = mean * self.y_sd + self.y_mean
        constant = log_sd.sum(1, keepdim=True) + 0.5 * mean.shape[1] * math.log(2 * math.pi)
        if self.wide is not None:
            constant = constant + WIDE_WEIGHT * self.wide_score(tile, stems, coarse, smoothed)
        coarse = F.pad(coarse, (0, 0, 0, 0, 0, len(HU_SIGMAS_MM))) - expected

        slabs, edge = [], PATCH // SLABS
        for i in range(SLABS):
            rows = slice(i * edge, (i + 1) * edge)
            up = self.up[rows]
            # Only the half-resolution slices that the slab's interpolation reaches.
            reach = up.any(0).nonzero().flatten()
            low, high = int(reach[0]), int(reach[-1]) + 1
            coarse_slab, precision_slab = [
                in_plane(self.up, along_depth(up[:, low:high], m[low:high])) for m in (coarse, precision)]
            residual = F.conv2d(stems[i], self.end, self.end_bias) + (F.conv2d(smoothed[rows], self.end_hu) + coarse_slab)
            residual = residual * precision_slab
            slabs.append(F.conv2d(residual * residual, self.ones))
        score = torch.cat(slabs) + in_plane(self.up, along_depth(self.up, constant))
        score = in_plane(self.score_smooth, along_depth(self.score_smooth, score[:, 0]))
        if self.tails is not None:
            score = self.tails(score, smoothed[:, HU_SIGMAS_MM.index(tails.SMOOTHING_MM)])
        return score[None, None]


class FastStudent(nn.Module):
    """tile [1, 2, D, H, W] -> score [1, 1, D, H, W]; equal to networks.Student."""

    def __init__(self, student):
        super().__init__()
        half = PATCH // 2
        self.tails = student.tails
        self.enter, self.levels = Halving(*folded(student.enter[0])), Levels(student.unet, student.heads, half)
        for name, value in (('mean', student.mean), ('sd', student.sd), ('up', upsampling(half))):
            self.register_buffer(name, value.clone())

    def forward(self, image):
        score = self.levels(self.enter(image[0].permute(1, 0, 2, 3)))[:, 0]
        score = self.mean + self.sd * in_plane(self.up, along_depth(self.up, score))
        if self.tails is not None:
            score = self.tails(score, tails.smooth(image[0, 1], tails.SMOOTHING_MM))
        return score[None, None]
