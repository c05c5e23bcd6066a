"""Turns the trained checkpoints into a model package: calibrate, fuse, export, prove, describe.

    python3 export.py graph                   # fuse f, g and q -> work/screener.onnx, proved against work/screener-plain.onnx
    python3 export.py calibrate               # scores of the held-out calibration volumes -> work/calibration.json
    python3 export.py package --out ../screener-ct-small
"""
import argparse
import hashlib
import json
import os
import pathlib
import shutil
import time

import numpy as np
import onnx
import onnx.numpy_helper
import torch

import config
import data
import train
from fast_graph import FastScreener
from networks import Screener
from preprocessing import sliding_window

PERCENTILES = [0, 1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 92.5, 95, 96, 97, 98, 98.5, 99, 99.25, 99.5, 99.7, 99.8,
               99.9, 99.925, 99.95, 99.97, 99.98, 99.99, 99.995, 99.999, 100]

PARITY = 1e-3      # largest relative difference of the two forms of the graph


def load_screener():
    f = train.load_descriptor()
    g, q = train.load_condition('density')
    with np.load(data.WORK / 'standardise.npz') as s:
        screener = Screener(f, g, q, torch.from_numpy(s['mean']), torch.from_numpy(s['sd']))
    return screener.cpu().eval().requires_grad_(False)


def graph(arguments):
    """Exports the network twice: `screener-plain.onnx`, layer by layer as it was trained, with the descriptor; and
    `screener.onnx`, the form that CPUs run fastest (fast_graph.py), which the package gets if their scores agree."""
    screener = load_screener()
    edge = config.PATCH
    example = torch.zeros(1, len(config.PREPROCESSING['channels']), edge, edge, edge)
    plain, fast = data.WORK / 'screener-plain.onnx', data.WORK / 'screener.onnx'
    torch.onnx.export(screener, example, str(plain), opset_version=17, do_constant_folding=True,
                      input_names=['image'], output_names=['score', 'descriptor'])
    store_as_half(plain)
    # Unfolded: the runtime folds the constants when it loads the graph, and the file stays small.
    torch.onnx.export(FastScreener(screener).eval(), example, str(fast), opset_version=17, do_constant_folding=False,
                      input_names=['image'], output_names=['score'])
    onnx.checker.check_model(onnx.load(str(fast)))
    for file in (plain, fast):
        print(f'{file.name}: {file.stat().st_size / 1e6:.2f} MB')
    prove(plain, fast, arguments.threads)


def store_as_half(file):
    """Weights are stored as float16 (and computed with as float32), which halves the file. BatchNorm folded into the
    convolutions at export."""
    model = onnx.load(str(file))
    casts = []
    for weight in model.graph.initializer:
        array = onnx.numpy_helper.to_array(weight)
        if array.dtype != np.float32 or array.size < 4096 or array.ndim < 5 or array.shape[1] == 1:
            continue
        half = onnx.numpy_helper.from_array(array.astype(np.float16), weight.name + '_half')
        casts.append(onnx.helper.make_node('Cast', [half.name], [weight.name], to=onnx.TensorProto.FLOAT))
        weight.CopyFrom(half)
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(file))


def prove(plain, fast, threads):
    """Compares the scores of two graphs on tiles of every calibration volume, and their CPU times in turns.
    Raises ArithmeticError if they differ by more than PARITY at the 99.9th percentile of |difference| / max(1, |score|),
    or if the 99.9th percentiles of the scores themselves do."""
    runs = [tile_scorer(threads, file) for file in (plain, fast)]
    scores, seconds = [[], []], [[], []]
    for name in [*config.CALIBRATION, *[f'phantom_{s}' for s in config.CALIBRATION_PHANTOM_SEEDS]]:
        tile = middle_tile(read_volume(name)[0])
        for run, score, cpu in zip(runs, scores, seconds):
            started = time.process_time()
            score.append(run(tile).ravel())
            cpu.append(time.process_time() - started)
    expected, got = [np.concatenate(s).astype(np.float64) for s in scores]
    difference = np.percentile(np.abs(got - expected) / np.maximum(1, np.abs(expected)), [99.9, 100])
    tail = abs(np.percentile(got, 99.9) / np.percentile(expected, 99.9) - 1)
    print(f'{fast.name} against {plain.name}, {len(seconds[0])} tiles: relative difference {difference[0]:.1e} at the '
          f'99.9th percentile, {difference[1]:.1e} at most; 99.9th percentile of the score off by {tail:.1e}; CPU time '
          f'of a tile {np.median(seconds[0]):.2f} s and {np.median(seconds[1]):.2f} s')
    if max(difference[0], tail) > PARITY:
        raise ArithmeticError(f'the scores differ by more than {PARITY}')


