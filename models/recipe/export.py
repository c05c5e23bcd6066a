"""Turns the trained checkpoints into model packages: calibrate, fuse, export, prove, describe.

    python3 export.py density                 # fuse f, g and q -> work/density.onnx, proved against work/density-plain.onnx
    python3 export.py graph                   # the same with the tails of tails.py -> work/screener.onnx
    python3 export.py calibrate               # scores of the held-out calibration volumes -> work/calibration.json
    python3 export.py package --out ../screener-ct-small
    python3 export.py distilled               # the student -> work/distilled.onnx
    python3 export.py student                 # the same with its own tails, its calibration, and the package ../screener-ct-fast
"""
import argparse
import json
import pathlib
import time

import numpy as np
import onnx
import torch
from scipy.stats import spearmanr

import config
import data
import model_package
import tails
import train
from fast_graph import FastScreener, FastStudent
from networks import Screener, Student, Wide, as_kept, as_packaged
from model_package import middle_tile, read_volume, store_as_half
from tails import Tails

PARITY = 1e-3      # largest relative difference of the two forms of the graph


def stored_statistics(file):
    """(mean, sd) of the observations, float32 [35] each."""
    with np.load(data.WORK / file) as s:
        return s['mean'], s['sd']


def load_screener(tails=None):
    mean, sd = map(torch.from_numpy, stored_statistics('standardise.npz'))
    wide = None
    if config.WIDE_WEIGHT:
        wide_mean, wide_sd = map(torch.from_numpy, stored_statistics('wide-standardise.npz'))
        # Its observations are those that `mean` and `sd` had standardised.
        wide = Wide(*train.load_condition('wide-density'), mean + sd * wide_mean, sd * wide_sd)
    networks = (train.load_descriptor(), *train.load_condition('density'))
    screener = Screener(*map(as_kept, networks), mean, sd, wide, tails)
    return screener.cpu().eval().requires_grad_(False)


def density(arguments):
    screener = load_screener()
    export(screener, FastScreener(screener), 'density', ['score', 'descriptor'], arguments.threads)


def graph(arguments):
    screener = load_screener(Tails(tails.stored('density')))
    export(screener, FastScreener(screener), 'screener', ['score', 'descriptor'], arguments.threads)


def export(network, fast, name, outputs, threads):
    """Exports a network twice: `<name>-plain.onnx`, layer by layer as it was trained, with all its outputs; and
    `<name>.onnx`, the form that CPUs run fastest (fast_graph.py), which the package gets if their scores agree."""
    example = torch.zeros(1, len(config.PREPROCESSING['channels']), *[config.PATCH] * 3)
    plain_file, fast_file = data.WORK / f'{name}-plain.onnx', data.WORK / f'{name}.onnx'
    torch.onnx.export(network, example, str(plain_file), opset_version=17, do_constant_folding=True,
                      input_names=['image'], output_names=outputs)
    store_as_half(plain_file)
    # Unfolded: the runtime folds the constants when it loads the graph, and the file stays small.
    torch.onnx.export(fast.eval(), example, str(fast_file), opset_version=17, do_constant_folding=False,
                      input_names=['image'], output_names=['score'])
    onnx.checker.check_model(onnx.load(str(fast_file)))
    for file in (plain_file, fast_file):
        print(f'{file.name}: {file.stat().st_size / 1e6:.2f} MB')
    prove(plain_file, fast_file, threads)


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


PATIENTS = (f'{len(config.TRAINING)} CT volumes of 18 patients (chest, abdomen, pelvis, hips, 2 mm voxels) and '
            f'{len(config.PHANTOM_SEEDS)} procedural phantoms')
INTENDED_USE = ('Demonstration and research only, not for diagnosis. Marks what is rare in its context on CT of the chest and '
                'abdomen.')
LIMITATIONS = [
    'Everything rare lights up: implants, contrast phases, artefacts, unusual but healthy anatomy.',
    'Large homogeneous masses can stay dark.',
    'Limbs, head and neck, and cropped fields of view are hardly in the training data.',
    'Levels were calibrated on four patients of cancer cohorts, not on a normal population: their disease raises the '
    'tail, so a level is rather too low than too high.',
    'Levels mean what they say over many patients and each tissue as a whole. In one patient, near the skin, or at the ends of a '
    'scan they can be passed several times more often, or less.',
]


