"""The baselines that the main model is measured against, from the same volumes, as model packages (../baselines).

    python3 baselines.py fit autoencoder          # or hu-position, gaussian, gaussian-position, synthetic-anomaly
    python3 baselines.py package autoencoder      # ONNX, calibration, golden tile and manifest -> ../baselines/autoencoder

The two of the descriptors need work/descriptor.pt, work/observations and work/standardise.npz (train.py). A fit goes on
from its checkpoint, work/baseline-<name>.pt.
"""
import argparse
import pathlib

import numpy as np
import torch
from torch.nn import functional as F

import baseline_networks as networks
import config
import data
import model_package
import synthetic_anomalies
import train
from baseline_texts import LIMITATIONS, TEXTS
from networks import negative_log_likelihood

TILE = 64            # voxels per edge
CROP = 48            # of what the segmenter trains on: what it looks for is smaller
BINS = 16            # per axis of the positional table
SAMPLES = 1_000_000  # voxels whose observations the Gaussians are fitted to
BATCH = 4


def stage(name, module, arguments, steps, lr):
    return train.Stage(f'baseline-{name}', {'net': module}, arguments.steps or steps, lr, arguments.more)


def stored(name, part='net'):
    return torch.load(data.WORK / f'baseline-{name}.pt', map_location='cpu')[part]


def keep(name, module):
    """As a stage would have, without optimiser."""
    torch.save({'net': module.state_dict(), 'step': 1, 'seconds': 0}, data.WORK / f'baseline-{name}.pt')


# --- HU by position ---------------------------------------------------------------------------------------------

