"""What condition, density, masked inference and smoothing give, one after the other, with f and g as trained.

    python3 insert_lesions.py --train TRAIN --eval EVAL --seed 7 --out work/ablation-cases
    python3 ablate_density.py work/ablation-cases     # -> training/ablation-density.json

Every density learns from the same voxels of the training volumes for the same number of steps, and scores the same cases: the
calibration patients, which nothing was trained on, with lesions of another seed than those of the model card. Everything
is at 4 mm, observations averaged to it, so that the costly ones are affordable; the product's score is at 2 mm, and higher.
"""
import argparse
import itertools
import json
import pathlib
import time

import nibabel
import numpy as np
import torch
from scipy import ndimage
from sklearn.metrics import roc_auc_score
from torch import nn
from torch.distributions import LowRankMultivariateNormal, MultivariateNormal
from torch.nn import functional as F

import config
import train
from baseline_networks import PositionDensity
from export import stored_statistics
from glow import Glow, as_volume
from insert_lesions import IGNORE
from measure_cases import labels_on_model_grid
from networks import CONDITION_OF, Density, negative_log_likelihood, pooled
from preprocessing import preprocess

TILES, STEPS, POINTS = 300, 2000, 4096
SMOOTHING_MM = (0, 2, 4, 6, 8)
EDGE, CORE = config.PATCH // 2, 24     # of a tile of g, and of its middle that is kept
DIMENSION = config.DESCRIPTOR_DIM + len(config.HU_SIGMAS_MM)


# --- densities: nll(y [P, 35], context [P, k], …) -> [P], in nats ----------------------------------------------------

class Unconditional(nn.Module):
    """Gaussian of all voxels: of each channel alone, or with their covariance."""

    def __init__(self, full):
        super().__init__()
        self.full = full
        self.mean, self.log_sd = nn.Parameter(torch.zeros(DIMENSION)), nn.Parameter(torch.zeros(DIMENSION))
        self.lower = nn.Parameter(torch.zeros(DIMENSION, DIMENSION)) if full else None

    def nll(self, y, _):
        if not self.full:
            return negative_log_likelihood(y, self.mean, self.log_sd)[:, 0]
        return -MultivariateNormal(self.mean, scale_tril=torch.tril(self.lower, -1) + torch.diag(self.log_sd.exp())).log_prob(y)


class Diagonal(nn.Module):
    """What it expects of several readings of the condition is pooled, as the package does."""

    def __init__(self, q):
        super().__init__()
        self.q = q

    def expectation(self, contexts):
        return pooled([self.q(as_volume(context)) for context in contexts])

    def nll(self, y, *contexts):
        return negative_log_likelihood(as_volume(y), *self.expectation(contexts)).flatten()


class Residuals(Diagonal):
    """The squared residuals of the diagonal Gaussian alone, without log sigma."""

    def nll(self, y, *contexts):
        return super().nll(y, *contexts) - self.expectation(contexts)[1].sum(1).flatten()


class Correlated(nn.Module):
    """Gaussian whose covariance beyond its diagonal is the condition's too: of low rank, or full."""

    def __init__(self, rank=None):
        super().__init__()
        self.rank = rank
        self.q = Density(DIMENSION)
        extra = DIMENSION * rank if rank else DIMENSION * (DIMENSION - 1) // 2
        self.extra = nn.Conv3d(self.q.mlp[2].out_channels, extra, 1)
        nn.init.normal_(self.extra.weight, 0, 1e-3)
        nn.init.zeros_(self.extra.bias)
        self.below = torch.tril_indices(DIMENSION, DIMENSION, -1)

    def nll(self, y, context):
        row = as_volume(context)
        mean, log_sd = [v[0, :, :, 0, 0].T for v in self.q(row)]
        extra = self.extra(self.q.mlp[:4](row))[0, :, :, 0, 0].T
        if self.rank:
            factor = extra.reshape(len(y), DIMENSION, self.rank)
            return -LowRankMultivariateNormal(mean, factor, torch.exp(2 * log_sd)).log_prob(y)
        lower = torch.diag_embed(log_sd.exp())
        lower[:, self.below[0], self.below[1]] = extra
        return -MultivariateNormal(mean, scale_tril=lower).log_prob(y)