def write(out, arguments, network, file, calibration, **texts):
    """The package of a network. Its expected score comes from PyTorch and the network as it was trained, so that neither the
    rewriting of the graph nor a runtime is judged by itself."""
    tile = model_package.golden_tile()
    example = tile.astype(np.float32) / 255
    score = tile_scorer(arguments.threads, file)(example)
    with torch.no_grad():
        output = as_packaged(network)(torch.from_numpy(example)[None])
    expected = (output[0] if isinstance(output, tuple) else output)[0, 0].numpy()
    difference = np.abs(score - expected) / np.maximum(1, np.abs(expected))
    print(f'graph against PyTorch: relative difference at most {difference.max():.1e}')
    model_package.write_package(
        out, version=arguments.version, intended_use=INTENDED_USE, training_data=model_package.training_data(),
        preprocessing=config.PREPROCESSING, network_file=file, tile=tile, expected_score=expected, calibration=calibration,
        calibration_note=model_package.CALIBRATION_NOTE, **texts)


def package(arguments):
    trained = {stage: hours(stage) for stage in ('descriptor', 'condition', 'density')}
    write(arguments.out, arguments, load_screener(Tails(tails.stored('density'))), data.WORK / 'screener.onnx',
          json.loads((data.WORK / 'calibration.json').read_text()),
          title='Screener CT small (demonstration)',
          provenance=f'Trained without labels on {PATIENTS}, for {sum(trained.values()):.1f} hours on two shared CPU cores: a '
                     'small fraction of the data and the time of the published model, whose accuracy it does not have.',
          limitations=LIMITATIONS)
    print('hours:', {k: round(v, 2) for k, v in trained.items()})


def load_student(tails=None):
    student = Student(tails)
    student.load_state_dict(torch.load(data.WORK / 'distilled.pt', map_location='cpu')['student'])
    return as_kept(student).eval().requires_grad_(False)


def distilled(arguments):
    network = load_student()
    export(network, FastStudent(network), 'distilled', ['score'], arguments.threads)


def student(arguments):
    """The `fast` package: the student's graph with its tails, its own calibration, and how far it agrees with its teacher on
    the calibration volumes."""
    network = load_student(Tails(tails.stored('distilled')))
    export(network, FastStudent(network), 'student', ['score'], arguments.threads)
    runs = [tile_scorer(arguments.threads, data.WORK / f'{name}.onnx') for name in ('screener', 'student')]
    for name in config.CALIBRATION:
        images, body = read_volume(name)
        seconds, scores = [], []
        for run in runs:
            started = time.process_time()
            score, covered = model_package.score_volume(run, images, body)
            seconds.append(time.process_time() - started)
            scores.append(score[body & covered])
        print(f'{name}: Spearman {spearmanr(*[s[::50] for s in scores])[0]:.3f}, explained '
              f'{1 - np.var(scores[1] - scores[0]) / np.var(scores[0]):.3f}, CPU time {seconds[0] / seconds[1]:.1f} times less', flush=True)
    write(arguments.out.parent / 'screener-ct-fast', arguments, network, data.WORK / 'student.onnx',
          model_package.calibrate(runs[1]),
          title='Screener CT fast (demonstration)',
          provenance=f'A single network that learned the score maps of screener-ct-small 0.4.0 and 0.5.0 on {PATIENTS}, for '
                     f'{hours("distilled"):.1f} hours on two shared CPU cores. It agrees with its teacher as its model card says, and '
                     'inherits its faults.',
          limitations=[*LIMITATIONS,
                       'It repeats what its teacher would say, less exactly: a map to look through quickly, not a second opinion.'])


COMMANDS = {'density': density, 'graph': graph, 'calibrate': calibrate, 'package': package, 'distilled': distilled,
            'student': student}

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('command', choices=COMMANDS)
    parser.add_argument('--out', type=pathlib.Path, default=pathlib.Path(__file__).parent.parent / 'screener-ct-small')
    parser.add_argument('--version', default='0.6.0')
    parser.add_argument('--threads', type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    COMMANDS[arguments.command](arguments)