def fit_hu_position(_):
    """Mean and standard deviation of HU in BINS^3 parts of the body's bounding box, over the real training volumes."""
    count, total, square = np.zeros((3, BINS ** 3))
    for name in config.TRAINING:
        images, _ = model_package.read_volume(name)
        hu = networks.inverse_hu_map(images[1]).astype(np.float64).ravel()
        z, y, x = np.ix_(*[np.arange(n) * BINS // n for n in images.shape[1:]])
        part = ((z * BINS + y) * BINS + x).ravel()
        for sums, values in ((count, None), (total, hu), (square, hu ** 2)):
            sums += np.bincount(part, values, BINS ** 3)
    mean = total / count
    net = networks.HuPosition(BINS)
    for table, values in ((net.mean, mean), (net.sd, np.sqrt(np.maximum(square / count - mean ** 2, 25)))):
        table.copy_(torch.from_numpy(values.reshape(BINS, BINS, BINS)))
    keep('hu-position', net)


def hu_position():
    net = networks.HuPosition(BINS)
    net.load_state_dict(stored('hu-position'))
    return net


# --- Gaussians of the descriptors -------------------------------------------------------------------------------

def observed():
    """(y float32 [SAMPLES, 35], standardised, u float32 [SAMPLES, 3]: relative position x, y, z), of random body voxels; from
    every training volume in proportion to the square root of its body, as data.Sampler draws."""
    file = data.WORK / 'baseline-observed.npz'
    if not file.exists():
        generator = np.random.default_rng(config.SEED)
        bodies = {name: model_package.read_volume(name)[1] for name in data.names('training')}
        weight = np.sqrt([body.sum() for body in bodies.values()])
        drawn = []
        for (name, body), share in zip(bodies.items(), weight / weight.sum()):
            y = np.load(data.WORK / 'observations' / f'{name}.npy', mmap_mode='r')
            inside = np.flatnonzero(body)
            points = np.unravel_index(np.sort(generator.choice(inside, round(share * SAMPLES))), body.shape)
            u = np.stack([(p + 0.5) / n for p, n in zip(points, body.shape)][::-1], 1)
            # A channel at a time: the file is read from end to end once.
            drawn.append((np.stack([channel[points] for channel in y], 1), u.astype(np.float32)))
            print('observed', name, flush=True)
        np.savez(file, y=np.concatenate([y for y, _ in drawn]), u=np.concatenate([u for _, u in drawn]))
    with np.load(file) as kept:
        return torch.from_numpy(kept['y'].astype(np.float32)), torch.from_numpy(kept['u'])


NOISE = 0.1          # as the main model's density sees


def standardisation():
    with np.load(data.WORK / 'standardise.npz') as s:
        return torch.from_numpy(s['mean']), torch.from_numpy(s['sd'])


def fit_gaussian(_):
    y, _ = observed()
    covariance = torch.cov(y.T) + NOISE ** 2 * torch.eye(y.shape[1])
    keep('gaussian', networks.Gaussian(train.load_descriptor(), *standardisation(), y.mean(0), covariance))


def gaussian():
    dimension = len(standardisation()[0])
    net = networks.Gaussian(train.load_descriptor(), *standardisation(), torch.zeros(dimension), torch.eye(dimension))
    net.load_state_dict(stored('gaussian'))
    return net


def fit_gaussian_position(arguments):
    y, u = observed()
    torch.manual_seed(config.SEED)
    q = networks.PositionDensity(y.shape[1])

    def step(_, generator):
        chosen = torch.from_numpy(generator.integers(len(y), size=4096))
        target = (y[chosen] + NOISE * torch.randn(len(chosen), y.shape[1])).T[None, :, :, None, None]
        mean, log_sd = q(u[chosen].T[None, :, :, None, None])
        nll = negative_log_likelihood(target, mean, log_sd).mean() / y.shape[1]
        return nll, {'explained': float(1 - (target - mean).detach().pow(2).mean() / target[0].var(1).mean())}

    stage('gaussian-position', q, arguments, 400, 1e-2).run(step)


def gaussian_position():
    q = networks.PositionDensity(len(standardisation()[0]))
    q.load_state_dict(stored('gaussian-position'))
    return networks.GaussianPosition(train.load_descriptor(), q, *standardisation())


# --- networks of the image --------------------------------------------------------------------------------------

def draw_crop(sampler, generator, edge):
    """(images [2, edge^3], body [edge^3]) around a random voxel of the body."""
    images, body = sampler.draw()
    while True:
        center = [generator.integers(n) for n in body.shape]
        if body[tuple(center)]:
            break
    start = [int(np.clip(c - edge // 2, 0, n - edge)) for c, n in zip(center, body.shape)]
    here = tuple(slice(s, s + edge) for s in start)
    return images[(slice(None), *here)], body[here]


def fit_autoencoder(arguments):
    volumes = data.load('training')
    torch.manual_seed(config.SEED)
    net = train.channels_last(networks.Autoencoder().to(train.DEVICE)).train()

    def step(_, generator):
        sampler = data.Sampler(volumes, generator)
        crops = np.stack([draw_crop(sampler, generator, TILE)[0] for _ in range(BATCH)])
        tile = train.channels_last(torch.from_numpy(crops).to(train.DEVICE))
        with train.autocast():
            residual = net.reconstruct(tile).float() - tile
        error = residual.pow(2).mean((0, 2, 3, 4))
        net.variance.lerp_(error[1].detach(), 0.02)
        return error.mean(), {'hu': float(error[1].detach())}

    stage('autoencoder', net, arguments, 700, 3e-3).run(step)


def autoencoder():
    net = networks.Autoencoder()
    net.load_state_dict(stored('autoencoder'))
    return net


def fit_synthetic_anomaly(arguments):
    volumes = data.load('training')
    torch.manual_seed(config.SEED)
    net = train.channels_last(networks.Segmenter().to(train.DEVICE)).train()

    def step(_, generator):
        sampler = data.Sampler(volumes, generator)
        drawn = []
        for _ in range(BATCH):
            (images, body), (other, _) = [draw_crop(sampler, generator, CROP) for _ in range(2)]
            drawn.append(synthetic_anomalies.paste(images[1], other[1], body, generator))
        hu, mask = [torch.from_numpy(np.stack(part))[:, None].to(train.DEVICE) for part in zip(*drawn)]
        with train.autocast():
            logit = net.logit(train.channels_last(hu)).float()
        chance = logit.sigmoid()
        dice = 1 - (2 * (chance * mask).sum() + 1) / (chance.sum() + mask.sum() + 1)
        return F.binary_cross_entropy_with_logits(logit, mask) + dice, {'dice': float(dice.detach()), 'marked': float(mask.mean())}

    stage('synthetic-anomaly', net, arguments, 700, 3e-3).run(step)


def synthetic_anomaly():
    net = networks.Segmenter()
    net.load_state_dict(stored('synthetic-anomaly'))
    return net


# --- packages ---------------------------------------------------------------------------------------------------

BASELINES = {
    'hu-position': (fit_hu_position, hu_position),
    'gaussian': (fit_gaussian, gaussian),
    'gaussian-position': (fit_gaussian_position, gaussian_position),
    'autoencoder': (fit_autoencoder, autoencoder),
    'synthetic-anomaly': (fit_synthetic_anomaly, synthetic_anomaly),
}


def package(name, out, version, threads):
    net = BASELINES[name][1]().cpu().eval().requires_grad_(False)
    file = data.WORK / f'{name}.onnx'
    channels = model_package.channels_of(net.CHANNELS)
    torch.onnx.export(net, torch.zeros(1, len(net.CHANNELS), TILE, TILE, TILE), str(file), opset_version=17,
                      do_constant_folding=True, input_names=['image'], output_names=['score'])
    model_package.store_as_half(file)
    run = model_package.tile_scorer(file, threads)
    tile = model_package.golden_tile(channels, TILE)
    example = tile.astype(np.float32) / 255
    expected = net(torch.from_numpy(example)[None])[0, 0].numpy()
    difference = np.abs(run(example) - expected) / np.maximum(1, np.abs(expected))
    print(f'{name}: graph against PyTorch with unrounded weights: relative difference at most {difference.max():.1e}')
    texts = {**TEXTS[name], 'provenance': TEXTS[name]['provenance'].format(steps=stored(name, 'step'))}
    model_package.write_package(
        out / name, version=version, limitations=LIMITATIONS, training_data=model_package.training_data(),
        preprocessing={**config.PREPROCESSING, 'channels': net.CHANNELS}, network_file=file, tile=tile,
        expected_score=expected, calibration=model_package.calibrate(run, channels, TILE),
        calibration_note=model_package.CALIBRATION_NOTE, **texts)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('command', choices=['fit', 'package'])
    parser.add_argument('name', choices=BASELINES)
    parser.add_argument('--steps', type=int, help='of a fit, instead of its default')
    parser.add_argument('--more', type=int, default=0, help='steps to add to a fit that has ended')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--out', type=pathlib.Path, default=pathlib.Path(__file__).parent.parent / 'baselines')
    parser.add_argument('--version', default='0.1.0')
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.command == 'fit':
        BASELINES[arguments.name][0](arguments)
    else:
        package(arguments.name, arguments.out, arguments.version, arguments.threads)
