"""Pictures to look at: CT with the anomaly level over it, through the top findings (and the truth, where there is one).

    python3 montage.py --ct ct.nii.gz --result OUT_DIR --png montage.png [--truth mask.nii.gz]

For a DICOM input give a NIfTI made by an independent converter (dcm2niix): then the picture also proves that the
exported maps lie on the anatomy. Radiological convention: patient right on the image's left, anterior and head up.
"""
import argparse
import csv
import pathlib

import matplotlib
import nibabel
import numpy as np
from scipy import ndimage

matplotlib.use('Agg')
import matplotlib.pyplot as plt  # noqa: E402


def canonical(path):
    """Array [x, y, z] with x toward Left, y toward Posterior, z toward Superior, and its spacing and affine (RAS)."""
    image = nibabel.as_closest_canonical(nibabel.load(path))
    array = np.asanyarray(image.dataobj)[::-1, ::-1]
    return array, image.header.get_zooms(), image


def index_of(image, lps):
    ras = np.array([-lps[0], -lps[1], lps[2], 1])
    i, j, k = np.round(np.linalg.inv(image.affine) @ ras)[:3].astype(int)
    n = image.shape
    return tuple(int(np.clip(v, 0, m - 1)) for v, m in zip((n[0] - 1 - i, n[1] - 1 - j, k), n))


def planes(array, at):
    x, y, z = at
    return array[:, :, z].T, array[:, y, ::-1].T, array[x, :, ::-1].T


def main(arguments):
    ct, spacing, image = canonical(arguments.ct)
    level, _, level_image = canonical(arguments.result / 'level.nii.gz')
    mask, _, _ = canonical(arguments.result / 'mask.nii.gz')
    truth = canonical(arguments.truth)[0] > 0 if arguments.truth else np.zeros(ct.shape, bool)
    if ct.shape != level.shape or not np.allclose(image.affine, level_image.affine, atol=1e-2):
        raise SystemExit(f'grids differ: {ct.shape} and {level.shape}\n{image.affine}\n{level_image.affine}')
    with open(arguments.result / 'findings.csv', newline='') as file:
        findings = list(csv.DictReader(file))
    rows = []
    if truth.any():
        labels, _ = ndimage.label(truth)
        largest = labels == np.bincount(labels[truth]).argmax()
        rows.append(('largest true lesion', tuple(int(v) for v in np.argwhere(largest).mean(0).round())))
    for finding in findings[:arguments.findings]:
        lps = [float(finding[f'centre_{axis}_mm']) for axis in ('left', 'posterior', 'superior')]
        rows.append((f"#{finding['number']}  {float(finding['volume_ml']):.1f} mL  peak {float(finding['peak_level_percentile']):.3f}",
                     index_of(image, lps)))
    if not rows:
        rows.append(('no finding', tuple(n // 2 for n in ct.shape)))
    figure, axes = plt.subplots(len(rows), 6, figsize=(18, 3.2 * len(rows)), squeeze=False, facecolor='black')
    sx, sy, sz = spacing
    aspects = (sy / sx, sz / sx, sz / sy)
    for row, (title, at) in zip(axes, rows):
        around = tuple(slice(max(0, c - int(15 / s)), c + int(15 / s) + 1) for c, s in zip(at, spacing))
        low, high = (-1200, 250) if np.mean(ct[around] < -600) > 0.4 else (-160, 240)      # lung or soft tissue
        parts = [planes(a, at) for a in (ct, level, mask, truth)]
        for view in range(3):
            c, l, m, t = (p[view] for p in parts)
            for column, overlay in ((2 * view, False), (2 * view + 1, True)):
                axis = row[column]
                axis.imshow(c, cmap='gray', vmin=low, vmax=high, aspect=aspects[view], interpolation='nearest')
                if overlay:
                    axis.imshow(np.ma.masked_less(l, 95), cmap='inferno', vmin=95, vmax=100, alpha=0.6,
                                aspect=aspects[view], interpolation='nearest')
                    if m.any():
                        axis.contour(m > 0, [0.5], colors='cyan', linewidths=0.6)
                if t.any():
                    axis.contour(t, [0.5], colors='lime', linewidths=0.6)
                axis.set_axis_off()
        row[0].set_title(title, color='white', fontsize=9, loc='left')
    figure.suptitle(arguments.title or str(arguments.result.name), color='white')
    figure.tight_layout()
    figure.savefig(arguments.png, dpi=arguments.dpi, facecolor='black')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--ct', type=pathlib.Path, required=True)
    parser.add_argument('--result', type=pathlib.Path, required=True)
    parser.add_argument('--truth', type=pathlib.Path)
    parser.add_argument('--png', type=pathlib.Path, required=True)
    parser.add_argument('--findings', type=int, default=3)
    parser.add_argument('--dpi', type=int, default=60)
    parser.add_argument('--title')
    main(parser.parse_args())
