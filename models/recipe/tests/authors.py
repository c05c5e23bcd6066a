"""Weights and an image by formula, so that two implementations can be compared without a file of random numbers."""
import torch


def weights_of(shapes):
    """{name: tensor} of a state_dict with these {name: shape}: waves, around 1 for scales and around I for matrices."""
    weights = {}
    for index, (name, shape) in enumerate(sorted(shapes.items())):
        if name.endswith('initialized'):
            weights[name] = torch.tensor(1, dtype=torch.uint8)
            continue
        size = int(torch.tensor(shape).prod())
        values = 0.2 * torch.sin(index + 1.7 * torch.arange(size, dtype=torch.float64)).float().reshape(shape)
        if 'inv_linear' in name:
            values = values + torch.eye(shape[0]).reshape(shape)
        weights[name] = values + 1 if name.endswith('gamma') or '.norm' in name and name.endswith('weight') else values
    return weights


def image_of(size):
    """[1, 1, *size] in [0, 1]."""
    count = size[0] * size[1] * size[2]
    return (0.5 + 0.5 * torch.sin(0.37 * torch.arange(count, dtype=torch.float64) ** 1.1)).float().reshape(1, 1, *size)
