"""The same job with the same network, weights, tiles and precision in PyTorch: what `npm run bench` compares with.

    python3 pytorch_window.py SERIES GRID PACKAGE OUT [--window WINDOW] [--threads 2] [--score score.nii.gz]

From a folder of DICOM slices (pydicom) to the score map on the scan's grid (OUT, nibabel); GRID is the scan's grid as JSON
(LPS mm). Preprocessing and blending are the reference of the recipe (NumPy, SciPy, scikit-image). `plain` runs every tile of the whole field of view, as a sliding window without a body does;
`skipping` crops to the body and runs the tiles that hold some of it, as the product does; `monai` and `monai-cropped` are
monai.inferers.SlidingWindowInferer, which knows no body, on the whole field and on the crop. With --score the product's map is compared at 200,000 voxels.
Prints one line of JSON. Weights come from models/recipe/checkpoints.
"""
import argparse
import json
import pathlib
import re
import resource
import sys
import time

import nibabel
import numpy as np
import pydicom
import torch
from scipy import ndimage

RECIPE = pathlib.Path(__file__).parents[2] / 'models' / 'recipe'
sys.path.insert(0, str(RECIPE))
import config  # noqa: E402
from networks import Condition, Density, Descriptor, Screener, as_packaged  # noqa: E402
from preprocessing import plan_tiles, preprocess, resampled_length, sliding_window  # noqa: E402
from tails import Tails, stored  # noqa: E402

SAMPLES, SEED = 200_000, 0
WINDOWS = ('plain', 'skipping', 'monai', 'monai-cropped')


def load_screener():
    kept = torch.load(RECIPE / 'checkpoints' / 'weights.pt', map_location='cpu')
    networks = {('descriptor', 'f'): Descriptor(), ('density', 'g'): Condition(),
                ('density', 'q'): Density(config.DESCRIPTOR_DIM + len(config.HU_SIGMAS_MM))}
    for (stage, key), network in networks.items():
        network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in kept[stage][key].items()})
    scale = kept['standardise']
    screener = Screener(*networks.values(), scale['mean'].float(), scale['sd'].float(), tails=Tails(stored('density')))
    return as_packaged(screener.eval().requires_grad_(False))


def read_series(folder):
    """HU int16 [x, y, z] of the slices of a folder, which lie along z."""
    slices = sorted((pydicom.dcmread(file) for file in folder.iterdir()), key=lambda s: float(s.ImagePositionPatient[2]))
    volume = np.empty((len(slices), slices[0].Rows, slices[0].Columns), np.int16)
    for k, s in enumerate(slices):
        volume[k] = s.pixel_array * float(s.RescaleSlope) + float(s.RescaleIntercept)
        slices[k] = None
    return volume.transpose(2, 1, 0)


def write_score(file, score, box, shape_xyz, steps_xyz, affine):
    """The map [z, y, x] of the model's grid, linearly on that of the scan, as float32 NIfTI. steps: scan voxels in model
    voxels; box: where the map lies, scan voxels ((x0, x1), …); outside it the lowest score."""
    part = torch.from_numpy(score)
    for axis, ((a, b), step) in enumerate(zip(box[::-1], steps_xyz[::-1])):
        position = (torch.arange(b - a) * step).clamp(max=part.shape[axis] - 1)
        low = position.floor().long()
        high = (low + 1).clamp(max=part.shape[axis] - 1)
        weight = (position - low).view([-1 if i == axis else 1 for i in range(3)])
        part = torch.lerp(part.index_select(axis, low), part.index_select(axis, high), weight)
    whole = np.full(shape_xyz[::-1], float(score.min()), np.float32)
    whole[tuple(slice(a, b) for a, b in box[::-1])] = part.numpy()
    nibabel.save(nibabel.Nifti1Image(whole.transpose(2, 1, 0), affine), file)


def whole_field(prepared, shape_xyz, spacing):
    """The channels placed where the crop was in the grid of the whole volume, 0 (air) around them."""
    model = prepared['spacing']
    whole = [resampled_length(n, s, m) for n, s, m in zip(shape_xyz, spacing, model)][::-1]
    start = [int(box[0] * s / m) for box, s, m in zip(prepared['box'], spacing, model)][::-1]
    channels = []
    for channel in (prepared['clahe'], prepared['hu']):
        padded = np.zeros([max(w, a + n) for w, a, n in zip(whole, start, channel.shape)], np.float32)
        padded[tuple(slice(a, a + n) for a, n in zip(start, channel.shape))] = channel
        channels.append(padded)
    return channels


