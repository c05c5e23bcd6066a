"""Levels that mean the same in every tissue: the tails of bone and of lung are made as long as soft tissue's.

A voxel's −log q is a density of its descriptor, and how far its tail reaches differs by tissue: bone, whose shapes are
harder to foretell, passed the score of level 99.9 ten times too often. Standardising each tissue's scores as a whole would
make levels right, and take from dense lesions in bone what sets them apart from soft tissue. Here only the tail moves:

    s' = s - w_bone(h) D_bone(s) - w_lung(h) D_lung(s)

with h the HU map smoothed by 3 mm, w the share of a tissue there, and D piecewise linear, 0 below the tail, so that s'
rises with s and voxels outside the tail keep their scores.

    python3 tails.py      # fits D to the scores that `train.py teach` wrote -> checkpoints/tails.json
"""
import argparse
import json
import pathlib

import numpy as np
import torch
from scipy import ndimage
from torch import nn
from torch.nn import functional as F

import config
import data
from model_package import read_volume

FILE = pathlib.Path(__file__).parent / 'checkpoints' / 'tails.json'
LEVELS = (99, 99.9, 99.99)
SMOOTHING_MM = 3.0
# Of the smoothed HU map, from where a voxel is none of the tissue to where it is all of it.
TISSUES_HU = {'bone': (100.0, 200.0), 'lung': (-350.0, -500.0)}
# A tail begins this far below the lower of its own and soft tissue's score of the first level.
BEGIN = 8.0
STEEPEST = 0.9     # of D: s' must rise with s
LUNGS_LITRES = 1.2


def mapped(hu):
    pivots = config.PREPROCESSING['huPivots']
    return np.interp(hu, pivots['hu'], pivots['value'])


def share(tissue, smoothed):
    """w: share of a tissue, 0 to 1, where the smoothed HU map has these values."""
    none, whole = (float(mapped(hu)) for hu in TISSUES_HU[tissue])
    return np.clip((smoothed - none) / (whole - none), 0, 1)


def smooth_map(hu):
    sigma = SMOOTHING_MM / config.PREPROCESSING['spacingMm'][0]
    return ndimage.gaussian_filter(hu, sigma, truncate=int(3 * sigma + 0.5) / sigma, mode='nearest')


def straighten(tails, score, smoothed):
    """s' of scores and the smoothed HU map at the same voxels."""
    return score - sum(share(tissue, smoothed) * np.interp(score, *knots) for tissue, knots in tails.items())


class Tails(nn.Module):
    """s' in the graph, of scores and the smoothed HU map at the same voxels, in any shape."""

    SMOOTHING_MM = SMOOTHING_MM

    def __init__(self, tails):
        super().__init__()
        self.ramps = []
        for tissue, (scores, moved) in tails.items():
            none, whole = (float(mapped(hu)) for hu in TISSUES_HU[tissue])
            # D as a sum of ramps: each knot changes the slope.
            change = np.diff(np.r_[0, np.diff(moved) / np.diff(scores), 0])
            self.ramps.append((none, whole, [(float(at), float(by)) for at, by in zip(scores, change)]))

    def forward(self, score, smoothed):
        moved = 0
        for none, whole, knots in self.ramps:
            share = torch.clamp((smoothed - none) / (whole - none), 0, 1)
            moved = moved + share * sum(by * F.relu(score - at) for at, by in knots)
        return score - moved


# --- fit --------------------------------------------------------------------------------------------------------

def tissues_of(hu, body):
    """Tissue of every voxel as `npm run evaluate` counts levels (calibrationByRegion.ts): 0 soft, 1 lung, 2 bone, 3 rim."""
    mean = ndimage.uniform_filter(hu, 3)
    distance = ndimage.distance_transform_edt(np.pad(body, 1))[1:-1, 1:-1, 1:-1] * config.PREPROCESSING['spacingMm'][0]
    return np.select([distance <= 10, mean < mapped(-500), mean > mapped(200)], [3, 1, 2], 0)


def read_scores():
    """[score, smoothed HU, tissue], each [voxels], of the body voxels of the calibration volumes, and of the training volumes
    that hold lungs and not just their bases: among the former there is one chest only."""
    volumes = []
    for name in [*config.CALIBRATION, *config.TRAINING]:
        images, body = read_volume(name)
        tissue = tissues_of(images[1], body)
        litres = (tissue == 1).sum() * np.prod(config.PREPROCESSING['spacingMm']) / 1e6
        if name in config.TRAINING and litres < LUNGS_LITRES:
            continue
        with np.load(data.WORK / 'scores' / f'{name}.npz') as stored:
            score, covered = stored['score'], stored['covered']
        volumes.append((score[covered].astype(np.float32), smooth_map(images[1])[covered], tissue[covered].astype(np.uint8)))
        print(f'{name}: {litres:.1f} L of lung', flush=True)
    return [np.concatenate(parts) for parts in zip(*volumes)]


def fit(score, smoothed, tissue, rounds=12):
    """{tissue: (scores, how far they move down)}: the quantiles of bone and of lung put where soft tissue's are."""
    goal = np.percentile(score[tissue == 0], LEVELS)
    tails = {}
    for name, code in (('lung', 1), ('bone', 2)):
        inside = tissue == code
        s, h = score[inside], smoothed[inside]
        at = np.percentile(s, LEVELS)
        begin = min(at[0], goal[0]) - BEGIN
        moved = at - goal
        for _ in range(rounds):
            tails[name] = knots(begin, at, moved)
            # The share of a tissue is not whole everywhere in it: what is left over is moved in the next round.
            moved = moved + np.percentile(straighten({name: tails[name]}, s, h), LEVELS) - goal
        tails[name] = knots(begin, at, moved)
    return tails


def knots(begin, at, moved):
    scores, down = [begin, *at], [0.0]
    for i in range(len(at)):
        down.append(min(moved[i], down[-1] + STEEPEST * (scores[i + 1] - scores[i])))
    return [round(float(v), 4) for v in scores], [round(float(v), 4) for v in down]


def report(title, score, tissue):
    """Share above the scores that the whole body passes once in 100, 1,000, 10,000, in units of that share."""
    thresholds = np.percentile(score, LEVELS)
    for code, name in enumerate(('soft tissue', 'lung', 'bone', 'rim')):
        inside = score[tissue == code]
        print(title, name, ' '.join(f'{(inside > t).mean() / (1 - l / 100):.2f}' for t, l in zip(thresholds, LEVELS)))


if __name__ == '__main__':
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    voxels = read_scores()
    found = fit(*voxels)
    FILE.write_text(json.dumps(found, indent=1) + '\n')
    report('before', voxels[0], voxels[2])
    report('after', straighten(found, *voxels[:2]), voxels[2])
