"""Voxel AUROC of an ONNX graph on cases with labelled lesions, for development: `npm run evaluate` measures packages in full.

    python3 insert_lesions.py --train TRAIN --eval EVAL --out CASES
    python3 measure_cases.py CASES --graph work/screener.onnx

Per lesion: up to 1,000 of its voxels on the model's grid against 1,000 body voxels outside every lesion.
"""
import argparse
import json
import pathlib

import nibabel
import numpy as np
from scipy import ndimage
from sklearn.metrics import roc_auc_score

import config
import model_package
from insert_lesions import IGNORE
from preprocessing import preprocess, to_canonical


def labels_on_model_grid(labels, affine, box, shape):
    """The label nearest to every model voxel, [z, y, x]; box, shape: of preprocess's result for the CT."""
    labels, spacing = to_canonical(labels, affine)
    (ax, bx), (ay, by), (az, bz) = box
    labels = labels[az:bz, ay:by, ax:bx]
    steps = [t / s for s, t in zip(spacing[::-1], config.PREPROCESSING['spacingMm'][::-1])]
    return labels[np.ix_(*[np.minimum(np.round(np.arange(m) * step).astype(int), n - 1)
                           for m, step, n in zip(shape, steps, labels.shape)])]


def measure(folder, run, generator):
    """[(kind, AUROC)] of the lesions of a case."""
    ct, mask = nibabel.load(folder / 'ct.nii.gz'), nibabel.load(folder / 'mask.nii.gz')
    volume = preprocess(np.asanyarray(ct.dataobj), ct.affine, config.PREPROCESSING)
    body = volume['body']
    score, covered = model_package.score_volume(run, [volume[c] for c in config.PREPROCESSING['channels']], body)
    labels = labels_on_model_grid(np.asanyarray(mask.dataobj), mask.affine, volume['box'], body.shape)
    others = score[body & covered & ~ndimage.binary_dilation(labels > 0, iterations=6)]
    rows = []
    for label, kind in json.loads((folder / 'lesions.json').read_text()).items():
        lesion = score[(labels == int(label)) & covered]
        if kind in (None, IGNORE) or len(lesion) < 20:
            continue
        a, b = [generator.choice(values, min(1000, len(values)), replace=False) for values in (lesion, others)]
        rows.append((kind, roc_auc_score(np.r_[np.ones(len(a)), np.zeros(len(b))], np.r_[a, b])))
    return rows


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cases', type=pathlib.Path)
    parser.add_argument('--graph', type=pathlib.Path, required=True)
    parser.add_argument('--threads', type=int, default=2)
    arguments = parser.parse_args()
    run, rows = model_package.tile_scorer(arguments.graph, arguments.threads), []
    for folder in sorted(f.parent for f in arguments.cases.glob('*/lesions.json')):
        rows += measure(folder, run, np.random.default_rng(config.SEED))
        print(f'{folder.name}: mean so far {np.mean([v for _, v in rows]):.3f}', flush=True)
    for kind in [*dict.fromkeys(k for k, _ in rows), None]:
        group = [v for k, v in rows if kind in (None, k)]
        print(f'{kind or "all"}: n {len(group)}, AUROC {np.mean(group):.3f}')
