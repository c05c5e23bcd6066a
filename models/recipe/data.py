"""Training volumes: prepare them once (`python3 data.py prepare`), draw crops from them."""
import argparse
import os
import pathlib
import time

import nibabel
import numpy as np

import config
from preprocessing import preprocess

# What the trainings write; another folder keeps an experiment apart.
WORK = pathlib.Path(os.environ.get('SCREENER_WORK', pathlib.Path(__file__).parent / 'work'))


def names(split):
    """File stems of a split ('training' or 'calibration'), real volumes first, phantoms after."""
    real, seeds = ((config.TRAINING, config.PHANTOM_SEEDS) if split == 'training'
                   else (config.CALIBRATION, config.CALIBRATION_PHANTOM_SEEDS))
    return [*real, *[f'phantom_{seed}' for seed in seeds]]


def prepare(data, phantoms, out):
    """Preprocesses every volume of both splits into out/<name>.npz (uint16 images, boolean body)."""
    out.mkdir(parents=True, exist_ok=True)
    for name in [*names('training'), *names('calibration')]:
        target = out / f'{name}.npz'
        if target.exists():
            continue
        file = phantoms / f'{name}.nii' if name.startswith('phantom_') else data / f'{name}.nii.gz'
        if not file.exists():
            print(f'missing: {file}')
            continue
        started = time.time()
        image = nibabel.load(file)
        volume = preprocess(np.asanyarray(image.dataobj), image.affine, config.PREPROCESSING)
        images = np.stack([volume[c] for c in config.PREPROCESSING['channels']])
        partial = out / f'{name}.partial.npz'
        np.savez(partial, images=np.round(images * 65535).astype(np.uint16), body=volume['body'])
        partial.rename(target)
        print(f'{name}: {images.shape[1:]} [z, y, x], {time.time() - started:.1f} s', flush=True)


def load(split, folder=WORK / 'volumes', allow_missing=False):
    """{name: (images float32 [2, z, y, x], body bool [z, y, x])}, each axis padded at the end
    with air to at least PATCH and to an even length."""
    volumes = {}
    for name in names(split):
        file = folder / f'{name}.npz'
        if allow_missing and not file.exists():
            continue
        with np.load(file) as stored:
            pad = [(0, max(config.PATCH, n + n % 2) - n) for n in stored['body'].shape]
            images = np.pad(stored['images'].astype(np.float32) / 65535, [(0, 0), *pad])
            volumes[name] = images, np.pad(stored['body'], pad)
    return volumes


class Sampler:
    """Draws volumes with probability proportional to the square root of their body volume, so that neither the
    small crops nor the one whole body dominate."""

    def __init__(self, volumes, generator):
        self.names = list(volumes)
        self.volumes = volumes
        self.generator = generator
        weight = np.sqrt([volumes[n][1].sum() for n in self.names])
        self.weight = weight / weight.sum()

    def draw(self):
        return self.volumes[self.names[self.generator.choice(len(self.names), p=self.weight)]]


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('command', choices=['prepare'])
    parser.add_argument('--data', type=pathlib.Path, required=True, help='folder of the training volumes (.nii.gz)')
    parser.add_argument('--phantoms', type=pathlib.Path, default=WORK / 'phantoms', help='folder of phantom_<seed>.nii')
    arguments = parser.parse_args()
    prepare(arguments.data, arguments.phantoms, WORK / 'volumes')
