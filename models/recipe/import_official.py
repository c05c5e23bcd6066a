"""Makes a model package of weights that the authors of Screener (arXiv 2502.08321) trained.

    python3 import_official.py --descriptor descriptor_model.pt --condition condition.ckpt --density glow.pt \\
        --spacing 1.5 1.5 1.5 --calibrate NORMALS --out ../screener-official \\
        --licence 'as its makers say' --provenance 'what it learned from, and for how long'

Widths, depths and generation come from the names and shapes in the files; what they do not tell (spacing, HU map, CLAHE,
orientation, tile) comes from the options, whose defaults are what the authors published. Files are read as numbers only
(`.pt`, Lightning `.ckpt`, `.safetensors`); nothing in them is run. NORMALS: CT volumes (.nii, .nii.gz) without the
disease that is to be found, which the model did not learn from; without them a level would mean nothing.
"""
import argparse
import pathlib
import tempfile
import warnings

import nibabel
import numpy as np
import onnx
import torch
from scipy import ndimage

import config
import model_package
from official import build
from official.files import WeightsError, read_tensors
from official.screener import LETTERS, OfficialScreener
from preprocessing import preprocess

PARITY = 1e-3          # largest |difference| / max(1, |score|) of the exported graph from PyTorch
SAMPLES = 500_000      # voxels of a calibration volume, whatever its size: every volume weighs the same


def assemble(descriptor, condition, density, axes='PLI', hidden_block=None):
    """(network, sentences on what was found) from {name: tensor} of each file; condition may be None.
    Raises WeightsError where parts do not fit together."""
    f, told_f = build.embedding(descriptor, 'descriptor')
    q, wants, told_q = build.density(density)
    g, told = None, [told_f, told_q]
    if wants and condition is None:
        raise WeightsError(f'the density is conditional ({wants} numbers per voxel): give the file of its condition model.')
    if wants:
        g, told_g = build.embedding(condition, 'condition')
        told.append(told_g)
        if g.convs[0].out_channels != wants:
            raise WeightsError(f'the density wants a condition of {wants} numbers, the model gives {g.convs[0].out_channels}.')
    elif condition is not None:
        raise WeightsError('the density takes no condition: leave the condition model out.')
    if hidden_block and not (g and g.takes_mask):
        raise WeightsError('masked inference needs a condition model with a mask.')
    numbers = q.dim if hasattr(q, 'dim') else list(q.layers.values())[-1].out_channels // 2
    if f.convs[0].out_channels != numbers:
        raise WeightsError(f'the density is one of {numbers} numbers, the descriptor gives {f.convs[0].out_channels}.')
    return OfficialScreener(f, g, q, axes, hidden_block).eval().requires_grad_(False), told


def export(network, edge, file):
    """Writes the ONNX graph for tiles [1, 1, edge, edge, edge]."""
    with warnings.catch_warnings():
        # Sizes and determinants become numbers in the graph, as they should: it is for one size of tile.
        warnings.simplefilter('ignore')
        torch.onnx.export(network, torch.zeros(1, 1, edge, edge, edge), str(file), opset_version=17, do_constant_folding=True,
                          input_names=['image'], output_names=['score'])
    onnx.checker.check_model(str(file))


def score_by_pytorch(network, tile):
    with torch.no_grad():
        return network(torch.from_numpy(tile)[None])[0, 0].numpy()


def check(network, run, tiles):
    """Raises ArithmeticError if ONNX Runtime's scores differ from PyTorch's by more than PARITY on any of the tiles."""
    worst = 0.0
    for tile in tiles:
        expected = score_by_pytorch(network, tile)
        difference = np.abs(run(tile) - expected) / np.maximum(1, np.abs(expected))
        if not np.isfinite(difference).all():
            raise ArithmeticError('the network gives scores that are no numbers')
        worst = max(worst, float(difference.max()))
    print(f'graph against PyTorch, {len(tiles)} tiles: relative difference at most {worst:.1e}', flush=True)
    if worst > PARITY:
        raise ArithmeticError(f'the exported graph differs from PyTorch by {worst:.1e}, more than {PARITY}')


def check_tile(edge):
    """uint8 [1, edge, edge, edge]: smooth noise over all of the input's range. No patient's data is in a package."""
    noise = ndimage.gaussian_filter(np.random.default_rng(config.SEED).standard_normal((edge,) * 3), 2)
    return np.round(255 * np.clip(0.5 + 0.2 * noise / noise.std(), 0, 1)).astype(np.uint8)[None]


def read_channel(file, parameters):
    """(image float32 [z, y, x] as the network takes it, body bool [z, y, x]) of a volume."""
    image = nibabel.load(file)
    volume = preprocess(np.asanyarray(image.dataobj), image.affine, parameters)
    return volume[parameters['channels'][0]], volume['body']


def calibrate(run, volumes, edge):
    """The calibration table from the body voxels of (image, body) pairs, as many of each."""
    generator = np.random.default_rng(config.SEED)
    samples = []
    for image, body in volumes:
        score, covered = model_package.score_volume(run, [image], body, edge)
        inside = score[body & covered]
        samples.append(generator.choice(inside, SAMPLES, replace=len(inside) < SAMPLES))
    return model_package.quantile_table(samples)


