"""Levels that mean the same everywhere: the tails of the scores of lung, gas, bone, skin and the ends of a scan are made as
long as soft tissue's.

How far the tail of a voxel's −log q reaches differs by tissue and place: ribs, whose shapes are harder to foretell than a
vertebra's, passed the score of level 99.9 nine times too often. Standardising each tissue's scores as a whole would
make levels right, and take from dense lesions in bone what sets them apart from soft tissue. Here only the tail moves, in
two steps (STEPS), the second on what the first leaves:

    s' = s - sum of w D(s) over the tissues of a step

with D piecewise linear, 0 below the tail, so that s' rises with s and voxels outside the tail keep their scores. The
shares w, 0 to 1, come from the HU map h alone, smoothed by 3 mm, and from the place in the tile:

    bone, lung       h; bone is split by whether there is lung around (a Gaussian of 24 mm of lung, without air) into ribs,
                     shoulders and spine of the chest, and the rest; what looks like lung far from lung is gas, of bowel mostly
    rim              the share of air in the surroundings, a Gaussian of 6 mm: skin, and ends that were padded with air
    end              within 6 to 14 mm of the end of the tile. Inside a scan the blending leaves such voxels to other tiles,
                     so these are the ends of the scan, where the networks see nothing beyond

    python3 tails.py density      # fits D to the scores that `train.py score` wrote -> checkpoints/tails.json
    python3 tails.py distilled    # the same for the student
"""
import argparse
import json
import pathlib

import numpy as np
import torch
from scipy import ndimage
from torch import nn

import config
import data
from matrices import along_depth, smoothing
from model_package import read_volume

FILE = pathlib.Path(__file__).parent / 'checkpoints' / 'tails.json'
LEVELS = (99, 99.9, 99.99)
SMOOTHING_MM, AIR_MM, LUNG_MM = 3.0, 6.0, 24.0
# From where a voxel is none of it to where it is all of it: smoothed HU, share of lung or air around, mm from the end.
HU = {'bone': (100.0, 200.0), 'chest bone': (75.0, 150.0), 'lung': (-350.0, -500.0), 'air': (-880.0, -950.0)}
CHEST, LUNG, RIM, END_MM = (0.03, 0.1), (0.15, 0.35), (0.1, 0.3), (14.0, 6.0)
STEPS = (('lung', 'gas', 'bone', 'chest bone'), ('rim', 'end'))
# A tail begins this far below the lower of its own and soft tissue's score of the first level.
BEGIN = 8.0
STEEPEST = 0.9     # of D: s' must rise with s
ROUNDS = 8


def mapped(hu):
    pivots = config.PREPROCESSING['huPivots']
    return float(np.interp(hu, pivots['hu'], pivots['value']))


def smooth(volume, millimetres):
    """networks.gaussian_smooth of a tensor [z, y, x]."""
    depth, height, width = [smoothing(int(n), millimetres).to(volume.device) for n in volume.shape]
    return (height @ along_depth(depth, volume)) @ width.T


def ramp(values, none, whole):
    """0 at `none` to 1 at `whole`."""
    return ((values - none) / (whole - none)).clamp(0, 1)


def ends_of_tile(shape):
    """mm from each voxel's centre to the nearer end of the tile, a tensor for each axis."""
    spacing = config.PREPROCESSING['spacingMm'][0]
    return [spacing * (torch.minimum(torch.arange(n), torch.arange(n - 1, -1, -1)) + 0.5) for n in shape]


def shares(smoothed, ends):
    """({tissue: w [z, y, x]}, lung around [z, y, x]) of the HU map smoothed by SMOOTHING_MM; ends: as ends_of_tile gives."""
    bone, ribs, lung, air = [ramp(smoothed, *map(mapped, HU[name])) for name in ('bone', 'chest bone', 'lung', 'air')]
    near = smooth(lung - air, LUNG_MM)
    chest, real, rim = ramp(near, *CHEST), ramp(near, *LUNG), ramp(smooth(air, AIR_MM), *RIM)
    inner = 0 * near + 1      # from the tile: a constant as large as it would be stored in the graph's file
    for distance, shape in zip(ends, ((-1, 1, 1), (-1, 1), (-1,))):
        inner = inner * (1 - ramp(distance.to(smoothed.device), *END_MM)).view(shape)
    return {'lung': lung * real, 'gas': lung * (1 - real), 'bone': bone * (1 - chest), 'chest bone': ribs * chest,
            'rim': rim * inner, 'end': 1 - inner}, near