POSITION, SEEN, HIDDEN, BOTH = ('position',), ('seen',), ('hidden',), ('seen', 'hidden')
# Name, what it is conditioned on, how it is made.
VARIANTS = [
    ('no condition, diagonal Gaussian', POSITION, lambda: Unconditional(False)),
    ('no condition, full covariance', POSITION, lambda: Unconditional(True)),
    ('sine and cosine of the position, diagonal Gaussian', POSITION, lambda: Diagonal(PositionDensity(DIMENSION))),
    ('masking-invariant, nothing hidden, diagonal Gaussian', SEEN, lambda: Diagonal(Density(DIMENSION))),
    ('masking-invariant, hidden, diagonal Gaussian', HIDDEN, lambda: Diagonal(Density(DIMENSION))),
    ('masking-invariant, both pooled, diagonal Gaussian', BOTH, lambda: Diagonal(Density(DIMENSION))),
    ('masking-invariant, nothing hidden, low rank (8)', SEEN, lambda: Correlated(8)),
    ('masking-invariant, nothing hidden, full covariance', SEEN, lambda: Correlated()),
    ('masking-invariant, nothing hidden, Glow (8 blocks of 96)', SEEN, lambda: Glow(DIMENSION, config.CONDITION_DIM, 96, 8)),
]
CHOSEN = VARIANTS[5][0]


# --- what they learn from -----------------------------------------------------------------------------------------

def read_training_voxels():
    """(y, {context: values}) of body voxels of TILES random tiles, float32 [N, channels]."""
    volumes = train.Coarse(train.FINE, False)
    g = train.load_condition('density')[0].eval()
    ys, contexts = [], {name: [] for name in ('position', *CONDITION_OF)}
    for index in range(TILES):
        generator = np.random.default_rng([config.SEED, 77, index])
        tile, points, y, position = train.draw_tile(volumes, generator, train.FINE)
        with torch.no_grad(), train.autocast():
            for name, read in CONDITION_OF.items():
                contexts[name].append(train.gather(read(g, tile).float()[0], points))
        contexts['position'].append(position)
        ys.append(y)
    return torch.cat(ys), {name: torch.cat(parts) for name, parts in contexts.items()}


def learn(model, y, context):
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, eps=1e-5, weight_decay=1e-6)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=STEPS + 1, pct_start=0.1)
    generator = np.random.default_rng(config.SEED)
    for _ in range(STEPS):
        chosen = torch.from_numpy(generator.integers(len(y), size=POINTS))
        target = y[chosen] + 0.1 * torch.randn(POINTS, DIMENSION)
        loss = model.nll(target, context[chosen]).mean() / DIMENSION
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    model.eval()


# --- what they score ----------------------------------------------------------------------------------------------

def middles(read, g, coarse):
    """c [32, z, y, x] of coarse images [2, z, y, x], from the middle of every tile of g, in which it sees to all sides."""
    margin = (EDGE - CORE) // 2
    padded = F.pad(coarse, [margin, margin + CORE] * 3)
    out = torch.zeros(config.CONDITION_DIM, *coarse.shape[1:])
    for start in itertools.product(*[range(0, n, CORE) for n in coarse.shape[1:]]):
        tile = padded[(slice(None), *[slice(s, s + EDGE) for s in start])][None]
        with torch.no_grad(), train.autocast():
            c = read(g, tile).float()[0]
        kept = [min(CORE, n - s) for s, n in zip(start, coarse.shape[1:])]
        out[(slice(None), *[slice(s, s + k) for s, k in zip(start, kept)])] = c[
            (slice(None), *[slice(margin, margin + k) for k in kept])]
    return out


def read_case(folder, f, g, mean, sd):
    """A case at 4 mm: y [35, …], contexts [k, …], body, labels, the kinds of the labels."""
    ct, mask = nibabel.load(folder / 'ct.nii.gz'), nibabel.load(folder / 'mask.nii.gz')
    volume = preprocess(np.asanyarray(ct.dataobj), ct.affine, config.PREPROCESSING)
    labels = labels_on_model_grid(np.asanyarray(mask.dataobj), mask.affine, volume['box'], volume['body'].shape)
    pad = [(0, n % 2) for n in labels.shape]
    body, labels = np.pad(volume['body'], pad), np.pad(labels, pad)
    images = np.stack([np.pad(volume[c], pad, mode='edge') for c in config.PREPROCESSING['channels']]).astype(np.float32)
    y = (train.observe_volume(f, images, body).astype(np.float32) - mean[:, None, None, None]) / sd[:, None, None, None]
    coarse = F.avg_pool3d(torch.from_numpy(images)[None], 2)[0]
    inside = F.avg_pool3d(torch.from_numpy(body).float()[None, None], 2)[0, 0].numpy() > 0.5
    position = np.stack(np.meshgrid(*[(np.arange(n) + 0.5) / n for n in inside.shape], indexing='ij')[::-1])
    return {
        'y': F.avg_pool3d(torch.from_numpy(y)[None], 2)[0], 'body': inside, 'labels': labels[::2, ::2, ::2],
        **{name: middles(read, g, coarse) for name, read in CONDITION_OF.items()},
        'position': torch.from_numpy(position.astype(np.float32)),
        'kinds': json.loads((folder / 'lesions.json').read_text()),
    }


