"""Preprocessing and sliding window of a model package: the reference that training, export and the golden tests use.

The workstation has the same steps in TypeScript (main/imaging, main/inference/slidingWindow.ts); test/golden/ holds
arrays made here and by SciPy and scikit-image that keep the two equal. Change one, change both.

Axis order: arrays are [z, y, x]; tuples named *_xyz are (x, y, z). Canonical orientation: x grows toward patient
Left, y toward Posterior, z toward Superior (the LPS axes), up to the obliqueness of the source. Lengths in mm, CT in HU.

Needs numpy, scipy and scikit-image (0.19 is the reference: later versions round the input of CLAHE differently).
"""
import inspect
import itertools

import numpy as np
from scipy import ndimage
from skimage.exposure import equalize_adapthist

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0])


def round_half_up(x):
    """Rounding of block edges and strides: half goes up, also when a stored spacing is a hair off."""
    return int(np.floor(x + 0.5 + 1e-6))


def closest_axes(direction_lps):
    """Which voxel axis runs along each patient axis, and whether it runs backwards.

    direction_lps: 3x3, column c is the unit vector along which voxel index c grows. Of the six permutations the one
    with the largest sum of |cosines|; a tie goes to the first in lexicographic order.
    Returns (axes, flips): axes[p] is the voxel axis for patient axis p (L, P, S).
    """
    best, axes = -1.0, None
    for permutation in itertools.permutations(range(3)):
        total = sum(abs(direction_lps[p, permutation[p]]) for p in range(3))
        if total > best + 1e-9:
            best, axes = total, permutation
    return axes, tuple(bool(direction_lps[p, axes[p]] < 0) for p in range(3))


def canonical_grid(shape_xyz, affine_ras):
    """(axes, flips, spacing_xyz, origin_lps, direction_lps) of the canonical array of a nibabel image."""
    linear = RAS_TO_LPS @ np.asarray(affine_ras, float)[:3, :3]
    spacing = np.sqrt((linear ** 2).sum(0))
    axes, flips = closest_axes(linear / spacing)
    origin = RAS_TO_LPS @ np.asarray(affine_ras, float)[:3, 3]
    for p in range(3):
        if flips[p]:
            origin = origin + linear[:, axes[p]] * (shape_xyz[axes[p]] - 1)
    sign = np.where(flips, -1.0, 1.0)
    direction = (linear / spacing)[:, list(axes)] * sign
    return axes, flips, tuple(float(spacing[a]) for a in axes), origin, direction


def to_canonical(array_xyz, affine_ras):
    """A nibabel array [x, y, z] with its affine -> (array [z, y, x] in canonical order, spacing_xyz). No resampling."""
    axes, flips, spacing, _, _ = canonical_grid(array_xyz.shape, affine_ras)
    array = np.transpose(array_xyz, axes)
    array = array[tuple(slice(None, None, -1 if f else 1) for f in flips)]
    return np.ascontiguousarray(array.transpose(2, 1, 0)), spacing


def body_box(hu_zyx, spacing_xyz, block_mm=5, threshold=-500):
    """((x0, x1), (y0, y1), (z0, z1)), half-open: the bounding box of the blocks whose minimum is >= threshold.

    Blocks of edge max(1, round(block_mm / spacing)) tile the volume from index 0; the last of an axis may be partial.
    """
    edges = [max(1, round_half_up(block_mm / s)) for s in spacing_xyz]
    minimum = hu_zyx
    for axis, edge in zip((0, 1, 2), edges[::-1]):
        minimum = np.minimum.reduceat(minimum, np.arange(0, hu_zyx.shape[axis], edge), axis=axis)
    body = minimum >= threshold
    if not body.any():
        raise ValueError('no body found: no block of the volume is denser than the threshold')
    box = []
    for axis, edge in zip((2, 1, 0), edges):
        found = np.flatnonzero(body.any(axis=tuple(a for a in range(3) if a != axis)))
        box.append((int(found[0] * edge), int(min((found[-1] + 1) * edge, hu_zyx.shape[axis]))))
    return tuple(box)


