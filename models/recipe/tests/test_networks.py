"""How the condition is read, and how readings are pooled."""
import unittest

import numpy as np
import torch
from scipy.stats import norm

import config
from networks import CONDITION_OF, Condition, pooled


class Readings(unittest.TestCase):
    def test_hidden_never_sees_the_block_of_the_voxel_and_seen_does(self):
        torch.manual_seed(0)
        g = Condition().eval()
        image = torch.rand(1, len(config.PREPROCESSING['channels']), *[config.PATCH // 2] * 3)
        changed = image.clone()
        block = (..., *[slice(config.MASK_BLOCK, 2 * config.MASK_BLOCK)] * 3)
        changed[block] = 1 - changed[block]
        with torch.no_grad():
            moved = {name: (read(g, image) - read(g, changed)).abs() for name, read in CONDITION_OF.items()}
        self.assertEqual(float(moved['hidden'][block].max()), 0)
        self.assertGreater(float(moved['hidden'].max()), 1e-4)
        self.assertGreater(float(moved['seen'][block].max()), 1e-4)

    def test_pool_is_the_normalised_geometric_mean(self):
        y = np.linspace(-40, 40, 200_001)
        gaussians = [(0.5, -0.7), (2.0, 0.9), (-1.0, 0.2)]
        product = np.exp(sum(norm.logpdf(y, mean, np.exp(log_sd)) for mean, log_sd in gaussians) / len(gaussians))
        product /= product.sum() * (y[1] - y[0])
        mean, log_sd = [float(v) for v in pooled([tuple(map(torch.tensor, g)) for g in gaussians])]
        np.testing.assert_allclose(norm.pdf(y, mean, np.exp(log_sd)), product, atol=1e-6)


if __name__ == '__main__':
    unittest.main()
