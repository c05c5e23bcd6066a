"""Anomalies pasted into crops of CT, with the voxels they take: what a segmenter trained in the manner of
DRAEM (Zavrtanik et al. 2021) and of the MOOD challenge's winners learns from. None is drawn after a real lesion.

Crops are float32 [D, H, W], HU mapped to [0, 1]. Radii are in voxels of 2 mm.
"""
import numpy as np
from scipy import ndimage


def blob(shape, generator):
    """Membership 0 to 1 of an irregular ellipsoid anywhere in the crop, its border one to three voxels wide."""
    radius = np.exp(generator.uniform(np.log(2.5), np.log(14)))
    centre = [generator.uniform(0.15 * n, 0.85 * n) for n in shape]
    axes = radius * generator.uniform(0.6, 1.5, 3)
    z, y, x = [((np.arange(n) - c) / a) ** 2 for n, c, a in zip(shape, centre, axes)]
    distance = np.sqrt(z[:, None, None] + y[None, :, None] + x[None, None, :])
    noise = generator.standard_normal([max(2, round(1.5 * n / radius)) for n in shape])
    noise = ndimage.zoom(noise, [n / m for n, m in zip(shape, noise.shape)], order=1, grid_mode=True, mode='nearest')
    border = generator.uniform(1, 3) / radius
    return np.clip((1 + 0.3 * noise - distance) / border + 0.5, 0, 1).astype(np.float32)


def foreign(crop, membership, other, generator):
    """A patch of another crop, mirrored at random."""
    for axis in range(3):
        if generator.random() < 0.5:
            other = np.flip(other, axis)
    return mix(crop, other, membership * generator.uniform(0.5, 1))


def shifted(crop, membership, other, generator):
    """Denser or less dense than it was, by 30 to 300 HU in soft tissue."""
    return crop + membership * generator.choice([-1, 1]) * np.exp(generator.uniform(np.log(0.025), np.log(0.25)))


def filled(crop, membership, other, generator):
    """One value, with noise of the strength that neighbouring voxels differ by."""
    noise = ndimage.gaussian_filter(generator.standard_normal(crop.shape), 0.6)
    strength = 1.48 * np.median(np.abs(np.diff(crop, axis=2))) / noise.std()
    return mix(crop, generator.uniform(0, 0.9) + strength * noise, membership)


def smoothed(crop, membership, other, generator):
    """Its texture blurred or sharpened."""
    blurred = ndimage.gaussian_filter(crop, generator.uniform(1, 3))
    return mix(crop, blurred if generator.random() < 0.5 else 2 * crop - blurred, membership)


def deformed(crop, membership, other, generator):
    """Drawn towards a point or pushed away from it, up to six voxels."""
    strength = generator.choice([-1, 1]) * generator.uniform(2, 6)
    smooth = ndimage.gaussian_filter(membership, 2)
    centre = ndimage.center_of_mass(membership)
    away = np.stack(np.meshgrid(*[np.arange(n) - c for n, c in zip(crop.shape, centre)], indexing='ij'))
    step = strength * smooth * away / np.sqrt((away ** 2).sum(0) + 4)
    return ndimage.map_coordinates(crop, np.indices(crop.shape) + step, order=1, mode='nearest')


KINDS = (foreign, shifted, filled, smoothed, deformed)
LEAST_CHANGE = 0.02        # mapped; below it, 24 HU in soft tissue, there is nothing to be seen


def mix(a, b, weight):
    return a + weight * (b - a)


def paste(crop, other, body, generator):
    """(crop with up to three anomalies, mask float32 0 or 1). other: a crop of another scan. One crop in six stays normal.

    Marked is what is inside an anomaly, inside the body, and near a voxel that changed.
    """
    mask = np.zeros(crop.shape, np.float32)
    for _ in range(0 if generator.random() < 1 / 6 else generator.integers(1, 4)):
        membership = blob(crop.shape, generator)
        kind = KINDS[generator.integers(len(KINDS))]
        changed = np.clip(kind(crop, membership, other, generator), 0, 1).astype(np.float32)
        seen = ndimage.uniform_filter(np.abs(changed - crop), 5) > LEAST_CHANGE
        mask[(membership > 0.5) & seen & body] = 1
        crop = changed
    return crop, mask