def resampled_length(n, spacing, new_spacing):
    return int(np.floor((n - 1) * spacing / new_spacing + 1e-6)) + 1


def _taps(n, spacing, new_spacing):
    """Lower and upper source index and the weight of the upper one, for every output index of one axis."""
    position = np.minimum(np.arange(resampled_length(n, spacing, new_spacing)) * (new_spacing / spacing), n - 1)
    lower = np.floor(position).astype(int)
    return lower, np.minimum(lower + 1, n - 1), position - lower


def resample_linear(hu_zyx, spacing_xyz, new_spacing_xyz):
    """Linear resampling, float32; output voxel i lies at i * new_spacing from the centre of voxel 0.

    Equal to scipy.ndimage.map_coordinates(order=1), in double precision, one output slice at a time.
    """
    (x0, x1, wx), (y0, y1, wy), (z0, z1, wz) = [
        _taps(n, s, t) for n, s, t in zip(hu_zyx.shape[::-1], spacing_xyz, new_spacing_xyz)]
    out = np.empty((len(z0), len(y0), len(x0)), np.float32)
    wy = wy[:, None]
    for k in range(len(z0)):
        plane = hu_zyx[z0[k]].astype(float) * (1 - wz[k]) + hu_zyx[z1[k]].astype(float) * wz[k]
        plane = plane[y0] * (1 - wy) + plane[y1] * wy
        out[k] = plane[:, x0] * (1 - wx) + plane[:, x1] * wx
    return out


def hu_map(hu, pivots=(-1000, -200, 200, 1500), values=(0, 0.33, 0.67, 1)):
    """Piecewise linear HU -> [0, 1], clamped at the ends; float32."""
    return np.interp(hu, pivots, values).astype(np.float32)


def clahe(img, clip_limit=0.025):
    """scikit-image's equalize_adapthist in 3D over the whole array [z, y, x], float32 in and out.

    The function under the decorator is called: the decorator would take a last axis of 3 or 4 for colour.
    A constant image becomes constant 1, as the library makes it.
    """
    equalize = inspect.unwrap(equalize_adapthist)
    return equalize(np.asarray(img, np.float32), clip_limit=clip_limit).astype(np.float32)


def body_mask(hu_zyx, threshold=-500):
    """Body on the model grid: HU >= threshold, the 6-connected components with at least a tenth of the largest one's
    voxels, holes filled in every axial slice (so lungs and bowel gas belong to the body)."""
    labels, count = ndimage.label(hu_zyx >= threshold)
    if count == 0:
        return np.zeros(hu_zyx.shape, bool)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    mask = (sizes * 10 >= sizes.max())[labels]
    mask[labels == 0] = False
    for k in range(len(mask)):
        mask[k] = ndimage.binary_fill_holes(mask[k])
    return mask


def position_channel(name, shape):
    """Relative position (i + 0.5) / n in a grid of shape [z, y, x] along the axis of 'position-x', '-y' or '-z'; float32,
    of length 1 along the other two axes."""
    axis = {'position-x': 2, 'position-y': 1, 'position-z': 0}[name]
    n = shape[axis]
    return ((np.arange(n) + 0.5) / n).astype(np.float32).reshape([n if a == axis else 1 for a in range(3)])