def moved(tails, score, weights):
    """s' of scores and shares at the same voxels, tensors of one shape; tails: {tissue: (scores, how far they move down)},
    a tissue without one keeps its scores."""
    for step in STEPS:
        score = score - sum(weights[tissue] * down(tails[tissue], score) for tissue in step if tissue in tails)
    return score


def down(tail, score):
    """D, a stretch between two knots at a time."""
    scores, downs = tail
    slopes = np.diff(downs) / np.diff(scores)
    constant = float(slopes @ scores[:-1])
    return sum(float(slope) * score.clamp(low, high) for slope, low, high in zip(slopes, scores, scores[1:])) - constant


class Tails(nn.Module):
    """s' in a graph, of a tile: score and smoothed HU map, [z, y, x]."""

    def __init__(self, tails):
        """tails: as `stored` gives them. Raises ValueError for a tissue that STEPS does not know."""
        super().__init__()
        unknown = set(tails) - {tissue for step in STEPS for tissue in step}
        if unknown:
            raise ValueError(f'not a tissue: {", ".join(sorted(unknown))}')
        self.tails = tails

    def forward(self, score, smoothed):
        return moved(self.tails, score, shares(smoothed, ends_of_tile([int(n) for n in score.shape]))[0])


def stored(graph):
    """The tails fitted to the scores of `<graph>.onnx`."""
    return json.loads(FILE.read_text())[graph]


def move_volume(tails, score, hu):
    """s' of a whole score map, both float32 [z, y, x]."""
    smoothed = smooth(torch.from_numpy(hu), SMOOTHING_MM)
    return moved(tails, torch.from_numpy(score), shares(smoothed, ends_of_volume(score.shape))[0]).numpy()


# --- fit --------------------------------------------------------------------------------------------------------

# Of `npm run evaluate` (calibrationByRegion.ts).
REGIONS = ('region soft tissue', 'region lung', 'region bone', 'region rim')
# Crops of limbs and slabs are mostly ends. All others serve the fit: volumes that were trained on score like those that were not.
FITTED = [name for name in [*config.CALIBRATION, *config.TRAINING] if 'sts' not in name and 'slab' not in name]
LOWEST = 32.0     # of the scores kept for the fit: none of the tails begins below


def ends_of_volume(shape):
    """ends_of_tile, where tiles end with the volume: one shorter than a tile is padded at its upper end."""
    ends = ends_of_tile(shape)
    padded = [torch.arange(n) + 0.5 for n in shape]
    return [e if n >= config.PATCH else config.PREPROCESSING['spacingMm'][0] * p for n, e, p in zip(shape, ends, padded)]


def regions_of(image, body):
    """Index in REGIONS of every voxel, as the product counts levels, by HU averaged over a voxel and its neighbours. image: HU map."""
    pivots = config.PREPROCESSING['huPivots']
    hu = ndimage.uniform_filter(np.interp(image, pivots['value'], pivots['hu']), 3, mode='nearest')
    distance = ndimage.distance_transform_edt(np.pad(body, 1))[1:-1, 1:-1, 1:-1] * config.PREPROCESSING['spacingMm'][0]
    return np.select([distance <= 10, hu < -500, hu > 200], [3, 1, 2], 0)


def kinds_of(regions, near, ends):
    """'soft tissue' or the tissue of STEPS to whose tail each voxel belongs, as an array of names."""
    chest, real = near > np.mean(CHEST), near > np.mean(LUNG)
    end = np.minimum(np.minimum(ends[0][:, None, None], ends[1][:, None]), ends[2]) < np.mean(END_MM)
    return np.select([(regions == 3) & ~end, regions == 3, (regions == 1) & real, regions == 1, (regions == 2) & chest, regions == 2],
                     ['rim', 'end', 'lung', 'gas', 'chest bone', 'bone'], 'soft tissue')