def score_of(model, case, names):
    """-log q at 4 mm given the named contexts of the case, float32 [z, y, x]."""
    values = [case[name].flatten(1).T.split(65536) for name in ('y', *names)]
    with torch.no_grad():
        parts = [model.nll(*part) for part in zip(*values)]
    return torch.cat(parts).reshape(case['body'].shape).numpy()


def aurocs(case, score):
    """[(kind, AUROC)] of the lesions of a case."""
    labels = case['labels']
    others = score[case['body'] & ~ndimage.binary_dilation(labels > 0, iterations=3)]
    generator, rows = np.random.default_rng(config.SEED), []
    for label, kind in case['kinds'].items():
        lesion = score[(labels == int(label)) & case['body']]
        if kind not in (None, IGNORE) and len(lesion) >= 5:
            a, b = [generator.choice(v, min(1000, len(v)), replace=False) for v in (lesion, others)]
            rows.append((kind, roc_auc_score(np.r_[np.ones(len(a)), np.zeros(len(b))], np.r_[a, b])))
    return rows


def smooth(score, millimetres):
    voxel = 2 * config.PREPROCESSING['spacingMm'][0]
    return ndimage.gaussian_filter(score, millimetres / voxel, truncate=3) if millimetres else score


def main(arguments):
    f, (g, q) = train.load_descriptor(), train.load_condition('density')
    g.eval()
    cases = [read_case(arguments.cases / name, f, g, *stored_statistics('standardise.npz')) for name in config.CALIBRATION]
    table = []

    def row(name, scores, **figures):
        lesions = [pair for case, score in zip(cases, scores) for pair in aurocs(case, score)]
        kinds = {kind: round(float(np.mean([v for k, v in lesions if k == kind])), 3) for kind in sorted({k for k, _ in lesions})}
        table.append({'variant': name, 'lesions': len(lesions), 'auroc': round(float(np.mean([v for _, v in lesions])), 4),
                      **figures, 'kinds': kinds})
        print(json.dumps(table[-1]), flush=True)

    if arguments.trained:
        row('trained', [smooth(score_of(Diagonal(q), case, config.READINGS), config.SCORE_SIGMA_MM) for case in cases])
        arguments.out.write_text(json.dumps(table, indent=1) + '\n')
        return
    y, contexts = read_training_voxels()
    print(f'{len(y)} voxels', flush=True)
    for name, names, make in VARIANTS:
        torch.manual_seed(config.SEED)
        model, started = make(), time.time()
        learn(model, y.repeat(len(names), 1), torch.cat([contexts[context] for context in names]))
        seconds = time.time() - started
        scores = [score_of(model, case, names) for case in cases]
        normal = np.concatenate([s[c['body'] & (c['labels'] == 0)] for c, s in zip(cases, scores)])
        row(name, [smooth(s, config.SCORE_SIGMA_MM) for s in scores],
            nats=round(float(normal.mean()), 2), seconds=round(seconds))
        if name == CHOSEN:
            for millimetres in SMOOTHING_MM:
                if millimetres != config.SCORE_SIGMA_MM:
                    row(f'{name}, smoothed by {millimetres} mm', [smooth(s, millimetres) for s in scores])
            scores = [score_of(Residuals(model.q), case, names) for case in cases]
            row(f'{name}, without log sigma', [smooth(s, config.SCORE_SIGMA_MM) for s in scores])
    arguments.out.write_text(json.dumps(table, indent=1) + '\n')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cases', type=pathlib.Path)
    parser.add_argument('--out', type=pathlib.Path,
                        default=pathlib.Path(__file__).parent.parent / 'screener-ct-small' / 'training' / 'ablation-density.json')
    parser.add_argument('--trained', action='store_true', help='measure the density of work/density.pt alone')
    parser.add_argument('--threads', type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    main(arguments)
