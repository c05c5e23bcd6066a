"""Evaluation cases: held-out volumes with lesions made for measurement in them (lesions.py).

    python3 insert_lesions.py --train TRAIN --eval EVAL --out CASES
    npm run evaluate -- CASES --model …                              # measures them

Volumes: the calibration patients of config.py, from TRAIN, and the full chests of EVAL; none of them was trained on.
Writes CASES/<case>/ct.nii.gz (int16 HU on the source's grid), mask.nii.gz (uint16, one label per lesion) and lesions.json,
the kind of each label. Where a volume of EVAL has a real lesion with a mask, the made ones keep away from it, and it stands in
the mask as label 1000 to be ignored: it is neither among the lesions to be found nor normal. Seeded: the same call writes the same cases.

    python3 insert_lesions.py --ct phantom_301.nii --kind pneumothorax --out CASES      # one lesion in a volume of your own
"""
import argparse
import json
import pathlib

import nibabel
import numpy as np

import config
from lesions import GAP_MM, KINDS, dilated, insert, noise_of, regions
from preprocessing import canonical_grid, to_canonical

FULL_CHEST = ['lung_nodule_lidc_0001', 'lung_nodule_lidc_0002', 'lung_cancer_lungdx_a0001_box']
REAL_LESION = 1000
IGNORE = 'ignore'      # the kind of what `npm run evaluate` does not measure


def sources(train, evaluation):
    """[(name, file of the CT, file of its real lesions or None)]"""
    return [*[(name, train / f'{name}.nii.gz', None) for name in config.CALIBRATION],
            *[(name, evaluation / name / 'ct.nii.gz', evaluation / name / 'mask.nii.gz') for name in FULL_CHEST]]


def from_canonical(array_zyx, axes, flips):
    """Inverse of preprocessing.to_canonical: [z, y, x] back to the axes of the file."""
    array = array_zyx.transpose(2, 1, 0)[tuple(slice(None, None, -1 if f else 1) for f in flips)]
    return np.ascontiguousarray(array.transpose(np.argsort(axes)))


def with_lesions(hu, spacing, where, noise, generator, real=None, wanted=tuple(KINDS)):
    """(HU float32, labels uint16, {label: kind}) with one lesion of every kind wanted that has room, in random order.
    where, noise: as of lesions.regions and noise_of for this volume; real: mask of what is to be kept away from, or None."""
    hu, labels, kinds = hu.astype(np.float32), np.zeros(hu.shape, np.uint16), {}
    taken = np.zeros(hu.shape, bool) if real is None else dilated(real, GAP_MM, spacing)
    for kind in generator.permutation(list(wanted)):
        inserted = insert(hu, spacing, where, str(kind), noise, generator, taken)
        if inserted is None:
            continue
        box, part, mask = inserted
        label = len(kinds) + 1
        hu[box], kinds[label] = part, str(kind)
        labels[box][mask] = label
        taken[box] |= dilated(mask, GAP_MM, spacing)
    if real is not None and real.any():
        labels[real], kinds[REAL_LESION] = REAL_LESION, IGNORE
    return hu, labels, kinds


def write_cases(name, ct, truth, out, rounds, seed, wanted=tuple(KINDS)):
    """Writes `rounds` cases of one volume with lesions of the kinds wanted; truth: file of its real lesions, or None."""
    image = nibabel.load(ct)
    axes, flips, *_ = canonical_grid(image.shape, image.affine)
    hu, spacing = to_canonical(np.asanyarray(image.dataobj), image.affine)
    real = None if truth is None else to_canonical(np.asanyarray(nibabel.load(truth).dataobj), image.affine)[0] > 0
    hu = hu.astype(np.float32)
    where = regions(hu, spacing)
    tissue = where['organ'] if where['organ'].sum() > 5000 else where['body'] & (np.abs(hu - 50) < 100)
    noise = noise_of(hu, spacing, tissue)
    for number in range(rounds):
        made, labels, kinds = with_lesions(hu, spacing, where, noise, np.random.default_rng([*seed, number]), real, wanted)
        folder = out / (name if rounds == 1 else f'{name}_{number + 1}')
        folder.mkdir(parents=True, exist_ok=True)
        for file, values in (('ct.nii.gz', np.round(np.clip(made, -1024, 3071)).astype(np.int16)), ('mask.nii.gz', labels)):
            nibabel.save(nibabel.Nifti1Image(from_canonical(values, axes, flips), image.affine), folder / file)
        (folder / 'lesions.json').write_text(json.dumps(kinds, indent=1) + '\n')
        print(f'{folder.name}: {", ".join(k for k in kinds.values() if k != IGNORE)}; noise {noise[0]:.0f} HU', flush=True)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--train', type=pathlib.Path, help='folder of the training volumes')
    parser.add_argument('--eval', type=pathlib.Path, help='folder of the evaluation cases')
    parser.add_argument('--ct', type=pathlib.Path, help='a volume in place of those of --train and --eval')
    parser.add_argument('--kind', choices=KINDS, help='of the only lesion; by default one of every kind')
    parser.add_argument('--out', type=pathlib.Path, required=True)
    parser.add_argument('--rounds', type=int, default=1, help='cases from each volume')
    parser.add_argument('--seed', type=int, default=config.SEED)
    parser.add_argument('--only', help='one volume by its name')
    arguments = parser.parse_args()
    if not arguments.ct and not (arguments.train and arguments.eval):
        parser.error('either --ct, or --train and --eval')
    volumes = sources(arguments.train, arguments.eval) if not arguments.ct else [
        (f'{arguments.ct.name.split(".")[0]} {arguments.kind or ""}'.strip(), arguments.ct, None)]
    for index, (name, ct, truth) in enumerate(volumes):
        if arguments.only in (None, name):
            write_cases(name, ct, truth, arguments.out, arguments.rounds, [arguments.seed, index],
                        [arguments.kind] if arguments.kind else tuple(KINDS))
