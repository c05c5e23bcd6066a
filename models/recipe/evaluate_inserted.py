"""Sensitivity to lesions inserted into held-out real volumes, beside the trivial baseline.

    python3 evaluate_inserted.py --eval DIR     # DIR: the evaluation cases (<case>/ct.nii.gz), never trained on

Lesions are made for measurement only, with soft borders, and texture and noise of the scan around them:
solid and ground-glass nodule, consolidation, effusion, pneumothorax, hypo- and hyperdense lesion of a parenchymal
organ, lytic and sclerotic bone lesion, enlarged node. Per lesion: AUROC of up to 1,000 of its voxels against 1,000
other body voxels of the volume that are outside every inserted lesion.
Baseline: |HU - mean| / sd at the same relative position in the body box, over the training volumes.
"""
import argparse
import json
import pathlib

import nibabel
import numpy as np
from scipy import ndimage
from sklearn.metrics import roc_auc_score

import config
import data
import export
import model_package
from preprocessing import (body_box, body_mask, clahe, hu_map, resample_linear, to_canonical)

FULL_CHEST = ['lung_nodule_lidc_0001', 'lung_nodule_lidc_0002', 'lung_cancer_lungdx_a0001_box']
SPACING = config.PREPROCESSING['spacingMm']
BINS = 16


def read_hu(file):
    """HU on the model grid, float32 [z, y, x], cropped to the body."""
    image = nibabel.load(file)
    volume, spacing = to_canonical(np.asanyarray(image.dataobj), image.affine)
    (ax, bx), (ay, by), (az, bz) = body_box(volume, spacing)
    return resample_linear(volume[az:bz, ay:by, ax:bx], spacing, SPACING)


def images_of(hu):
    pivots = config.PREPROCESSING['huPivots']
    mapped = hu_map(hu, pivots['hu'], pivots['value'])
    return np.stack([clahe(mapped), mapped])


# --- where ------------------------------------------------------------------------------------------------------

def regions(hu, body):
    """Voxels where the centre of a lesion of each kind of tissue may lie."""
    smooth = ndimage.gaussian_filter(hu, 2)
    lung = ndimage.binary_opening(body & (smooth < -600) & (smooth > -960), iterations=2)
    labels, count = ndimage.label(lung)
    if count:
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        lung = (sizes > 20_000)[labels]
    depth = ndimage.distance_transform_edt(lung, SPACING[::-1])
    tissue = body & (np.abs(smooth - 85) < 75)
    organ = ndimage.distance_transform_edt(ndimage.binary_closing(tissue), SPACING[::-1]) > 16
    bone = ndimage.binary_opening(ndimage.gaussian_filter(hu, 1) > 180)
    fat = body & (ndimage.gaussian_filter(hu, 1.5) < -60) & (smooth > -140)
    inside = ndimage.distance_transform_edt(body, SPACING[::-1]) > 25
    return {'lung': depth > 8, 'pleura': (depth > 0) & (depth < 6), 'organ': organ & inside, 'bone': bone & inside,
            'fat': fat & inside, 'lungs': lung}


# --- what -------------------------------------------------------------------------------------------------------

def blob(shape, center, radius_mm, generator, roughness=0.25):
    """Soft-edged irregular ball: membership 0..1 (linear over about 3 mm at its border)."""
    grid = np.stack(np.meshgrid(*[(np.arange(n) - c) * s for n, c, s in zip(shape, center, SPACING[::-1])],
                                indexing='ij'))
    stretch = generator.uniform(0.8, 1.25, 3)
    distance = np.sqrt(((grid / stretch[:, None, None, None]) ** 2).sum(0))
    noise = ndimage.gaussian_filter(generator.standard_normal(shape), max(1.5, radius_mm / 6))
    noise = noise / noise.std()
    return np.clip((radius_mm * (1 + roughness * 0.5 * noise) - distance) / 3 + 0.5, 0, 1)


def noise_sd(hu):
    """Standard deviation of the scan's own noise in soft tissue, HU (from the median absolute deviation)."""
    return 1.4826 * np.median(np.abs(hu - ndimage.gaussian_filter(hu, 1.5))[hu > -200])


def fill(hu, membership, value, sd, generator):
    """HU with the lesion's value and noise of a plausible correlation length in it."""
    noise = ndimage.gaussian_filter(generator.standard_normal(hu.shape), 0.6)
    return hu * (1 - membership) + membership * (value + noise / noise.std() * sd)


KINDS = {   # kind: (region, radius range mm, HU range)
    'nodule solid': ('lung', (4, 12), (20, 80)),
    'nodule ground glass': ('lung', (6, 14), (-550, -350)),
    'consolidation': ('lung', (20, 35), (10, 60)),
    'effusion': ('pleura', (20, 35), (0, 20)),
    'pneumothorax': ('pleura', (15, 30), (-1000, -990)),
    'organ hypodense': ('organ', (6, 16), (-70, -35)),      # offset from the organ
    'organ hyperdense': ('organ', (6, 16), (45, 90)),
    'bone sclerotic': ('bone', (5, 10), (700, 1000)),
    'bone lytic': ('bone', (6, 11), (20, 70)),
    'node': ('fat', (7, 12), (20, 60)),
}