def middle_tile(images):
    """[2, D, H, W], padded with 0 at the end where the volume is smaller."""
    edge = config.PATCH
    start = [max(0, (n - edge) // 2) for n in images.shape[1:]]
    tile = images[(slice(None), *[slice(s, s + edge) for s in start])]
    return np.pad(tile, [(0, 0), *[(0, edge - n) for n in tile.shape[1:]]])


def tile_scorer(threads, file=data.WORK / 'screener.onnx'):
    """Function from a tile [2, D, H, W] to score [D, H, W]: the exported graph in ONNX Runtime."""
    os.environ['ORT_DISABLE_TELEMETRY'] = '1'      # before the library loads: nothing leaves this machine
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(file), options, ['CPUExecutionProvider'])
    return lambda tile: session.run(['score'], {'image': tile[None]})[0][0, 0]


def score_volume(run, images, body):
    """Blended score map, float32 [z, y, x], and the voxels that have one. run: as of tile_scorer."""
    return sliding_window(list(images), body, run, (config.PATCH,) * 3, config.OVERLAP, config.BLEND_SIGMA)


def read_volume(name):
    with np.load(data.WORK / 'volumes' / f'{name}.npz') as stored:
        return stored['images'].astype(np.float32) / 65535, stored['body']


def calibrate(arguments):
    """Score quantiles over the body voxels of the calibration volumes, every real volume with the same weight. They
    are patients, not proven normals: what little disease they hold raises the tail, which makes levels cautious."""
    run = tile_scorer(arguments.threads)
    generator = np.random.default_rng(config.SEED)
    samples, per_volume = [], {}
    for name in config.CALIBRATION:
        started = time.time()
        images, body = read_volume(name)
        score, covered = score_volume(run, images, body)
        inside = score[body & covered]
        per_volume[name] = [round(float(v), 3) for v in np.percentile(inside, [50, 95, 99, 99.9])]
        print(f'{name}: median, 95, 99, 99.9 % = {per_volume[name]}, {time.time() - started:.0f} s', flush=True)
        samples.append(generator.choice(inside, 500_000, replace=len(inside) < 500_000))
    scores = np.percentile(np.concatenate(samples).astype(np.float64), PERCENTILES)
    scores = np.maximum.accumulate(scores + np.arange(len(scores)) * 1e-4)   # strictly ascending, also in float32
    (data.WORK / 'calibration.json').write_text(json.dumps(
        {'percentile': PERCENTILES, 'score': [round(float(s), 6) for s in scores], 'perVolume': per_volume}, indent=1))


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def hours(stage):
    return torch.load(data.WORK / f'{stage}.pt', map_location='cpu')['seconds'] / 3600


def package(arguments):
    out = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    edge = config.PATCH
    shape = (edge, edge, edge)

    # The golden tile comes from a phantom, so that no patient's data is in the package; its score from PyTorch, so that
    # neither the rewriting of the graph nor a runtime is judged by itself.
    images, _ = read_volume(f'phantom_{config.CALIBRATION_PHANTOM_SEEDS[0]}')
    tile = np.round(middle_tile(images) * 255).astype(np.uint8)
    (out / 'golden-input.bin').write_bytes(tile.tobytes())
    example = tile.astype(np.float32) / 255
    score = tile_scorer(arguments.threads)(example)
    with torch.no_grad():
        expected = load_screener()(torch.from_numpy(example)[None])[0][0, 0].numpy()
    difference = np.abs(score - expected) / np.maximum(1, np.abs(expected))
    print(f'graph against PyTorch with unrounded weights: relative difference at most {difference.max():.1e}')
    stride = 4
    (out / 'golden-score.bin').write_bytes(np.ascontiguousarray(expected[::stride, ::stride, ::stride], '<f4').tobytes())
    shutil.copyfile(data.WORK / 'screener.onnx', out / 'screener.onnx')

    calibration = json.loads((data.WORK / 'calibration.json').read_text())
    trained = {stage: hours(stage) for stage in ('descriptor', 'condition', 'density')}
    collections = {**{c: l for c, l in config.TRAINING.values()}, **{c: l for c, l in config.CALIBRATION.values()}}
    manifest = {
        'schemaVersion': 1,
        'name': out.name,
        'version': arguments.version,
        'title': 'Screener CT small (demonstration)',
        'licence': 'MIT',
        'intendedUse': 'Demonstration and research only, not for diagnosis. Marks what is rare in its context on CT of '
                       'the chest and abdomen.',
        'provenance': f'Trained without labels on {len(config.TRAINING)} CT volumes of 18 patients (chest, abdomen, '
                      f'pelvis, hips, 2 mm voxels) and {len(config.PHANTOM_SEEDS)} procedural phantoms, for '
                      f'{sum(trained.values()):.1f} hours on two shared CPU cores: a small fraction of the data and '
                      'the time of the published model, whose accuracy it does not have.',
        'limitations': [
            'Everything rare lights up: implants, contrast phases, artefacts, unusual but healthy anatomy.',
            'Large homogeneous masses can stay dark.',
            'Limbs, head and neck, and cropped fields of view are hardly in the training data.',
            'Levels were calibrated on four patients of cancer cohorts, not on a normal population: their disease raises the '
            'tail, so a level is rather too low than too high.',
        ],
        'trainingData': [{'name': c, 'licence': l} for c, l in sorted(collections.items())]
                        + [{'name': 'Procedural phantoms of this project', 'licence': 'MIT'}],
        'preprocessing': config.PREPROCESSING,
        'network': {
            'file': {'path': 'screener.onnx', 'sha256': sha256(out / 'screener.onnx')},
            'input': 'image', 'scoreOutput': 'score',
            'patchSize': list(shape), 'overlap': config.OVERLAP, 'blendSigma': config.BLEND_SIGMA,
        },
        'calibration': {
            'percentile': calibration['percentile'], 'score': calibration['score'],
            'note': 'Body voxels of four patients that were not trained on: ' + ', '.join(config.CALIBRATION) + '.',
        },
        'golden': {
            'input': {'path': 'golden-input.bin', 'sha256': sha256(out / 'golden-input.bin')},
            'score': {'path': 'golden-score.bin', 'sha256': sha256(out / 'golden-score.bin')},
            # Room for the reduced precision that graphics cards multiply with (TF32: 10 bits of mantissa).
            'stride': stride, 'tolerance': 1e-2,
        },
    }
    (out / 'model.json').write_text(json.dumps(manifest, indent=2) + '\n')
    for file in sorted(f for f in out.iterdir() if f.is_file()):
        print(f'{file.name}: {file.stat().st_size / 1e6:.2f} MB')
    print('hours:', {k: round(v, 2) for k, v in trained.items()})


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('command', choices=['graph', 'calibrate', 'package'])
    parser.add_argument('--out', type=pathlib.Path, default=pathlib.Path(__file__).parent.parent / 'screener-ct-small')
    parser.add_argument('--version', default='0.2.0')
    parser.add_argument('--threads', type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    {'graph': graph, 'calibrate': calibrate, 'package': package}[arguments.command](arguments)
