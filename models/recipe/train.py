"""The trainings, one after the other, none with labels. Each resumes from its checkpoint and logs its losses.

    python3 train.py descriptor   # f, DenseVICReg (or DenseInfoNCE: config.OBJECTIVE)
    python3 train.py observe      # y of every training volume, with f frozen
    python3 train.py condition    # g, masking-invariant, started from f's UNet
    python3 train.py density      # q, with f and g frozen

    python3 train.py widen        # y averaged to 8 mm, for the second scale (config.WIDE_WEIGHT)
    python3 train.py wide         # its g
    python3 train.py wide-density # its q

    python3 train.py score        # score maps of the volumes, by the graph of `export.py density` (or `distilled`: --graph)
    python3 train.py distilled    # one UNet that learns them from the image

    python3 train.py keep         # weights of the finished stages -> checkpoints/weights.pt, small enough to commit
    python3 train.py restore      # and back, so that a stage can be done over without those before it

Runs on PyTorch 1.13 and 2.x; bfloat16 autocast where the processor or the GPU has it.
"""
import argparse
import dataclasses
import functools
import itertools
import json
import pathlib
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import config
import data
import model_package
import tails
from glow import as_volume
from networks import (CONDITION_OF, Condition, Density, Descriptor, Student, checkerboard, negative_log_likelihood,
                      observation)

DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'
CHECKPOINT_SECONDS = 60


def autocast():
    return torch.autocast(DEVICE, dtype=torch.bfloat16)


def channels_last(x):
    """A network or a batch in the memory layout that PyTorch 2 convolves fastest on a CPU (1.4 times here)."""
    return x.to(memory_format=torch.channels_last_3d)


class Stage:
    """Checkpointing, schedule and log of one training.

    `more` adds that many steps, with a schedule of their own, to a training that has ended.
    """

    def __init__(self, name, modules, steps, lr, more=0):
        self.name, self.modules = name, modules
        self.file = data.WORK / f'{name}.pt'
        stored = torch.load(self.file, map_location=DEVICE) if self.file.exists() else {'step': 0, 'seconds': 0.0}
        ended = self.file.exists() and stored['step'] >= stored.get('steps', stored['step'])
        if more and not self.file.exists():
            raise SystemExit(f'there is no {name} to go on with')
        # Where the present schedule began and ends, in steps of the whole training.
        self.begin = stored['step'] if more and ended else stored.get('begin', 0)
        self.steps = self.begin + more if more and ended else stored.get('steps', steps)
        parameters = list(itertools.chain(*(m.parameters() for m in modules.values())))
        self.optimizer = torch.optim.AdamW(parameters, lr=lr, eps=1e-5, weight_decay=1e-6)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, lr, total_steps=self.steps - self.begin + 1, pct_start=0.1)
        self.parameters = parameters
        self.step, self.seconds = stored['step'], stored['seconds']
        for key, module in modules.items():
            if key in stored:
                module.load_state_dict(stored[key])
        if self.begin < self.step < self.steps:
            self.optimizer.load_state_dict(stored['optimizer'])
            self.schedule.load_state_dict(stored['schedule'])
        self.saved = time.time()

    def save(self):
        partial = self.file.with_suffix('.partial')
        # Numbers only: the rest of the schedule follows from `steps`, and some of it is code, which is not loaded.
        position = {k: v for k, v in self.schedule.state_dict().items() if k in ('last_epoch', '_step_count')}
        torch.save({**{k: m.state_dict() for k, m in self.modules.items()}, 'optimizer': self.optimizer.state_dict(),
                    'schedule': position, 'step': self.step, 'seconds': self.seconds,
                    'begin': self.begin, 'steps': self.steps}, partial)
        partial.rename(self.file)
        self.saved = time.time()

    def run(self, loss_of_step):
        """loss_of_step(step, generator) -> (loss, {name: number}); the generator is seeded by stage and step, so a
        resumed training sees what an uninterrupted one would have."""
        log = open(data.WORK / f'{self.name}.log.jsonl', 'a')
        mean = {}
        while self.step < self.steps:
            started = time.time()
            seed = [config.SEED, *self.name.encode(), self.step]
            torch.manual_seed(int(np.random.SeedSequence(seed).generate_state(1)[0]))
            loss, figures = loss_of_step(self.step, np.random.default_rng(seed))
            self.optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.parameters, 1.0)
            self.optimizer.step()
            self.schedule.step()
            self.step += 1
            self.seconds += time.time() - started
            for key, value in {'loss': float(loss.detach()), **figures}.items():
                mean[key] = 0.95 * mean.get(key, value) + 0.05 * value
            if self.step % 25 == 0 or self.step == self.steps:
                line = {'step': self.step, 'seconds': round(self.seconds, 1), **{k: round(v, 4) for k, v in mean.items()}}
                log.write(json.dumps(line) + '\n')
                log.flush()
                print(self.name, line, flush=True)
            if time.time() - self.saved > CHECKPOINT_SECONDS:
                self.save()
        self.save()