def insert(hu, where, kind, sd, generator, taken):
    """(HU with one more lesion, its mask) or None where the volume has no room for it."""
    region, radii, values = KINDS[kind]
    candidates = np.argwhere(where[region] & ~taken)
    if len(candidates) < 200:
        return None
    center = candidates[generator.integers(len(candidates))]
    radius, value = generator.uniform(*radii), generator.uniform(*values)
    reach = [int(1.6 * radius / s) + 6 for s in SPACING[::-1]]
    box = tuple(slice(max(0, c - r), c + r + 1) for c, r in zip(center, reach))
    part = hu[box]
    membership = blob(part.shape, [c - b.start for c, b in zip(center, box)], radius, generator)
    if kind in ('consolidation', 'effusion', 'pneumothorax', 'nodule ground glass'):
        membership = membership * soft(ndimage.binary_closing(where['lungs'][box], iterations=2))
    elif region == 'bone':
        membership = membership * soft(ndimage.binary_closing(part > 120, iterations=2))
    if region == 'organ':
        lesion = part + membership * value
    else:
        lesion = fill(part, membership, value, sd, generator)
        if kind == 'nodule ground glass':
            lesion = np.maximum(part, lesion)      # vessels shine through
    if (membership > 0.5).sum() < 20:
        return None
    changed, mask = hu.copy(), np.zeros(hu.shape, bool)
    changed[box], mask[box] = lesion, membership > 0.5
    return changed, mask


def soft(mask):
    return ndimage.gaussian_filter(mask.astype(np.float32), 0.7)


# --- baseline ---------------------------------------------------------------------------------------------------

class PositionalDeviation:
    """|HU - mean| / sd at the relative position in the body box, from the training volumes."""

    def __init__(self, folder):
        total = np.zeros((3, BINS, BINS, BINS))
        for name in config.TRAINING:
            hu = np.clip(read_hu(folder / f'{name}.nii.gz'), -1000, 1500)
            where = self.bins(hu.shape)
            for row, values in zip(total, (np.ones_like(hu), hu, hu.astype(np.float64) ** 2)):
                np.add.at(row, where, values)
        self.mean = total[1] / total[0]
        self.sd = np.sqrt(np.maximum(total[2] / total[0] - self.mean ** 2, 25))

    @staticmethod
    def bins(shape):
        return np.ix_(*[np.minimum(np.arange(n) * BINS // n, BINS - 1) for n in shape])

    def score(self, hu):
        zoom = [n / BINS for n in hu.shape]
        mean, sd = [ndimage.zoom(m, zoom, order=1, grid_mode=True, mode='nearest') for m in (self.mean, self.sd)]
        return np.abs(np.clip(hu, -1000, 1500) - mean) / sd


# --- measure ----------------------------------------------------------------------------------------------------

def auroc(score, lesion, others, generator):
    positive, negative = score[lesion], score[others]
    positive = generator.choice(positive, min(1000, len(positive)), replace=False)
    negative = generator.choice(negative, min(1000, len(negative)), replace=False)
    return roc_auc_score(np.r_[np.ones(len(positive)), np.zeros(len(negative))], np.r_[positive, negative])


def evaluate(arguments):
    run = export.tile_scorer(arguments.threads)
    baseline = PositionalDeviation(arguments.train)
    cases = [arguments.train / f'{name}.nii.gz' for name in config.CALIBRATION]
    cases += [arguments.eval / name / 'ct.nii.gz' for name in FULL_CHEST]
    rows = []
    for index, file in enumerate(cases):
        case = file.parent.name if file.name == 'ct.nii.gz' else file.name.removesuffix('.nii.gz')
        clean = read_hu(file)
        body = body_mask(clean)
        where, sd = regions(clean, body), noise_sd(clean)
        generator = np.random.default_rng([config.SEED, index])
        for _ in range(arguments.rounds):
            hu, lesions, taken = clean, [], np.zeros(clean.shape, bool)
            for kind in generator.permutation(list(KINDS)):
                inserted = insert(hu, where, kind, sd, generator, taken)
                if inserted is None or (inserted[1] & taken).any():
                    continue
                hu, mask = inserted
                lesions.append((kind, mask & body))
                taken |= ndimage.binary_dilation(mask, iterations=8)
            score, covered = model_package.score_volume(run, images_of(hu), body)
            trivial = baseline.score(hu)
            others = body & covered & ~taken
            for kind, mask in lesions:
                if mask.sum() < 20:
                    continue
                row = {'case': case, 'kind': kind, 'voxels': int(mask.sum()),
                       'screener': round(auroc(score, mask & covered, others, generator), 4),
                       'baseline': round(auroc(trivial, mask, others, generator), 4)}
                rows.append(row)
                print(json.dumps(row), flush=True)
    print('\n| lesion | n | Screener | HU baseline |\n|---|---|---|---|')
    for kind in [*KINDS, None]:
        group = [r for r in rows if kind in (None, r['kind'])]
        if group:
            print(f"| {kind or '**all**'} | {len(group)} | {np.mean([r['screener'] for r in group]):.2f} | "
                  f"{np.mean([r['baseline'] for r in group]):.2f} |")
    (data.WORK / 'inserted.json').write_text(json.dumps(rows, indent=1))


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--train', type=pathlib.Path, required=True, help='folder of the training volumes')
    parser.add_argument('--eval', type=pathlib.Path, required=True, help='folder of the evaluation cases')
    parser.add_argument('--rounds', type=int, default=1, help='times lesions are inserted into each volume')
    parser.add_argument('--threads', type=int, default=2)
    arguments = parser.parse_args()
    evaluate(arguments)