def package(arguments):
    if not arguments.calibrate:
        raise WeightsError('no calibration volumes are given (--calibrate FOLDER). A package without calibration is not '
                           'written: its levels would mean nothing.')
    normals = sorted([*arguments.calibrate.glob('*.nii'), *arguments.calibrate.glob('*.nii.gz')])
    if not normals:
        raise WeightsError(f'{arguments.calibrate} holds no .nii or .nii.gz volume.')
    parameters = {
        'bodyCrop': {'blockMm': 5, 'thresholdHu': -500},
        'spacingMm': arguments.spacing,
        'huPivots': {'hu': arguments.hu, 'value': arguments.values},
        'clahe': {'clipLimit': arguments.clip_limit},
        'channels': ['hu' if arguments.no_clahe else 'clahe'],
    }
    condition = read_tensors(arguments.condition) if arguments.condition else None
    network, told = assemble(read_tensors(arguments.descriptor), condition, read_tensors(arguments.density),
                             arguments.axes, arguments.hidden_block)
    print('\n'.join(told), flush=True)
    tile = check_tile(arguments.patch)
    measured = f'{len(normals)} volume{"s" if len(normals) > 1 else ""}'
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / 'screener.onnx'
        export(network, arguments.patch, file)
        run = model_package.tile_scorer(file, arguments.threads)
        volumes = [read_channel(each, parameters) for each in normals]
        example = tile.astype(np.float32) / 255
        check(network, run, [example, model_package.middle_tile(volumes[0][0][None], arguments.patch)])
        model_package.write_package(
            arguments.out, version=arguments.version, title=arguments.title, licence=arguments.licence,
            intended_use='Research only, not for diagnosis. Marks what is rare in its context on CT.',
            provenance=f"{arguments.provenance} Imported from {', '.join(f.name for f in arguments.files())}.",
            limitations=[
                'Everything rare lights up: implants, contrast phases, artefacts, unusual but healthy anatomy.',
                'The network was rebuilt from the names in its weight files; its scores were not compared with its makers\'.',
                f'Levels were calibrated on {measured} of the importer\'s.',
            ],
            training_data=[dict(zip(('name', 'licence'), each.split('=', 1))) for each in arguments.training_data],
            preprocessing=parameters, network_file=file, tile=tile, expected_score=score_by_pytorch(network, example),
            calibration=calibrate(run, volumes, arguments.patch),
            calibration_note=f'Body voxels of {measured} given at the import.')


def orientation(text):
    if len(text) != 3 or any(c not in LETTERS for c in text) or len({LETTERS[c][0] for c in text}) != 3:
        raise argparse.ArgumentTypeError('three letters, one of L and R, one of P and A, one of S and I')
    return text


def parse(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--descriptor', type=pathlib.Path, required=True)
    parser.add_argument('--condition', type=pathlib.Path, help='left out for a density without a condition')
    parser.add_argument('--density', type=pathlib.Path, required=True, help='Glow flow or Gaussian MLP')
    parser.add_argument('--calibrate', type=pathlib.Path, help='folder of normal CT volumes')
    parser.add_argument('--out', type=pathlib.Path, required=True, help='folder of the package; its name is the model\'s')
    parser.add_argument('--spacing', type=float, nargs=3, required=True, metavar=('X', 'Y', 'Z'), help='mm, as trained')
    parser.add_argument('--hu', type=float, nargs='+', default=[-1000, -200, 200, 1500])
    parser.add_argument('--values', type=float, nargs='+', default=[0, 0.33, 0.67, 1])
    parser.add_argument('--clip-limit', type=float, default=0.025, help='of CLAHE')
    parser.add_argument('--no-clahe', action='store_true', help='it was trained without')
    parser.add_argument('--axes', type=orientation, default='PLI',
                        help='patient directions of the axes of the training arrays (default: those of the authors\' code)')
    parser.add_argument('--patch', type=int, default=96, help='tile edge in voxels, as trained')
    parser.add_argument('--hidden-block', type=int, help='edge in voxels of hidden blocks, for masked inference')
    parser.add_argument('--licence', required=True, help='of the weights')
    parser.add_argument('--provenance', required=True, help='for the reader: what it learned from, for how long')
    parser.add_argument('--training-data', action='append', default=[], metavar='NAME=LICENCE')
    parser.add_argument('--title', default='Screener (imported weights)')
    parser.add_argument('--version', default='1.0.0')
    parser.add_argument('--threads', type=int, default=2)
    arguments = parser.parse_args(argv)
    if len(arguments.hu) != len(arguments.values):
        parser.error('--hu and --values must be of one length')
    if not all('=' in each for each in arguments.training_data):
        parser.error('--training-data is NAME=LICENCE')
    arguments.files = lambda: [f for f in (arguments.descriptor, arguments.condition, arguments.density) if f]
    return arguments


if __name__ == '__main__':
    given = parse()
    torch.set_num_threads(given.threads)
    try:
        package(given)
    except (WeightsError, ArithmeticError) as error:
        raise SystemExit(f'Not imported: {error}')