# --- descriptor -------------------------------------------------------------------------------------------------

VIEW = 48            # voxels per edge of a view
REGION = 84          # voxels per edge of the region both views lie in
POINTS = 512
PAIRS = 3


def draw_views(volume, generator):
    """Two overlapping views of one region and points in both.

    Each view has VIEW^3 voxels of a random extent (1.5 to 2.5 mm per voxel and axis), the two share 25 % or more of
    the smaller per axis; the region is flipped and turned in the axial plane at random first.
    Returns (views [2, 1, VIEW^3], points [2, P, 3] in voxel indices (x, y, z) of each view).
    """
    images, body = volume
    inside = np.argwhere(body[::4, ::4, ::4]) * 4
    center = inside[generator.integers(len(inside))]
    slices = []
    for c, n in zip(center, body.shape):
        start = int(np.clip(c - REGION // 2 + generator.integers(-8, 9), 0, max(0, n - REGION)))
        slices.append(slice(start, min(start + REGION, n)))
    region, mask = images[0][tuple(slices)], body[tuple(slices)]
    for axis in range(3):
        if generator.random() < 0.5:
            region, mask = np.flip(region, axis), np.flip(mask, axis)
    turns = generator.integers(4)
    region = torch.from_numpy(np.rot90(region, turns, (1, 2)).copy())
    mask = np.rot90(mask, turns, (1, 2))

    starts, steps = np.empty((2, 3)), generator.uniform(0.75, 1.25, (2, 3))
    for axis, n in enumerate(region.shape):
        extent = steps[:, axis] * VIEW
        for _ in range(1000):
            starts[:, axis] = generator.uniform(0, np.maximum(n - extent, 0) + 1e-9)
            shared = min(starts[:, axis] + extent) - max(starts[:, axis])
            if shared >= 0.25 * min(extent):
                break
    low = np.ceil(starts.max(0)).astype(int)
    high = np.minimum(np.floor((starts + steps * (VIEW - 1)).min(0)).astype(int) + 1, region.shape)
    points = np.argwhere(mask[tuple(slice(a, b) for a, b in zip(low, high))]) + low
    if len(points) < 64:
        return draw_views(volume, generator)
    points = points[generator.integers(len(points), size=POINTS)]

    views = []
    for start, step in zip(starts, steps):
        axes = [torch.from_numpy(((2 * (start[a] + step[a] * np.arange(VIEW)) + 1) / n - 1).astype(np.float32))
                for a, n in enumerate(region.shape)]
        z, y, x = torch.meshgrid(*axes, indexing='ij')
        views.append(F.grid_sample(region[None, None], torch.stack([x, y, z], -1)[None], align_corners=False)[0])
    indices = (points[None] - starts[:, None]) / steps[:, None]
    return torch.stack(views), torch.from_numpy(indices[:, :, ::-1].astype(np.float32).copy())


def blur_axial(image, sigma_voxels):
    """Gaussian blur of [C, D, H, W] in y and x."""
    radius = max(1, int(3 * sigma_voxels + 0.5))
    kernel = torch.exp(-0.5 * (torch.arange(-radius, radius + 1, dtype=torch.float32) / sigma_voxels) ** 2)
    kernel = (kernel / kernel.sum()).to(image.device)
    planes = image.flatten(0, 1)[:, None]
    planes = F.conv2d(F.pad(planes, [radius, radius, 0, 0], mode='replicate'), kernel.view(1, 1, 1, -1))
    planes = F.conv2d(F.pad(planes, [0, 0, radius, radius], mode='replicate'), kernel.view(1, 1, -1, 1))
    return planes[:, 0].view_as(image)


def augment(image, generator, spacing_mm=2.0):
    """Colour jitter of one view [C, D, H, W] in [0, 1]; every step with probability 0.8."""
    def happens():
        return generator.random() < 0.8

    if happens():
        blurred = blur_axial(image, generator.uniform(0.1, 1.5) / spacing_mm)
        image = blurred if generator.random() < 0.5 else image + generator.uniform(0, 2) * (image - blurred)
    if happens():
        image = image + generator.uniform(0, 0.1) * torch.randn_like(image)
    if happens():
        image = image * generator.uniform(0.8, 1.2)
    if happens():
        mean = image.mean()
        image = (image - mean) * generator.uniform(0.8, 1.2) + mean
    image = image.clamp(0, 1)
    return image ** generator.uniform(0.8, 1.25) if happens() else image


class Projector(nn.Sequential):
    def __init__(self, width):
        super().__init__(
            nn.Linear(config.DESCRIPTOR_DIM, width), nn.BatchNorm1d(width), nn.ReLU(),
            nn.Linear(width, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, width))


def vicreg(a, b):
    """VICReg loss (Bardes et al. 2022) with the paper's weights 25, 25, 1; a, b: [points, dim]."""
    total = 25 * F.mse_loss(a, b)
    for z in (a, b):
        z = z - z.mean(0)
        total = total + 0.5 * 25 * F.relu(1 - torch.sqrt(z.var(0) + 1e-4)).mean()
        covariance = z.T @ z / (len(z) - 1)
        total = total + 0.5 * (covariance.pow(2).sum() - covariance.diagonal().pow(2).sum()) / z.shape[1]
    return total


def info_nce(a, b, temperature):
    """InfoNCE of [points, dim] in both directions: the same point of the other view among all its points."""
    logits = F.normalize(a, dim=1) @ F.normalize(b, dim=1).T / temperature
    label = torch.arange(len(a), device=a.device)
    return 0.5 * (F.cross_entropy(logits, label) + F.cross_entropy(logits.T, label))


DESCRIPTOR_LOSS = {'vicreg': vicreg, 'infonce': functools.partial(info_nce, temperature=0.1)}


def effective_rank(y):
    """exp(entropy of the normalised covariance eigenvalues): how many dimensions the descriptors really use."""
    values = torch.linalg.eigvalsh(torch.cov(y.detach().float().cpu().T)).clamp_min(1e-12)
    p = values / values.sum()
    return float(torch.exp(-(p * p.log()).sum()))


def train_descriptor(arguments):
    volumes = data.load('training', allow_missing=arguments.allow_missing)
    torch.manual_seed(config.SEED)
    loss_of = DESCRIPTOR_LOSS[config.OBJECTIVE]
    f, projector = Descriptor().to(DEVICE), Projector(512).to(DEVICE)
    stage = Stage('descriptor', {'f': f, 'projector': projector}, arguments.steps or 2000, 3e-3)

    def step(_, generator):
        sampler = data.Sampler(volumes, generator)
        drawn = [draw_views(sampler.draw(), generator) for _ in range(PAIRS)]
        views = torch.cat([torch.stack([augment(v, generator) for v in views]) for views, _ in drawn]).to(DEVICE)
        points = torch.cat([p for _, p in drawn]).to(DEVICE)
        with autocast():
            y = f.at(views, points)
            flat = y.float().view(PAIRS, 2, POINTS, -1).transpose(0, 1).reshape(2, PAIRS * POINTS, -1)
            projected = [projector(y).float() for y in flat]
        direct = loss_of(*flat)
        loss = loss_of(*projected) + 0.2 * direct if config.PROJECTOR else direct
        return loss, {'direct': float(direct), 'rank': effective_rank(flat[0])}

    stage.run(step)


# --- condition --------------------------------------------------------------------------------------------------

CONDITION_TEMPERATURE = 0.15


@dataclasses.dataclass(frozen=True)
class Scale:
    """What g of one scale learns from. Blocks of MASK_BLOCK of its voxels are hidden."""
    condition: str       # names of its stages
    density: str
    observations: str    # folder under work/
    factor: int          # 2 mm voxels per voxel of g and axis
    ratio: int           # observations per voxel of g and axis
    crop: int            # voxels per edge of a training crop
    shift: int           # largest distance of the two crops of a pair, voxels
    pairs: int
    points: int          # per pair
    steps: int


FINE = Scale('condition', 'density', 'observations', 2, 2, 40, 12, 2, 512, 1100)
WIDE = Scale('wide', 'wide-density', 'wide-observations', config.WIDE, 1, 24, 6, 6, 256, 900)


def load_descriptor():
    f = Descriptor().to(DEVICE)
    f.load_state_dict(torch.load(data.WORK / 'descriptor.pt', map_location=DEVICE)['f'])
    return f.eval().requires_grad_(False)


def observe_volume(f, images, body):
    """y before standardisation, float16 [35, z, y, x], of images [2, z, y, x]: in tiles of 96 with an overlap of 16 on each
    side, where there is body."""
    y = np.zeros((config.DESCRIPTOR_DIM + len(config.HU_SIGMAS_MM), *body.shape), np.float16)
    margin, core = 16, 96
    for start in itertools.product(*[range(0, n, core) for n in body.shape]):
        inner = tuple(slice(a, min(a + core, n)) for a, n in zip(start, body.shape))
        if not body[inner].any():
            continue
        # Tiles start on multiples of 16, so that the network's strided levels fall as they do in training.
        low = [max(0, s.start - margin) for s in inner]
        high = [min(n, s.stop + margin) for s, n in zip(inner, body.shape)]
        pad = [(0, -(b - a) % 16) for a, b in zip(low, high)]
        tile = np.pad(images[(slice(None), *[slice(a, b) for a, b in zip(low, high)])], [(0, 0), *pad], mode='edge')
        with torch.no_grad(), autocast():
            out = observation(f, torch.from_numpy(tile)[None].to(DEVICE))[0].float().cpu().numpy()
        y[(slice(None), *inner)] = out[(slice(None), *[slice(s.start - a, s.stop - a) for s, a in zip(inner, low)])]
    return y


def observe(arguments):
    """y of every training volume, standardised, float16 [35, z, y, x]."""
    f = load_descriptor()
    folder = data.WORK / 'observations'
    folder.mkdir(exist_ok=True)
    raw, sums = {}, []
    for name, (images, body) in data.load('training', allow_missing=arguments.allow_missing).items():
        raw[name] = y = observe_volume(f, images, body)
        sample = y[:, body][:, ::97].astype(np.float64)
        sums.append((sample.shape[1], sample.sum(1), (sample ** 2).sum(1)))
        print('observe', name, flush=True)
    count = sum(s[0] for s in sums)
    mean = sum(s[1] for s in sums) / count
    sd = np.sqrt(sum(s[2] for s in sums) / count - mean ** 2)
    np.savez(data.WORK / 'standardise.npz', mean=mean.astype(np.float32), sd=sd.astype(np.float32))
    for name, y in raw.items():
        np.save(folder / f'{name}.npy', ((y - mean[:, None, None, None]) / sd[:, None, None, None]).astype(np.float16))


def random_mask(generator, ratio, edge):
    """[1, edge^3], 0 in hidden blocks of MASK_BLOCK^3 on a randomly shifted lattice."""
    blocks = edge // config.MASK_BLOCK + 2
    hidden = generator.random((blocks, blocks, blocks)) < ratio
    full = hidden.repeat(config.MASK_BLOCK, 0).repeat(config.MASK_BLOCK, 1).repeat(config.MASK_BLOCK, 2)
    shift = generator.integers(config.MASK_BLOCK, size=3)
    part = full[tuple(slice(s, s + edge) for s in shift)]
    return torch.from_numpy(~part).float()[None]


class Coarse:
    """The training volumes for g at one scale: images and body averaged to its voxels, and the observations it has to
    foretell, `ratio` of them per voxel and axis: at 2 mm for the fine scale, averaged to 8 mm for the wide one."""

    def __init__(self, scale, allow_missing):
        self.items = {}
        for name, (images, body) in data.load('training', allow_missing=allow_missing).items():
            coarse = F.avg_pool3d(torch.from_numpy(images)[None], scale.factor)[0]
            inside = F.avg_pool3d(torch.from_numpy(body).float()[None, None], scale.factor)[0, 0].numpy() > 0.5
            self.items[name] = coarse, inside, np.load(data.WORK / scale.observations / f'{name}.npy', mmap_mode='r')

    def sampler(self, generator):
        return data.Sampler(self.items, generator)


def crop_start(inside, edge, generator):
    voxels = np.argwhere(inside[::2, ::2, ::2]) * 2
    center = voxels[generator.integers(len(voxels))]
    return np.array([int(np.clip(c - edge // 2 + generator.integers(-6, 7), 0, n - edge))
                     for c, n in zip(center, inside.shape)])


def observed_at(y, coarse_points, generator, ratio):
    """y at one random of the ratio^3 voxels in each voxel of g; coarse_points [P, 3] (z, y, x). Returns [P, channels]."""
    fine = coarse_points * ratio + generator.integers(ratio, size=coarse_points.shape)
    return torch.from_numpy(y[:, fine[:, 0], fine[:, 1], fine[:, 2]].astype(np.float32).T)


def gather(features, points):
    """features [C, D, H, W] at integer points [P, 3] (z, y, x) -> [P, C]."""
    return features[:, points[:, 0], points[:, 1], points[:, 2]].T


def widen(_):
    """The observations of the wide scale: those of `observe` averaged over 8 mm and standardised once more, float16."""
    pooled, sums = {}, []
    for name, (_, body) in data.load('training').items():
        y = np.load(data.WORK / FINE.observations / f'{name}.npy', mmap_mode='r')
        slabs = [F.avg_pool3d(torch.from_numpy(y[:, z:z + config.WIDE].astype(np.float32))[None], config.WIDE)[0]
                 for z in range(0, y.shape[1] - config.WIDE + 1, config.WIDE)]
        pooled[name] = torch.cat(slabs, 1)
        inside = F.avg_pool3d(torch.from_numpy(body).float()[None, None], config.WIDE)[0, 0] > 0.5
        sample = pooled[name][:, inside].double()
        sums.append((sample.shape[1], sample.sum(1), sample.pow(2).sum(1)))
    count = sum(s[0] for s in sums)
    mean = sum(s[1] for s in sums) / count
    sd = (sum(s[2] for s in sums) / count - mean ** 2).sqrt()
    np.savez(data.WORK / 'wide-standardise.npz', mean=mean.float().numpy(), sd=sd.float().numpy())
    (data.WORK / WIDE.observations).mkdir(exist_ok=True)
    for name, y in pooled.items():
        scaled = (y - mean.float()[:, None, None, None]) / sd.float()[:, None, None, None]
        np.save(data.WORK / WIDE.observations / f'{name}.npy', scaled.half().numpy())


def train_condition(arguments, scale=FINE):
    """Masking invariance by InfoNCE between two overlapping crops, blocks hidden in one or both; beside it the
    density model's own likelihood at hidden voxels, which asks the context to foretell the descriptor."""
    volumes = Coarse(scale, arguments.allow_missing)
    torch.manual_seed(config.SEED + 1)
    g = Condition().to(DEVICE)
    g.unet.load_state_dict(load_descriptor().unet.state_dict())
    g.unet.requires_grad_(True)
    channels_last(g)
    head = Projector(256).to(DEVICE)
    q = Density(config.DESCRIPTOR_DIM + len(config.HU_SIGMAS_MM)).to(DEVICE)
    steps = arguments.steps or scale.steps
    stage = Stage(scale.condition, {'g': g, 'head': head, 'q': q}, steps, 2e-3, arguments.more)
    pairs, count, edge = scale.pairs, scale.points, scale.crop

    def step(index, generator):
        ratio = 0.2 + (config.MASK_RATIO - 0.2) * min(1, index / (0.5 * steps))
        sampler = volumes.sampler(generator)
        crops, masks, points, targets = [], [], [], []
        for _ in range(pairs):
            coarse, inside, y = sampler.draw()
            first = crop_start(inside, edge, generator)
            shift = generator.integers(-scale.shift, scale.shift + 1, size=3)
            second = np.clip(first + shift, 0, np.array(inside.shape) - edge)
            low, high = np.maximum(first, second), np.minimum(first, second) + edge
            candidates = np.argwhere(inside[tuple(slice(a, b) for a, b in zip(low, high))])
            if len(candidates) == 0:
                candidates = np.argwhere(np.ones(high - low, bool))
            chosen = candidates[generator.integers(len(candidates), size=count)] + low
            both = generator.random() < 0.5
            for view, start in enumerate((first, second)):
                crops.append(augment(coarse[(slice(None), *[slice(s, s + edge) for s in start])], generator,
                                     2.0 * scale.factor))
                masks.append(random_mask(generator, ratio if both or view == 0 else 0, edge))
                points.append(torch.from_numpy(chosen - start))
                targets.append(observed_at(y, chosen, generator, scale.ratio))
        mask = torch.stack(masks).to(DEVICE)
        with autocast():
            c = g(channels_last(torch.stack(crops).to(DEVICE)), channels_last(mask))
        at = torch.stack([gather(features, p) for features, p in zip(c.float(), points)])      # [2 pairs, P, 32]
        hidden = torch.stack([gather(m, p) for m, p in zip(mask, points)])[..., 0] < 0.5
        z = head(at.flatten(0, 1)).view(pairs, 2, count, -1)
        contrast = info_nce(z[:, 0].flatten(0, 1), z[:, 1].flatten(0, 1), CONDITION_TEMPERATURE)
        mean, log_sd = q(at[hidden].T[None, :, :, None, None])
        target = torch.stack(targets).to(DEVICE)[hidden]
        target = target + 0.1 * torch.randn_like(target)
        nll = negative_log_likelihood(target.T[None, :, :, None, None], mean, log_sd).mean() / target.shape[1]
        explained = 1 - (target.T - mean[0, :, :, 0, 0].detach()).pow(2).mean() / target.var(0).mean()
        return contrast + 2 * nll, {'contrast': float(contrast.detach()), 'nll': float(nll.detach()), 'explained': float(explained)}

    stage.run(step)


# --- density ----------------------------------------------------------------------------------------------------

def load_condition(stage):
    """g and q as a stage left them: of a condition, or of a density for the final ones."""
    g, q = Condition().to(DEVICE), Density(config.DESCRIPTOR_DIM + len(config.HU_SIGMAS_MM)).to(DEVICE)
    stored = torch.load(data.WORK / f'{stage}.pt', map_location=DEVICE)
    g.load_state_dict(stored['g'])
    q.load_state_dict(stored['q'])
    return g.requires_grad_(False), q


def draw_tile(volumes, generator, scale):
    """A tile as at inference: (coarse [1, 2, edge^3], body points [P, 3] (z, y, x), y [P, channels], relative position of
    the points in the volume [P, 3] (x, y, z), in (0, 1))."""
    coarse, inside, y = volumes.sampler(generator).draw()
    edge = config.PATCH // scale.factor
    start = crop_start(inside, edge, generator)
    tile = coarse[(slice(None), *[slice(s, s + edge) for s in start])][None].to(DEVICE)
    points = np.argwhere(inside[tuple(slice(s, s + edge) for s in start)])
    points = points[generator.integers(len(points), size=4096)]
    position = torch.from_numpy(((points + start + 0.5) / inside.shape)[:, ::-1].astype(np.float32))
    return tile, points, observed_at(y, points + start, generator, scale.ratio), position


def train_density(arguments, scale=FINE):
    """q on the condition as inference reads it, after BatchNorm of g has been recalibrated on the masks of inference; f and
    g frozen; noise 0.1 on the descriptors."""
    volumes = Coarse(scale, arguments.allow_missing)
    g, q = load_condition(scale.condition)
    stage = Stage(scale.density, {'g': g, 'q': q}, arguments.steps or 400, 1e-3)
    if stage.step == 0:
        recalibrate(g, volumes, scale)
    g.eval()

    def step(_, generator):
        tile, points, y, _ = draw_tile(volumes, generator, scale)
        with torch.no_grad(), autocast():
            c = [gather(CONDITION_OF[reading](g, tile).float()[0], points) for reading in config.READINGS]
        mean, log_sd = q(as_volume(torch.cat(c)))
        y = y.to(DEVICE).repeat(len(c), 1)
        target = as_volume(y + 0.1 * torch.randn(y.shape, device=DEVICE))
        nll = negative_log_likelihood(target, mean, log_sd).mean() / y.shape[1]
        explained = 1 - (target - mean).pow(2).mean() / target[0].var(1).mean()
        return nll, {'explained': float(explained)}

    stage.run(step)


def recalibrate(g, volumes, scale, tiles=60):
    """BatchNorm statistics of g as a plain average over tiles masked as at inference."""
    norms = [m for m in g.modules() if isinstance(m, nn.BatchNorm3d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    g.train()
    board = checkerboard(config.PATCH // scale.factor)
    masks = torch.cat([mask for reading in config.READINGS for mask in {
        'seen': [torch.ones_like(board)], 'hidden': [board, 1 - board]}[reading]]).to(DEVICE)
    for index in range(tiles):
        tile, *_ = draw_tile(volumes, np.random.default_rng([config.SEED, index]), scale)
        with torch.no_grad(), autocast():
            g(tile.repeat(len(masks), 1, 1, 1, 1), masks)


# --- distillation -----------------------------------------------------------------------------------------------

def score(arguments):
    """Score maps of the training and the calibration volumes by `work/<graph>.onnx` (export.py density, distilled), blended as
    the product blends them, float16 [z, y, x]."""
    run = model_package.tile_scorer(data.WORK / f'{arguments.graph}.onnx', arguments.threads)
    folder = data.WORK / f'scores-{arguments.graph}'
    folder.mkdir(exist_ok=True)
    for name in [*config.CALIBRATION, *data.names('training')]:
        if not (folder / f'{name}.npz').exists():
            images, body = model_package.read_volume(name)
            scores, covered = model_package.score_volume(run, images, body)
            np.savez(folder / f'{name}.npz', score=scores.astype(np.float16), covered=covered & body)
            print('scored', name, flush=True)


def train_distilled(arguments):
    """A single UNet learns the score map, tails moved, from the image by mean squared error over body voxels (the paper,
    section on distillation). It starts from the descriptor's UNet, which works at the same voxel size."""
    moved = tails.stored('density')
    volumes, values = {}, []
    for name, (images, _) in data.load('training').items():
        with np.load(data.WORK / 'scores-density' / f'{name}.npz') as stored:
            score, covered = stored['score'].astype(np.float32), stored['covered']
        # The images are padded at their ends.
        hu = np.ascontiguousarray(images[1][tuple(slice(n) for n in score.shape)])
        score = tails.move_volume(moved, score, hu).astype(np.float16)
        pad = [(0, padded - n) for padded, n in zip(images.shape[1:], covered.shape)]
        volumes[name] = images, np.pad(covered, pad), np.pad(score, pad)
        values.append(score[covered][::101].astype(np.float32))
    values = np.concatenate(values)
    torch.manual_seed(config.SEED + 3)
    student = Student().to(DEVICE)
    student.unet.load_state_dict(load_descriptor().unet.state_dict())
    student.unet.requires_grad_(True)
    student.mean.fill_(float(values.mean()))
    student.sd.fill_(float(values.std()))
    channels_last(student)
    stage = Stage('distilled', {'student': student}, arguments.steps or 600, 2e-3, arguments.more)

    def step(_, generator):
        images, covered, score = data.Sampler(volumes, generator).draw()
        start = crop_start(covered, config.PATCH, generator)
        crop = tuple(slice(s, s + config.PATCH) for s in start)
        with autocast():
            out = student(channels_last(torch.from_numpy(images[(slice(None), *crop)])[None].to(DEVICE)))
        inside = torch.from_numpy(covered[crop]).to(DEVICE)
        target = torch.from_numpy(score[crop].astype(np.float32)).to(DEVICE)[inside]
        difference = (out.float()[0, 0][inside] - target) / student.sd
        explained = 1 - difference.pow(2).mean() * student.sd ** 2 / target.var()
        return difference.pow(2).mean(), {'explained': float(explained.detach())}

    stage.run(step)


# --- committed weights ------------------------------------------------------------------------------------------

KEPT = pathlib.Path(__file__).parent / 'checkpoints' / 'weights.pt'
# What each stage leaves behind that later ones need.
KEPT_OF = {'descriptor': ['f'], 'condition': ['g', 'q'], 'density': ['g', 'q'], 'wide': ['g', 'q'],
           'wide-density': ['g', 'q'], 'distilled': ['student']}
KEPT_SCALES = ['standardise', 'wide-standardise']


def keep(_):
    """The weights of every finished stage without projectors and optimisers, as float16. A condition that a density was
    trained on is the same but for its BatchNorm statistics: it is left out."""
    KEPT.parent.mkdir(exist_ok=True)
    kept = {}
    for stage, modules in KEPT_OF.items():
        file = data.WORK / f'{stage}.pt'
        if file.exists():
            stored = torch.load(file, map_location='cpu')
            # Whole numbers: PyTorch 1.13 reads no floats where it reads weights only.
            kept[stage] = {key: int(stored[key]) for key in ('step', 'seconds')}
            if stage not in (FINE.condition, WIDE.condition):
                kept[stage] |= {m: {k: v.half() if v.is_floating_point() else v for k, v in stored[m].items()}
                                for m in modules}
    for name in KEPT_SCALES:
        with np.load(data.WORK / f'{name}.npz') as s:
            kept[name] = {k: torch.from_numpy(v) for k, v in s.items()}
    torch.save(kept, KEPT)


def restore(_):
    """Writes the kept weights as finished stages into work/; refuses to replace what is there."""
    kept = torch.load(KEPT, map_location='cpu', weights_only=True)
    data.WORK.mkdir(exist_ok=True)
    for scale in (FINE, WIDE):
        kept[scale.condition] |= {m: kept[scale.density][m] for m in KEPT_OF[scale.density]}
    for stage in kept.keys() - KEPT_SCALES:
        file = data.WORK / f'{stage}.pt'
        if file.exists():
            raise SystemExit(f'{file} exists; move it away first')
        modules = {m: {k: v.float() if v.is_floating_point() else v for k, v in kept[stage][m].items()}
                   for m in KEPT_OF[stage]}
        torch.save({**kept[stage], **modules}, file)
    for name in KEPT_SCALES:
        np.savez(data.WORK / f'{name}.npz', **{k: v.numpy() for k, v in kept[name].items()})


STAGES = {
    'descriptor': train_descriptor, 'observe': observe, 'condition': train_condition, 'density': train_density,
    'widen': widen, 'wide': functools.partial(train_condition, scale=WIDE),
    'wide-density': functools.partial(train_density, scale=WIDE), 'score': score, 'distilled': train_distilled,
    'keep': keep, 'restore': restore,
}

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('stage', choices=STAGES)
    parser.add_argument('--steps', type=int, help='instead of the default of the stage')
    parser.add_argument('--more', type=int, default=0, help='steps to add to a training that has ended')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--graph', choices=('density', 'distilled'), default='density', help='whose scores the stage `score` writes')
    parser.add_argument('--allow-missing', action='store_true', help='train on the prepared volumes that exist')
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    STAGES[arguments.stage](arguments)
