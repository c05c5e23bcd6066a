"""The baselines compute what their names say: checked against SciPy and NumPy.

    cd models/recipe && python3 -m unittest tests.test_baselines
"""
import unittest

import numpy as np
import torch
from scipy import ndimage, stats

import synthetic_anomalies
from baseline_networks import Autoencoder, Gaussian, HuPosition, Segmenter, inverse_hu_map
from config import HU_SIGMAS_MM, SCORE_SIGMA_MM
from preprocessing import hu_map, position_channel

torch.set_num_threads(1)      # small tensors: threads only wait for each other
generator = np.random.default_rng(1)


def smoothed(score):
    sigma = SCORE_SIGMA_MM / 2
    return ndimage.gaussian_filter(score, sigma, mode='nearest', radius=int(3 * sigma + 0.5))


class HuByPosition(unittest.TestCase):
    def test_hu_comes_back_from_the_map_as_far_as_the_map_reaches(self):
        hu = np.linspace(-1200, 1800, 301)
        np.testing.assert_allclose(inverse_hu_map(hu_map(hu)), np.clip(hu, -1000, 1500), atol=0.02)

    def test_score_is_the_deviation_from_the_table_interpolated_as_scipy_does(self):
        bins, shape = 4, (10, 12, 16)
        net = HuPosition(bins)
        net.mean.copy_(torch.from_numpy(generator.normal(0, 200, (bins,) * 3)))
        net.sd.copy_(torch.from_numpy(generator.uniform(50, 150, (bins,) * 3)))
        hu = generator.uniform(-1000, 1500, shape)
        tile = np.stack([hu_map(hu), *[np.broadcast_to(position_channel(name, shape), shape) for name in net.CHANNELS[1:]]])
        mean, sd = [ndimage.zoom(table.numpy(), [n / bins for n in shape], order=1, grid_mode=True, mode='nearest')
                    for table in (net.mean, net.sd)]
        score = net(torch.from_numpy(tile)[None])[0, 0].numpy()
        np.testing.assert_allclose(score, smoothed(np.abs(hu - mean) / sd), rtol=1e-3)


class FullGaussian(unittest.TestCase):
    def test_score_is_the_negative_log_density_of_scipy(self):
        dimension = 2 + len(HU_SIGMAS_MM)
        descriptor = torch.nn.Conv3d(1, 2, 1)
        root = generator.normal(size=(dimension, dimension))
        covariance = root @ root.T + np.eye(dimension)
        mean, y_mean, y_sd = generator.normal(size=(3, dimension))
        y_sd = np.abs(y_sd) + 0.5
        net = Gaussian(descriptor, *[torch.from_numpy(v).float() for v in (y_mean, y_sd, mean, covariance)])
        tile = torch.rand(1, 2, 9, 8, 7)
        with torch.no_grad():
            score = net(tile)[0, 0].numpy()
            described = descriptor(tile[:, :1])[0].numpy()
        hu = tile[0, 1].numpy()
        scales = [ndimage.gaussian_filter(hu, s / 2, mode='nearest', radius=int(1.5 * s + 0.5)) if s else hu
                  for s in HU_SIGMAS_MM]
        y = (np.concatenate([described, scales]) - y_mean[:, None, None, None]) / y_sd[:, None, None, None]
        expected = -stats.multivariate_normal(mean, covariance).logpdf(np.moveaxis(y, 0, -1))
        np.testing.assert_allclose(score, smoothed(expected), rtol=1e-3)


class NetworksOfTheImage(unittest.TestCase):
    def test_a_tile_gives_a_score_for_each_of_its_voxels(self):
        for network in (Autoencoder(), Segmenter()):
            with torch.no_grad():
                score = network.eval()(torch.rand(1, len(network.CHANNELS), 16, 32, 16))
            self.assertEqual(score.shape, (1, 1, 16, 32, 16))

    def test_an_autoencoder_passes_on_far_less_than_it_sees(self):
        net = Autoencoder().eval()
        with torch.no_grad():
            code = net.encoder(torch.rand(1, 2, 32, 32, 32))
        self.assertLess(code.numel() * 100, 2 * 32 ** 3)


class SyntheticAnomalies(unittest.TestCase):
    def setUp(self):
        self.crop = ndimage.gaussian_filter(generator.random((32, 32, 32)), 2).astype(np.float32)
        self.other = generator.random((32, 32, 32)).astype(np.float32)
        self.body = np.indices(self.crop.shape)[0] > 8

    def test_marks_nothing_where_nothing_changed_and_nothing_outside_the_body(self):
        marked = 0
        for seed in range(20):
            pasted, mask = synthetic_anomalies.paste(self.crop, self.other, self.body, np.random.default_rng(seed))
            self.assertTrue(((pasted >= 0) & (pasted <= 1)).all())
            changed = ndimage.maximum_filter(np.abs(pasted - self.crop), 5) > 0
            self.assertFalse((mask.astype(bool) & ~(changed & self.body)).any())
            marked += mask.any()
        self.assertGreater(marked, 10)

    def test_every_kind_changes_the_crop_inside_its_blob_only(self):
        membership = synthetic_anomalies.blob(self.crop.shape, np.random.default_rng(3))
        away = ndimage.distance_transform_edt(membership == 0) > 9
        for kind in synthetic_anomalies.KINDS:
            with self.subTest(kind.__name__):
                change = np.abs(kind(self.crop, membership, self.other, np.random.default_rng(4)) - self.crop)
                self.assertGreater(change[membership > 0.5].max(), 1e-3)
                self.assertLess(change[away].max(), 1e-3)


if __name__ == '__main__':
    unittest.main()