def monai_window(network, channels, window):
    """Gaussian blending as the product's: standard deviation as a fraction of the tile. Returns (score [z, y, x], how many
    tiles it ran)."""
    from monai.inferers import SlidingWindowInferer
    tiles = 0

    def run(tile):
        nonlocal tiles
        tiles += 1
        return network(tile)[0]

    inferer = SlidingWindowInferer(window['patchSize'], sw_batch_size=1, overlap=window['overlap'], mode='gaussian',
                                   sigma_scale=window['blendSigma'])
    score = inferer(torch.from_numpy(np.stack(channels))[None], run)
    return score[0, 0].numpy(), tiles


def agreement(score_file, prepared, score, covered):
    """Relative difference |theirs - ours| / max(1, |ours|) at the 99.9th percentile, and that of the 99.9th percentiles."""
    image = nibabel.load(score_file)
    ours = np.asanyarray(image.dataobj)
    inside = np.flatnonzero(ours.ravel() > ours.min())
    picked = np.random.default_rng(SEED).choice(inside, min(SAMPLES, len(inside)), replace=False)
    index = np.stack(np.unravel_index(picked, ours.shape))
    lps = np.diag([-1, -1, 1, 1]) @ image.affine @ np.vstack([index, np.ones(len(picked))])
    model = (np.linalg.inv(prepared['affine_lps']) @ lps)[2::-1]
    theirs = ndimage.map_coordinates(score.astype(float), model, order=1, mode='nearest')
    # The product takes the score from what no tile covered; near it interpolation would mix in the 0 there.
    clear = ndimage.map_coordinates(covered.astype(float), model, order=1, mode='nearest') > 1 - 1e-9
    ours, theirs = ours.ravel()[picked][clear], theirs[clear]
    difference = np.abs(theirs - ours) / np.maximum(1, np.abs(ours))
    return {'voxels': int(clear.sum()), 'relative999': float(np.percentile(difference, 99.9)),
            'tail': float(abs(np.percentile(theirs, 99.9) / np.percentile(ours, 99.9) - 1))}


def peak_bytes():
    """From VmHWM on Linux: ru_maxrss of a child starts with the size that its parent had."""
    status = pathlib.Path('/proc/self/status')
    if status.exists():
        return int(re.search(r'VmHWM:\s+(\d+)', status.read_text())[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == 'darwin' else 1024)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ('series', 'grid', 'package', 'out'):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument('--window', choices=WINDOWS, default='plain')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--score')
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    grid = json.loads(arguments.grid.read_text())
    manifest = json.loads((arguments.package / 'model.json').read_text())
    window = manifest['network']
    affine = np.eye(4)
    affine[:3, :3] = np.array(grid['direction']).reshape(3, 3) * grid['spacing']
    affine[:3, 3] = grid['origin']
    affine = np.diag([-1, -1, 1, 1]) @ affine

    def timed(work):
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        return result, {'seconds': time.perf_counter() - wall, 'cpuSeconds': time.process_time() - cpu}

    network = load_screener()
    array, reading = timed(lambda: read_series(arguments.series))
    prepared, preprocessing = timed(lambda: preprocess(array, affine, manifest['preprocessing']))
    channels, box = [prepared['clahe'], prepared['hu']], prepared['box']
    if arguments.window in ('plain', 'monai'):
        channels, box = whole_field(prepared, grid['dims'], grid['spacing']), [(0, n) for n in grid['dims']]
    body = prepared['body'] if arguments.window == 'skipping' else np.ones(channels[0].shape, bool)
    blending = (window['patchSize'], window['overlap'], window['blendSigma'])
    run = lambda tile: network(torch.from_numpy(tile)[None])[0][0, 0].numpy()  # noqa: E731
    with torch.inference_mode():
        if arguments.window.startswith('monai'):
            (score, tiles), inference = timed(lambda: monai_window(network, channels, window))
        else:
            (score, covered), inference = timed(lambda: sliding_window(channels, body, run, *blending))
            tiles = len(plan_tiles(channels[0].shape[::-1], *blending[:2], body))
    steps = [source / model for source, model in zip(grid['spacing'], prepared['spacing'])]
    _, writing = timed(lambda: write_score(arguments.out, score, box, grid['dims'], steps, affine))
    out = {'window': arguments.window, 'tiles': tiles, 'torch': torch.__version__, 'reading': reading,
           'preprocessing': preprocessing, 'inference': inference, 'writing': writing, 'peakBytes': peak_bytes()}
    if arguments.score and arguments.window == 'skipping':
        out['agreement'] = agreement(arguments.score, prepared, score, covered)
    print(json.dumps(out))


if __name__ == '__main__':
    main()
