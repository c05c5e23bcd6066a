"""Model packages from Python: calibration table, golden tile and manifest for any network that maps a tile to scores.

models/README.md is the format; whatever trained the network, these functions write it. Tiles are float32 [C, D, H, W] =
(z, y, x) in [0, 1], channels as the manifest lists them; scores are float32 [D, H, W]; lengths are in voxels of the model grid.
"""
import hashlib
import json
import os
import shutil
import time

import numpy as np
import onnx
import onnx.numpy_helper

import config
import data
from preprocessing import position_channel, sliding_window

PERCENTILES = [0, 1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 92.5, 95, 96, 97, 98, 98.5, 99, 99.25, 99.5, 99.7, 99.8,
               99.9, 99.925, 99.95, 99.97, 99.98, 99.99, 99.995, 99.999, 100]
GOLDEN_STRIDE = 4
# Room for the reduced precision that graphics cards multiply with (TF32: 10 bits of mantissa).
GOLDEN_TOLERANCE = 1e-2


# Weights of so many numbers and more are stored as float16.
HALF_FROM = 4096


# --- network ----------------------------------------------------------------------------------------------------

def store_as_half(file):
    """Weights are stored as float16 (and computed with as float32), which halves the file. BatchNorm folded into the
    convolutions at export."""
    model = onnx.load(str(file))
    casts = []
    for weight in model.graph.initializer:
        array = onnx.numpy_helper.to_array(weight)
        if array.dtype != np.float32 or array.size < HALF_FROM or array.ndim < 5 or array.shape[1] == 1:
            continue
        half = onnx.numpy_helper.from_array(array.astype(np.float16), weight.name + '_half')
        casts.append(onnx.helper.make_node('Cast', [half.name], [weight.name], to=onnx.TensorProto.FLOAT))
        weight.CopyFrom(half)
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(file))


def tile_scorer(file, threads):
    """Function from a tile [C, D, H, W] to score [D, H, W]: the exported graph in ONNX Runtime."""
    os.environ['ORT_DISABLE_TELEMETRY'] = '1'      # before the library loads: nothing leaves this machine
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(file), options, ['CPUExecutionProvider'])
    return lambda tile: session.run(['score'], {'image': tile[None]})[0][0, 0]


# --- volumes ----------------------------------------------------------------------------------------------------

def read_volume(name):
    """(images float32 [2, z, y, x], body bool [z, y, x]) of a prepared volume (data.py), unpadded."""
    with np.load(data.WORK / 'volumes' / f'{name}.npz') as stored:
        return stored['images'].astype(np.float32) / 65535, stored['body']


