"""From the names and shapes of a file's tensors to the network they belong to, with every weight in its place."""
import re

from glow import Glow
from official.files import WeightsError
from official.screener import Embedding, GaussianDensity
from official.unet_a import UNetA
from official.unet_b import UNUSED, UNetB

FIRST_OF = {'A': 'unet.encoder_stages.0.0.conv_1.weight', 'B': 'unet.encoder_stages.0.res_blocks.0.conv_1.weight'}


def embedding(tensors, role):
    """The descriptor or condition model in `tensors`, and what was found, as a sentence.

    role: 'descriptor' or 'condition'; where a file holds several models, the one named `<role>_model.` is taken.
    Raises WeightsError, naming what is missing or too much.
    """
    found = {name[:-len(first)]: generation for generation, first in FIRST_OF.items()
             for name in tensors if name.endswith(first)}
    prefix = pick(found, role)
    generation = found[prefix]
    own = {name[len(prefix):]: value for name, value in tensors.items()
           if name.startswith((f'{prefix}unet.', f'{prefix}convs.'))}
    unused = [name for name in own if UNUSED in name] if generation == 'B' else []
    own = {name: value for name, value in own.items() if name not in unused}
    shapes = {name[len('unet.'):]: tuple(value.shape) for name, value in own.items() if name.startswith('unet.')}
    try:
        unet = (UNetA if generation == 'A' else UNetB).like(shapes)
        stem = shapes['encoder_stages.0.0.conv_1.weight' if generation == 'A' else 'stem_conv.weight']
        dim = own['convs.0.weight'].shape[0]
    except (KeyError, IndexError) as error:
        raise WeightsError(f'the {role} model is incomplete: {error} is not in the file.') from error
    if stem[1] not in (1, 2):
        raise WeightsError(f'the {role} model takes {stem[1]} channels; only an image, with or without a mask, is known.')
    channels = [own[f'convs.{i}.weight'].shape[1] for i in range(sum(n.endswith('weight') for n in own if n[:6] == 'convs.'))]
    model = Embedding(unet, channels, dim, stem[1])
    load(model, own, f'the {role} model')
    told = (f"{role}: generation {generation}, channels {', '.join(map(str, channels))}, {dim} numbers per voxel"
            f"{', with a mask' if model.takes_mask else ''}")
    if unused:
        told += f'; left out: {len(unused)} tensors of attention blocks, whose result their own code does not use'
    return model, told


def pick(found, role):
    """Prefix of the model to take from a file that may hold several."""
    named = [prefix for prefix in found if prefix.endswith(f'{role}_model.')]
    if len(named) == 1:
        return named[0]
    if len(found) == 1:
        return next(iter(found))
    there = ', '.join(repr(prefix) for prefix in found)
    raise WeightsError(f'it is not clear which model of the file is the {role} model: {there}.' if found else
                       f'there is no UNet of a known kind in the file of the {role} model.')


def density(tensors):
    """The Glow flow or Gaussian MLP in `tensors`, how many numbers per voxel it takes for a condition (0: none), and
    what was found, as a sentence. Raises WeightsError."""
    blocks = {m[1] for m in (re.match(r'(.*?)glow_blocks\.0\.inv_linear\.weight$', name) for name in tensors) if m}
    if len(blocks) == 1:
        return glow(tensors, blocks.pop())
    return gaussian(tensors)


def glow(tensors, prefix):
    own = {name[len(prefix):]: value for name, value in tensors.items() if name.startswith(f'{prefix}glow_blocks.')}
    dim = own['glow_blocks.0.inv_linear.weight'].shape[0]
    if 'glow_blocks.0.affine_coupling.mlp.0.weight' not in own:
        raise WeightsError('the flow has no coupling in its first block.')
    hidden, first = own['glow_blocks.0.affine_coupling.mlp.0.weight'].shape[:2]
    depth = 1 + max(int(name.split('.')[1]) for name in own)
    model = Glow(dim, first - dim // 2, hidden, depth)
    load(model, own, 'the flow')
    condition = first - dim // 2
    return model, condition, f'density: Glow flow, {depth} blocks, hidden {hidden}, condition of {condition} numbers'


def gaussian(tensors):
    convolutions = sorted((m[1], int(m[2])) for m in (re.match(r'(.*?)(\d+)\.weight$', name) for name, value in tensors.items()
                                                      if value.dim() == 5 and value.shape[2:].numel() == 1) if m)
    prefixes = {prefix for prefix, _ in convolutions}
    if len(prefixes) != 1:
        raise WeightsError('the file of the density holds neither a Glow flow nor one numbered row of 1x1x1 convolutions.')
    prefix, numbers = prefixes.pop(), [number for _, number in convolutions]
    step = numbers[1] - numbers[0] if len(numbers) > 1 else 1
    shapes = [tensors[f'{prefix}{n}.weight'].shape for n in numbers]
    model = GaussianDensity([shapes[0][1], *[s[0] for s in shapes]], step)
    load(model, {f'layers.{name[len(prefix):]}': v for name, v in tensors.items() if name.startswith(prefix)}, 'the Gaussian')
    return model, shapes[0][1], f'density: Gaussian, {len(numbers)} layers, condition of {shapes[0][1]} numbers'


def load(model, tensors, what):
    """Strict: every weight of the network is in the file, and every one of the file in the network."""
    wanted = model.state_dict()
    missing, unexpected = sorted(wanted.keys() - tensors.keys()), sorted(tensors.keys() - wanted.keys())
    misfits = [f'{name} is {tuple(tensors[name].shape)}, not {tuple(wanted[name].shape)}' for name in wanted
               if name in tensors and tensors[name].shape != wanted[name].shape]
    problems = [f'{label}: {", ".join(names[:8])}{f" and {len(names) - 8} more" if len(names) > 8 else ""}'
                for label, names in (('missing', missing), ('unexpected', unexpected), ('other shape', misfits)) if names]
    if problems:
        raise WeightsError(f'{what} does not fit the network that its names describe; {"; ".join(problems)}.')
    model.load_state_dict(tensors)