def preprocess(array, affine, params):
    """A nibabel array [x, y, z] (HU) with its affine -> what a network of a package with these parameters sees.

    params: the `preprocessing` part of model.json. Returns a dict:
      hu      float32 [z, y, x], the mapped image before CLAHE, in [0, 1]
      clahe   float32 [z, y, x], after CLAHE
      body    bool    [z, y, x]
      spacing (x, y, z) mm
      box     ((x0, x1), (y0, y1), (z0, z1)) in canonical source voxels
      affine_lps  4x4, model voxel (x, y, z) -> LPS mm
    """
    volume, spacing = to_canonical(array, affine)
    _, _, _, origin, direction = canonical_grid(array.shape, affine)
    crop = params['bodyCrop']
    box = body_box(volume, spacing, crop['blockMm'], crop['thresholdHu'])
    (ax, bx), (ay, by), (az, bz) = box
    new_spacing = tuple(float(s) for s in params['spacingMm'])
    resampled = resample_linear(volume[az:bz, ay:by, ax:bx], spacing, new_spacing)
    mapped = hu_map(resampled, params['huPivots']['hu'], params['huPivots']['value'])
    grid = np.eye(4)
    grid[:3, :3] = direction * new_spacing
    grid[:3, 3] = origin + direction @ (np.array([ax, ay, az]) * spacing)
    return {
        'hu': mapped,
        'clahe': clahe(mapped, params['clahe']['clipLimit']),
        'body': body_mask(resampled, crop['thresholdHu']),
        'spacing': new_spacing,
        'box': box,
        'affine_lps': grid,
    }


def tile_starts(dim, patch, overlap):
    """First index of every tile of one axis: evenly spread, the first at 0, the last flush with the end."""
    if dim <= patch:
        return [0]
    stride = max(1, round_half_up(patch * (1 - overlap)))
    n = -(-(dim - patch) // stride) + 1
    return [int(np.floor(i * (dim - patch) / (n - 1) + 0.5)) for i in range(n)]


def plan_tiles(dims_xyz, patch_xyz, overlap, body=None):
    """Starts (x, y, z) of the tiles that hold at least one body voxel; x runs fastest."""
    xs, ys, zs = [tile_starts(d, p, overlap) for d, p in zip(dims_xyz, patch_xyz)]
    px, py, pz = patch_xyz
    return [(x, y, z) for z in zs for y in ys for x in xs
            if body is None or body[z:z + pz, y:y + py, x:x + px].any()]


def blend_weight(patch_xyz, blend_sigma):
    """Gaussian weight of a tile, float32 [z, y, x]; never 0, so that a covered voxel always has a score."""
    axes = [np.exp(-0.5 * ((np.arange(p) - (p - 1) / 2) / (blend_sigma * p)) ** 2) for p in patch_xyz]
    weight = axes[2][:, None, None] * axes[1][None, :, None] * axes[0][None, None, :]
    return np.maximum(weight, 1e-30).astype(np.float32)


def sliding_window(channels, body, run_tile, patch_xyz, overlap, blend_sigma):
    """Blended score over the volume.

    channels: list of float32 [z, y, x], or of length 1 along axes a channel does not vary along (position_channel);
    run_tile: [C, D, H, W] float32 -> [D, H, W]. Where the volume is smaller than the patch every channel of the tile is
    padded with 0 at the end. Returns (score float32 [z, y, x], covered bool [z, y, x]);
    the score is 0 where no tile ran.
    """
    shape = body.shape
    channels = [np.broadcast_to(channel, shape) for channel in channels]
    px, py, pz = patch_xyz
    weight = blend_weight(patch_xyz, blend_sigma)
    total = np.zeros(shape, np.float32)
    weights = np.zeros(shape, np.float32)
    for x, y, z in plan_tiles(shape[::-1], patch_xyz, overlap, body):
        here = (slice(z, z + pz), slice(y, y + py), slice(x, x + px))
        tile = np.zeros((len(channels), pz, py, px), np.float32)
        d, h, w = channels[0][here].shape
        for c, channel in enumerate(channels):
            tile[c, :d, :h, :w] = channel[here]
        score = np.asarray(run_tile(tile), np.float32).reshape(pz, py, px)
        total[here] += (weight * score)[:d, :h, :w]
        weights[here] += weight[:d, :h, :w]
    covered = weights > 0
    return np.divide(total, weights, out=np.zeros(shape, np.float32), where=covered), covered
