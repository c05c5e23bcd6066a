"""Makes test/golden/slidingWindow/: a tiny network as ONNX, and the blended scores PyTorch gives with it.

    /usr/bin/python3 test/golden/make_sliding_window.py

The network is two fixed 3D convolutions with different kernels per axis and a position-dependent term, so a tile that
is turned, shifted or blended in another place gives another score. The expected scores are blended here in double
precision by a plain loop over tiles; the recipe's sliding_window must agree before anything is written.
Arrays are raw little-endian, [z, y, x] (x fastest); cases.json names them.
"""
import json
import os
import shutil
import sys

import numpy as np
import torch
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', '..', 'models', 'recipe'))
import preprocessing as recipe  # noqa: E402

OUT = os.path.join(HERE, 'slidingWindow')
PATCH = (12, 10, 8)  # x, y, z
rng = np.random.default_rng(7)


class TinyNet(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.first = nn.Conv3d(2, 3, (1, 3, 5), padding=(0, 1, 2))
        self.second = nn.Conv3d(3, 1, (3, 1, 3), padding=(1, 0, 1))
        x, y, z = PATCH
        self.register_buffer('place', 0.05 * torch.arange(x * y * z, dtype=torch.float32).reshape(1, 1, z, y, x).sqrt())

    def forward(self, tile):
        return self.second(torch.sigmoid(self.first(tile)) * 3) + self.place


def store(name, array):
    file = f'{name}.{array.dtype.name}.bin'
    np.ascontiguousarray(array).tofile(os.path.join(OUT, file))
    return {'file': file, 'dtype': array.dtype.name, 'dims': list(array.shape[::-1])}


def blended_by_loops(channels, body, run, overlap, sigma):
    """In double precision, voxel sums by np.add.at; tile positions worked out here once more."""
    shape, patch = channels[0].shape, PATCH[::-1]
    starts = []
    for dim, p in zip(shape, patch):
        stride = max(1, int(np.floor(p * (1 - overlap) + 0.5)))
        n = 1 if dim <= p else int(np.ceil((dim - p) / stride)) + 1
        starts.append([0] if n == 1 else [int(np.floor(i * (dim - p) / (n - 1) + 0.5)) for i in range(n)])
    total, weights, tiles = np.zeros(shape), np.zeros(shape), []
    padded = [np.pad(c, [(0, max(0, p - d)) for d, p in zip(shape, patch)]) for c in channels]
    inside = np.pad(body, [(0, max(0, p - d)) for d, p in zip(shape, patch)])
    offsets = np.indices(patch).reshape(3, -1)
    weight = np.exp(-0.5 * sum(((offsets[a] - (patch[a] - 1) / 2) / (sigma * patch[a])) ** 2 for a in range(3)))
    for z in starts[0]:
        for y in starts[1]:
            for x in starts[2]:
                here = tuple(slice(s, s + p) for s, p in zip((z, y, x), patch))
                if not inside[here].any():
                    continue
                tiles.append([x, y, z])
                score = run(np.stack([c[here] for c in padded])).ravel()
                at = offsets + np.array([[z], [y], [x]])
                keep = (at < np.array(shape)[:, None]).all(0)
                np.add.at(total, tuple(at[:, keep]), (weight * score)[keep])
                np.add.at(weights, tuple(at[:, keep]), weight[keep])
    covered = weights > 0
    return np.where(covered, total / np.where(covered, weights, 1), 0), covered, tiles


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    net = TinyNet().eval()
    x, y, z = PATCH
    torch.onnx.export(net, torch.zeros(1, 2, z, y, x), os.path.join(OUT, 'tiny.onnx'), opset_version=17,
                      input_names=['image'], output_names=['score'])

    def run(tile):
        with torch.no_grad():
            return net(torch.from_numpy(np.ascontiguousarray(tile, dtype=np.float32))[None])[0, 0].numpy()

    cases = []
    for name, dims, overlap, sigma in [
        ('several-tiles', (20, 15, 11), 0.5, 0.125),
        ('smaller-than-the-patch', (7, 6, 5), 0.5, 0.125),
        ('smaller-on-one-axis', (30, 4, 16), 0.25, 0.2),
        ('exactly-the-patch', PATCH, 0.5, 0.125),
        ('air-skipped', (36, 10, 8), 0.0, 0.125),
    ]:
        channels = [rng.random(dims[::-1]).astype(np.float32) for _ in range(2)]
        body = np.ones(dims[::-1], bool)
        if name == 'air-skipped':
            body[:] = False
            body[4:6, 5:9, 25] = True
        score, covered, tiles = blended_by_loops(channels, body, run, overlap, sigma)
        again, covered_again = recipe.sliding_window(channels, body, run, PATCH, overlap, sigma)
        assert np.allclose(again, score, rtol=1e-5, atol=1e-6) and (covered == covered_again).all()
        assert [list(t) for t in recipe.plan_tiles(dims, PATCH, overlap, body)] == tiles
        cases.append({'name': name, 'dims': dims, 'overlap': overlap, 'blendSigma': sigma, 'tiles': tiles,
                      'channels': [store(f'{name}-{i}', c) for i, c in enumerate(channels)],
                      'body': store(f'{name}-body', body.astype(np.uint8)),
                      'score': store(f'{name}-score', score.astype(np.float32)),
                      'covered': store(f'{name}-covered', covered.astype(np.uint8))})
    for name, dims, names in [
        ('position-x-and-y', (20, 15, 11), ['position-x', 'position-y']),
        ('position-z-and-x-smaller-than-the-patch', (7, 6, 5), ['position-z', 'position-x']),
    ]:
        # As volumes, by NumPy's own grid; the recipe gets them separable.
        grid = np.meshgrid(*[np.linspace(0.5 / n, 1 - 0.5 / n, n) for n in dims[::-1]], indexing='ij')
        channels = [grid['zyx'.index(n[-1])] for n in names]
        body = np.ones(dims[::-1], bool)
        score, covered, tiles = blended_by_loops(channels, body, run, 0.5, 0.125)
        separable = [recipe.position_channel(n, body.shape) for n in names]
        again, _ = recipe.sliding_window(separable, body, run, PATCH, 0.5, 0.125)
        assert np.allclose(again, score, rtol=1e-5, atol=1e-6)
        cases.append({'name': name, 'dims': dims, 'overlap': 0.5, 'blendSigma': 0.125, 'tiles': tiles, 'channels': names,
                      'body': store(f'{name}-body', body.astype(np.uint8)),
                      'score': store(f'{name}-score', score.astype(np.float32)),
                      'covered': store(f'{name}-covered', covered.astype(np.uint8))})
    with open(os.path.join(OUT, 'cases.json'), 'w') as f:
        json.dump({'madeBy': f'make_sliding_window.py with torch {torch.__version__}, numpy {np.__version__}',
                   'patchSize': PATCH, 'cases': cases}, f, indent=1)


if __name__ == '__main__':
    main()
