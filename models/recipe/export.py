"""Turns the trained checkpoints into a model package: calibrate, fuse, export, prove, describe.

    python3 export.py graph                   # fuse f, g and q -> work/screener.onnx, proved against work/screener-plain.onnx
    python3 export.py calibrate               # scores of the held-out calibration volumes -> work/calibration.json
    python3 export.py package --out ../screener-ct-small
"""
import argparse
import json
import pathlib
import time

import numpy as np
import onnx
import torch

import config
import data
import model_package
import train
from fast_graph import FastScreener
from networks import Screener, Wide
from model_package import middle_tile, read_volume, store_as_half

PARITY = 1e-3      # largest relative difference of the two forms of the graph


def load_screener():
    def stored(file):
        with np.load(data.WORK / file) as s:
            return torch.from_numpy(s['mean']), torch.from_numpy(s['sd'])

    mean, sd = stored('standardise.npz')
    wide_mean, wide_sd = stored('wide-standardise.npz')      # of observations that `mean` and `sd` had standardised
    wide = Wide(*train.load_condition('wide-density'), mean + sd * wide_mean, sd * wide_sd)
    screener = Screener(train.load_descriptor(), *train.load_condition('density'), mean, sd, wide)
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


def tile_scorer(threads, file=data.WORK / 'screener.onnx'):
    """Function from a tile [2, D, H, W] to score [D, H, W]: the exported graph in ONNX Runtime."""
    return model_package.tile_scorer(file, threads)


def calibrate(arguments):
    table = model_package.calibrate(tile_scorer(arguments.threads))
    (data.WORK / 'calibration.json').write_text(json.dumps(table, indent=1))


def hours(stage):
    return torch.load(data.WORK / f'{stage}.pt', map_location='cpu')['seconds'] / 3600


def package(arguments):
    # The expected score comes from PyTorch, so that neither the rewriting of the graph nor a runtime is judged by itself.
    tile = model_package.golden_tile()
    example = tile.astype(np.float32) / 255
    score = tile_scorer(arguments.threads)(example)
    with torch.no_grad():
        expected = load_screener()(torch.from_numpy(example)[None])[0][0, 0].numpy()
    difference = np.abs(score - expected) / np.maximum(1, np.abs(expected))
    print(f'graph against PyTorch with unrounded weights: relative difference at most {difference.max():.1e}')
    trained = {stage: hours(stage) for stage in ('descriptor', 'condition', 'density')}
    model_package.write_package(
        arguments.out,
        version=arguments.version,
        title='Screener CT small (demonstration)',
        intended_use='Demonstration and research only, not for diagnosis. Marks what is rare in its context on CT of '
                     'the chest and abdomen.',
        provenance=f'Trained without labels on {len(config.TRAINING)} CT volumes of 18 patients (chest, abdomen, '
                   f'pelvis, hips, 2 mm voxels) and {len(config.PHANTOM_SEEDS)} procedural phantoms, for '
                   f'{sum(trained.values()):.1f} hours on two shared CPU cores: a small fraction of the data and '
                   'the time of the published model, whose accuracy it does not have.',
        limitations=[
            'Everything rare lights up: implants, contrast phases, artefacts, unusual but healthy anatomy.',
            'Large homogeneous masses can stay dark.',
            'Limbs, head and neck, and cropped fields of view are hardly in the training data.',
            'Levels were calibrated on four patients of cancer cohorts, not on a normal population: their disease raises the '
            'tail, so a level is rather too low than too high.',
        ],
        training_data=model_package.training_data(),
        preprocessing=config.PREPROCESSING,
        network_file=data.WORK / 'screener.onnx',
        tile=tile, expected_score=expected,
        calibration=json.loads((data.WORK / 'calibration.json').read_text()),
        calibration_note=model_package.CALIBRATION_NOTE,
    )
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