def middle_tile(images, edge=config.PATCH):
    """[C, edge, edge, edge] from the middle of [C, z, y, x], padded with 0 at the end where the volume is smaller."""
    start = [max(0, (n - edge) // 2) for n in images.shape[1:]]
    tile = images[(slice(None), *[slice(s, s + edge) for s in start])]
    return np.pad(tile, [(0, 0), *[(0, edge - n) for n in tile.shape[1:]]])


def channels_of(names):
    """Function from the stored images [2, z, y, x] (CLAHE, HU map) to the channels of a manifest, in its order, as
    preprocessing.sliding_window takes them."""
    stored = config.PREPROCESSING['channels']
    return lambda images: [images[stored.index(name)] if name in stored else position_channel(name, images.shape[1:])
                           for name in names]


IMAGES = channels_of(config.PREPROCESSING['channels'])


def score_volume(run, channels, body, edge=config.PATCH):
    """Blended score map, float32 [z, y, x], and the voxels that have one. run: as of tile_scorer, for tiles of edge^3;
    channels: as of preprocessing.sliding_window."""
    return sliding_window(list(channels), body, run, (edge,) * 3, config.OVERLAP, config.BLEND_SIGMA)


def calibrate(run, channels=IMAGES, edge=config.PATCH):
    """Score quantiles over the body voxels of the calibration volumes, every real volume with the same weight. They
    are patients, not proven normals: what little disease they hold raises the tail, which makes levels cautious.

    run: as of tile_scorer, for tiles of edge^3; channels: as of channels_of.
    Returns {'percentile', 'score': of one length, strictly ascending, 'perVolume': {name: 50, 95, 99, 99.9 %}}.
    """
    generator = np.random.default_rng(config.SEED)
    samples, per_volume = [], {}
    for name in config.CALIBRATION:
        started = time.time()
        images, body = read_volume(name)
        score, covered = score_volume(run, channels(images), body, edge)
        inside = score[body & covered]
        per_volume[name] = [round(float(v), 3) for v in np.percentile(inside, [50, 95, 99, 99.9])]
        print(f'{name}: median, 95, 99, 99.9 % = {per_volume[name]}, {time.time() - started:.0f} s', flush=True)
        samples.append(generator.choice(inside, 500_000, replace=len(inside) < 500_000))
    return {**quantile_table(samples), 'perVolume': per_volume}


def quantile_table(samples):
    """The calibration table of a manifest from the scores of normal voxels, drawn alike from every volume."""
    scores = np.percentile(np.concatenate(samples).astype(np.float64), PERCENTILES)
    scores = np.maximum.accumulate(scores + np.arange(len(scores)) * 1e-4)   # strictly ascending, also in float32
    return {'percentile': PERCENTILES, 'score': [round(float(s), 6) for s in scores]}


CALIBRATION_NOTE = 'Body voxels of four patients that were not trained on: ' + ', '.join(config.CALIBRATION) + '.'


def training_data():
    """The collections of the recipe's volumes with their licences, as the manifest lists them."""
    collections = {**{c: l for c, l in config.TRAINING.values()}, **{c: l for c, l in config.CALIBRATION.values()}}
    return [{'name': c, 'licence': l} for c, l in sorted(collections.items())] + [
        {'name': 'Procedural phantoms of this project', 'licence': 'MIT'}]


# --- package ----------------------------------------------------------------------------------------------------

def golden_tile(channels=IMAGES, edge=config.PATCH):
    """uint8 [C, edge, edge, edge]. From a phantom, so that no patient's data is in the package."""
    images, _ = read_volume(f'phantom_{config.CALIBRATION_PHANTOM_SEEDS[0]}')
    volumes = np.stack([np.broadcast_to(channel, images.shape[1:]) for channel in channels(images)])
    return np.round(middle_tile(volumes, edge) * 255).astype(np.uint8)


def write_package(out, *, version, title, intended_use, provenance, limitations, training_data, preprocessing,
                  network_file, tile, expected_score, calibration, calibration_note, licence='MIT', overlap=config.OVERLAP,
                  blend_sigma=config.BLEND_SIGMA, input_name='image', score_output='score', stride=GOLDEN_STRIDE,
                  tolerance=GOLDEN_TOLERANCE):
    """Writes the package folder `out` (its name is the package's): manifest, network and golden files.

    tile: uint8 [C, D, H, W], a tile of the size the network takes, its channels those of `preprocessing`;
    expected_score: [D, H, W], the score of tile / 255 by what trained the network, not by the runtime that is to be
    judged by it. calibration: {'percentile', 'score'} as `calibrate` gives; the texts are for the reader of the result.
    """
    out.mkdir(parents=True, exist_ok=True)
    tile = np.ascontiguousarray(tile)
    if tile.dtype != np.uint8 or tile.ndim != 4 or len(tile) != len(preprocessing['channels']):
        raise ValueError(f"tile must be uint8 [{len(preprocessing['channels'])}, D, H, W], not {tile.dtype} {tile.shape}")
    if expected_score.shape != tile.shape[1:]:
        raise ValueError(f'expected_score must be {tile.shape[1:]}, not {expected_score.shape}')
    (out / 'golden-input.bin').write_bytes(tile.tobytes())
    sampled = np.ascontiguousarray(expected_score[::stride, ::stride, ::stride], '<f4')
    (out / 'golden-score.bin').write_bytes(sampled.tobytes())
    shutil.copyfile(network_file, out / network_file.name)

    def entry(name):
        return {'path': name, 'sha256': hashlib.sha256((out / name).read_bytes()).hexdigest()}

    manifest = {
        'schemaVersion': 1,
        'name': out.name,
        'version': version,
        'title': title,
        'licence': licence,
        'intendedUse': intended_use,
        'provenance': provenance,
        'limitations': limitations,
        'trainingData': training_data,
        'preprocessing': preprocessing,
        'network': {
            'file': entry(network_file.name),
            'input': input_name, 'scoreOutput': score_output,
            'patchSize': list(tile.shape[:0:-1]), 'overlap': overlap, 'blendSigma': blend_sigma,
        },
        'calibration': {
            'percentile': calibration['percentile'], 'score': calibration['score'], 'note': calibration_note,
        },
        'golden': {
            'input': entry('golden-input.bin'), 'score': entry('golden-score.bin'),
            'stride': stride, 'tolerance': tolerance,
        },
    }
    (out / 'model.json').write_text(json.dumps(manifest, indent=2) + '\n')
    for file in sorted(f for f in out.iterdir() if f.is_file()):
        print(f'{file.name}: {file.stat().st_size / 1e6:.2f} MB')
