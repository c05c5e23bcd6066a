"""Levels that mean the same in every tissue: the tails of bone, of lung and near the skin are made as long as soft tissue's.

A voxel's −log q is a density of its descriptor, and how far its tail reaches differs by tissue: bone, whose shapes are
harder to foretell, passed the score of level 99.9 nine times too often. Standardising each tissue's scores as a whole would
make levels right, and take from dense lesions in bone what sets them apart from soft tissue. Here only the tail moves:

    t  = s - w_bone D_bone(s) - w_lung D_lung(s)
    s' = t - w_rim D_rim(t)

with D piecewise linear, 0 below the tail, so that s' rises with s and voxels outside the tail keep their scores. The
shares w of a tissue, 0 to 1, come from the HU map h alone: bone and lung from h smoothed by 3 mm, the rim from the share of air
(below the HU of lung) in the surroundings, a Gaussian of 6 mm.

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
SMOOTHING_MM, SURROUNDINGS_MM = 3.0, 6.0      # both of config.HU_SIGMAS_MM
# From where a voxel is none of it to where it is all of it, smoothed HU.
HU = {'bone': (100.0, 200.0), 'lung': (-350.0, -500.0), 'air': (-880.0, -950.0)}
# The same for the rim, share of air around it.
RIM = (0.1, 0.3)
# A tail begins this far below the lower of its own and soft tissue's score of the first level.
BEGIN = 8.0
STEEPEST = 0.9     # of D: s' must rise with s
LUNGS_LITRES = 1.2


def mapped(hu):
    pivots = config.PREPROCESSING['huPivots']
    return float(np.interp(hu, pivots['hu'], pivots['value']))


def smooth(volume, millimetres):
    """networks.gaussian_smooth for a NumPy volume."""
    sigma = millimetres / config.PREPROCESSING['spacingMm'][0]
    return ndimage.gaussian_filter(volume, sigma, truncate=int(3 * sigma + 0.5) / sigma, mode='nearest')


def ramp(values, none, whole):
    """0 at `none` to 1 at `whole`, of a NumPy array or a tensor."""
    return ((values - none) / (whole - none)).clip(0, 1)


def air(smoothed):
    """Share of air in a voxel, from the HU map smoothed by SMOOTHING_MM."""
    return ramp(smoothed, *map(mapped, HU['air']))


def shares(smoothed, around):
    """{tissue: w} in the order in which the tails move: all of one tuple at once. smoothed: the HU map smoothed by
    SMOOTHING_MM; around: `air` of it smoothed by SURROUNDINGS_MM."""
    bone, lung = [ramp(smoothed, *map(mapped, HU[tissue])) for tissue in ('bone', 'lung')]
    return ({'bone': bone, 'lung': lung}, {'rim': ramp(around, *RIM)})


def straighten(tails, score, smoothed, around):
    """s' of scores, NumPy arrays at the same voxels; a tissue without a tail keeps its scores."""
    for step in shares(smoothed, around):
        score = score - sum(w * np.interp(score, *tails[tissue]) for tissue, w in step.items() if tissue in tails)
    return score


class Tails(nn.Module):
    """s' in the graph, of tensors at the same voxels, in any shape."""

    def __init__(self, tails):
        super().__init__()
        # D as a sum of ramps: each knot changes the slope.
        self.knots = {tissue: [(float(at), float(by)) for at, by in zip(
            scores, np.diff(np.r_[0, np.diff(moved) / np.diff(scores), 0]))] for tissue, (scores, moved) in tails.items()}

    def forward(self, score, smoothed, around):
        for step in shares(smoothed, around):
            score = score - sum(w * sum(by * F.relu(score - at) for at, by in self.knots[tissue])
                                for tissue, w in step.items() if tissue in self.knots)
        return score


# --- fit --------------------------------------------------------------------------------------------------------

def tissues_of(hu, body):
    """Tissue of every voxel as `npm run evaluate` counts levels (calibrationByRegion.ts): 0 soft, 1 lung, 2 bone, 3 rim."""
    mean = ndimage.uniform_filter(hu, 3)
    distance = ndimage.distance_transform_edt(np.pad(body, 1))[1:-1, 1:-1, 1:-1] * config.PREPROCESSING['spacingMm'][0]
    return np.select([distance <= 10, mean < mapped(-500), mean > mapped(200)], [3, 1, 2], 0)


def read_scores():
    """[score, smoothed HU, air around, tissue], each [voxels], of the body voxels of the calibration volumes; and the same
    of these and of the training volumes that hold lungs and not just their bases."""
    volumes = []
    for name in [*config.CALIBRATION, *config.TRAINING]:
        images, body = read_volume(name)
        tissue = tissues_of(images[1], body)
        litres = (tissue == 1).sum() * np.prod(config.PREPROCESSING['spacingMm']) / 1e6
        if name in config.TRAINING and litres < LUNGS_LITRES:
            continue
        with np.load(data.WORK / 'scores' / f'{name}.npz') as stored:
            score, covered = stored['score'], stored['covered']
        smoothed = smooth(images[1], SMOOTHING_MM)
        around = smooth(air(smoothed), SURROUNDINGS_MM)
        volumes.append((score[covered].astype(np.float32), smoothed[covered], around[covered], tissue[covered].astype(np.uint8)))
        print(f'{name}: {litres:.1f} L of lung', flush=True)
    return [[np.concatenate(parts) for parts in zip(*chosen)] for chosen in (volumes[:len(config.CALIBRATION)], volumes)]


def fit(calibration, with_training, rounds=12):
    """{tissue: (scores, how far they move down)}: the quantiles of bone, lung and rim put where soft tissue's are.

    calibration, with_training: as read_scores gives them. What was trained on scores lower, so it serves the lung alone:
    among the calibration volumes there is one chest only.
    """
    tails = {}
    for name, code in (('lung', 1), ('bone', 2), ('rim', 3)):
        score, smoothed, around, tissue = with_training if name == 'lung' else calibration
        now = straighten(tails, score, smoothed, around)
        goal = np.percentile(now[tissue == 0], LEVELS)
        inside = [values[tissue == code] for values in (score, smoothed, around)]
        at = np.percentile(now[tissue == code], LEVELS)
        begin = min(at[0], goal[0]) - BEGIN
        moved = at - goal
        for _ in range(rounds):
            tails[name] = knots(begin, at, moved)
            # The share of a tissue is not whole everywhere in it: what is left over is moved in the next round.
            moved = moved + np.percentile(straighten(tails, *inside), LEVELS) - goal
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
    voxels, with_training = read_scores()
    found = fit(voxels, with_training)
    FILE.write_text(json.dumps(found, indent=1) + '\n')
    report('before', voxels[0], voxels[-1])
    report('after', straighten(found, *voxels[:-1]), voxels[-1])