class Voxels:
    """Body voxels of volumes: the upper scores with the shares of their tissues, and how many there are in all."""

    def __init__(self, score, weights, groups):
        """score: tensor [voxels]; weights: {tissue: tensor}; groups: {name: (which of them, how many with those not kept)}."""
        self.score, self.weights, self.groups = score, weights, groups

    @classmethod
    def of(cls, score, weights, *labels):
        """labels: arrays of names, by each of which the voxels are grouped."""
        chosen = score.numpy() > LOWEST
        groups = {name: (label[chosen] == name, int((label == name).sum())) for label in labels for name in np.unique(label)}
        return cls(score[chosen], {tissue: w[chosen] for tissue, w in weights.items()}, groups)

    @classmethod
    def joined(cls, parts):
        def group(name):
            which = [p.groups.get(name, (np.zeros(len(p.score), bool), 0)) for p in parts]
            return np.concatenate([w for w, _ in which]), sum(count for _, count in which)

        return cls(torch.cat([p.score for p in parts]), {t: torch.cat([p.weights[t] for p in parts]) for t in parts[0].weights},
                   {name: group(name) for name in {name for p in parts for name in p.groups}})

    def scores(self, group, tails):
        """(kept scores of a group after its tails have moved, how many voxels the group has)."""
        inside, count = self.groups[group]
        return moved(tails, self.score[inside], {t: w[inside] for t, w in self.weights.items()}), count

    def upper(self, group, tails):
        """Scores of LEVELS of a group. Raises ValueError where LOWEST cuts one off."""
        score, count = self.scores(group, tails)
        ranks = [int(count * (1 - level / 100)) for level in LEVELS]
        if ranks[0] >= len(score):
            raise ValueError(f'{group}: the score of level {LEVELS[0]} is below {LOWEST}')
        return score.sort(descending=True)[0][ranks].double().numpy()

    def above(self, group, tails, thresholds):
        """Share of a group above each threshold."""
        score, count = self.scores(group, tails)
        return [float((score > t).sum()) / count for t in thresholds]


def read_voxels(name, graph):
    images, body = read_volume(name)
    with np.load(data.WORK / f'scores-{graph}' / f'{name}.npz') as file:
        score, covered = file['score'].astype(np.float32), file['covered']
    ends = ends_of_volume(body.shape)
    weights, near = shares(smooth(torch.from_numpy(images[1]), SMOOTHING_MM), ends)
    regions = regions_of(images[1], body)
    kinds = kinds_of(regions, near.numpy(), [e.numpy() for e in ends])
    return Voxels.of(torch.from_numpy(score[covered]), {tissue: w[torch.from_numpy(covered)] for tissue, w in weights.items()},
                     kinds[covered], np.array(REGIONS)[regions[covered]], np.full(covered.sum(), 'all'))


def fit(voxels):
    """{tissue: (scores, how far they move down)}: the quantiles of each tissue put where soft tissue's are."""
    tails = {}
    for step in STEPS:
        for tissue in step:
            goal = voxels.upper('soft tissue', tails)
            at = voxels.upper(tissue, tails)
            begin, by = min(at[0], goal[0]) - BEGIN, at - goal
            for _ in range(ROUNDS):
                tails[tissue] = knots(begin, at, by)
                # The share of a tissue is not whole everywhere in it: what is left over is moved in the next round.
                by = by + voxels.upper(tissue, tails) - goal
            tails[tissue] = knots(begin, at, by)
    return tails


def knots(begin, at, by):
    scores, downs = [begin, *at], [0.0]
    for i in range(len(at)):
        downs.append(min(by[i], downs[-1] + STEEPEST * (scores[i + 1] - scores[i])))
    return [round(float(v), 4) for v in scores], [round(float(v), 4) for v in downs]


def report(title, voxels, tails):
    """Share above the scores that all voxels pass once in 100, 1,000, 10,000, in units of that share."""
    thresholds = voxels.upper('all', tails)
    for region in REGIONS:
        shares_above = zip(voxels.above(region, tails, thresholds), LEVELS)
        print(title, region, ' '.join(f'{share / (1 - level / 100):.2f}' for share, level in shares_above), flush=True)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('graph', choices=('density', 'distilled'))
    graph = parser.parse_args().graph
    volumes = {name: read_voxels(name, graph) for name in FITTED}
    found = fit(Voxels.joined(list(volumes.values())))
    kept = json.loads(FILE.read_text()) if FILE.exists() else {}
    FILE.write_text(json.dumps({**kept, graph: found}, indent=1) + '\n')
    calibration = Voxels.joined([volumes[name] for name in config.CALIBRATION])
    report('before', calibration, {})
    report('after', calibration, found)
