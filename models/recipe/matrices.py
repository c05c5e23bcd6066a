"""Linear maps along an axis as constant matrices: what fast_graph.py makes of Winograd convolution, interpolation, smoothing."""
import numpy as np
import torch

from config import PREPROCESSING

POINTS = (0, 1, -1, 1 / 2, -1 / 2, 2, -2)    # of F(6, 3), beside infinity


def winograd(outputs, points=POINTS):
    """(A^T [m, n], G [n, 3], B^T [n, n]) of F(m, 3), n = m + 2: A^T ((G g) * (B^T d)) is the correlation of d with g
    (Lavin and Gray, arXiv 1509.09308). B^T is solved for; its rows are scaled by powers of 2 towards 1."""
    points = np.array(points[:outputs + 1], float)
    at = np.c_[points[None] ** np.arange(outputs)[:, None], np.eye(outputs)[:, -1]]
    g = np.r_[points[:, None] ** np.arange(3)[None], [[0, 0, 1]]]
    shifted = np.concatenate([np.eye(outputs, outputs + 2, k) for k in range(3)])
    bt = np.linalg.lstsq(np.concatenate([at * g[:, k] for k in range(3)]), shifted, rcond=None)[0]
    scale = 2.0 ** np.round(np.log2(np.abs(bt).max(1, keepdims=True)))
    return at, g * scale, bt / scale


def winograd_along(length, outputs):
    """Matrices that combine the slices of a whole axis, zeros beyond its ends: before [tiles * n, length], after [length,
    tiles * n], and G. length must be a multiple of outputs."""
    at, g, bt = winograd(outputs)
    n, tiles = outputs + 2, length // outputs
    before, after = np.zeros((tiles * n, length + 2)), np.zeros((length, tiles * n))
    for t in range(tiles):
        before[t * n:(t + 1) * n, t * outputs:t * outputs + n] = bt
        after[t * outputs:(t + 1) * outputs, t * n:(t + 1) * n] = at
    return tensor(before[:, 1:-1]), tensor(after), tensor(g)


def tensor(array):
    return torch.from_numpy(np.ascontiguousarray(array)).float()


def upsampling(length, onto=2):
    """[onto * length, length]: linear interpolation, half-pixel centres, edges replicated (align_corners=False)."""
    position = np.clip((np.arange(onto * length) + 0.5) / onto - 0.5, 0, length - 1)
    lower = np.floor(position).astype(int)
    matrix = np.zeros((onto * length, length))
    rows = np.arange(onto * length)
    np.add.at(matrix, (rows, lower), 1 - (position - lower))
    np.add.at(matrix, (rows, np.minimum(lower + 1, length - 1)), position - lower)
    return tensor(matrix)


def smoothing(length, sigma_mm):
    """[length, length]: the Gaussian of networks.gaussian_smooth along an axis, edges replicated."""
    sigma = sigma_mm / PREPROCESSING['spacingMm'][0]
    radius = int(3 * sigma + 0.5)
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    matrix = np.zeros((length, length))
    rows = np.arange(length)
    for offset, weight in zip(range(-radius, radius + 1), kernel / kernel.sum()):
        np.add.at(matrix, (rows, np.clip(rows + offset, 0, length - 1)), weight)
    return tensor(matrix)


def along_depth(matrix, x):
    """matrix [n, D] applied to the first axis of x."""
    return (matrix @ x.reshape(x.shape[0], -1)).reshape(matrix.shape[0], *x.shape[1:])


def in_plane(matrix, x):
    """matrix [n, H = W] applied to the last two axes of x."""
    return (matrix @ x) @ matrix.T
