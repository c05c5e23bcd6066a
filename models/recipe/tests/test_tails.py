"""The tails of the tissues: levels come out alike, little else moves, and tiles are told apart by what is in them."""
import unittest

import numpy as np
import torch
from scipy import ndimage

import config
import tails

TISSUES = [tissue for step in tails.STEPS for tissue in step]


def voxels(seed, count=100_000):
    """Voxels of soft tissue and of every tissue with a tail, each with a tail of its own length; a fifth of a tissue's
    voxels hold but half of it."""
    generator = np.random.default_rng(seed)
    kinds = np.repeat(['soft tissue', *TISSUES], count)
    scale = np.repeat([6.0, 4.0, 8.0, 7.0, 9.0, 8.0, 7.0], count)
    score = 30 + scale * generator.gamma(2, 1, len(kinds))
    weights = {t: np.where(kinds == t, np.where(generator.random(len(kinds)) < 0.2, 0.5, 1.0), 0.0) for t in TISSUES}
    return torch.from_numpy(score), {t: torch.from_numpy(w) for t, w in weights.items()}, kinds


class TailsOfTissues(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tails = tails.fit(tails.Voxels.of(*voxels(0)))

    def test_levels_mean_the_same_in_every_tissue(self):
        score, weights, kinds = voxels(1)
        straight = tails.moved(self.tails, score, weights).numpy()
        for level in (99, 99.9):
            threshold = np.percentile(straight[kinds == 'soft tissue'], level)
            for tissue in TISSUES:
                share = (straight[kinds == tissue] > threshold).mean() / (1 - level / 100)
                self.assertAlmostEqual(share, 1, delta=0.25, msg=f'{level} % of {tissue}')
        score = score.numpy()
        before = (score[kinds == 'chest bone'] > np.percentile(score[kinds == 'soft tissue'], 99.9)).mean() / 0.001
        self.assertGreater(before, 5)

    def test_outside_the_tails_nothing_moves_and_the_order_within_a_tissue_stays(self):
        score, weights, _ = voxels(0)
        straight = tails.moved(self.tails, score, weights)
        begin = min(scores[0] for scores, _ in self.tails.values())
        np.testing.assert_allclose(straight[score < begin], score[score < begin], rtol=0, atol=1e-9)
        self.assertGreater(int((straight != score).sum()), 1000)
        scores = torch.linspace(20, 250, 2000, dtype=torch.float64)
        for shares in ([1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0], [0, 0, 0, 0.4, 0.3, 0], [0, 0, 0, 1, 0.5, 0.5], [0, 0, 1, 0, 0, 1]):
            rising = tails.moved(self.tails, scores, {t: torch.tensor(w) for t, w in zip(TISSUES, shares)})
            self.assertGreater(float(rising.diff().min()), 0)

    def test_quantiles_of_the_kept_scores_are_those_of_all(self):
        score, weights, kinds = voxels(2)
        half = len(score) // 2
        parts = [tails.Voxels.of(score[s], {t: w[s] for t, w in weights.items()}, kinds[s]) for s in (slice(half), slice(half, None))]
        both = tails.Voxels.joined(parts)
        for kind in ('soft tissue', 'gas', 'end'):
            expected = np.percentile(score.numpy()[kinds == kind], tails.LEVELS)
            np.testing.assert_allclose(both.upper(kind, {}), expected, rtol=0.02)
            np.testing.assert_allclose(both.above(kind, {}, expected), [0.01, 0.001, 0.0001], rtol=0.1, atol=1e-5)

    def test_down_is_piecewise_linear(self):
        tail = self.tails['chest bone']
        at = np.linspace(0, 200, 999)
        np.testing.assert_allclose(tails.down(tail, torch.from_numpy(at)).numpy(), np.interp(at, *tail), atol=1e-9)


class SharesOfATile(unittest.TestCase):
    """A chest of 192 mm: lung in its upper half, a rib beside it and one far below, bowel gas below, air behind."""

    def setUp(self):
        hu = np.full([96, 96, 96], 40.0, np.float32)
        hu[48:, 10:70] = -800
        hu[60:80, 40:50, 40:50] = 500        # beside lung
        hu[10:20, 40:50, 40:50] = 500        # far from it
        hu[8:20, 20:30, 70:82] = -990        # gas
        hu[:, 84:] = -1000                   # outside the body
        image = torch.from_numpy(np.vectorize(tails.mapped)(hu).astype(np.float32))
        self.image = image
        self.shares, self.near = tails.shares(tails.smooth(image, tails.SMOOTHING_MM), tails.ends_of_tile(image.shape))

    def at(self, tissue, *zyx):
        return float(self.shares[tissue][zyx])

    def test_each_place_has_its_tissue(self):
        self.assertGreater(self.at('lung', 70, 30, 20), 0.99)
        self.assertGreater(self.at('chest bone', 70, 45, 45), 0.9)
        self.assertGreater(self.at('bone', 15, 45, 45), 0.9)
        self.assertGreater(self.at('gas', 14, 25, 76), 0.9)
        self.assertGreater(self.at('rim', 30, 83, 40), 0.3)
        for tissue in TISSUES:
            self.assertLess(self.at(tissue, 30, 60, 20), 0.01, tissue)      # soft tissue in the middle

    def test_the_ends_of_the_tile_are_the_ends(self):
        self.assertEqual([self.at('end', *zyx) for zyx in ((0, 50, 50), (50, 95, 50), (50, 50, 2))], [1, 1, 1])
        self.assertEqual(self.at('end', 50, 50, 7), 0)
        np.testing.assert_array_equal(tails.ends_of_volume((40, 96, 200))[0].numpy(), np.arange(40) * 2 + 1)
        np.testing.assert_array_equal(tails.ends_of_volume((40, 96, 200))[1].numpy(), tails.ends_of_tile((96,))[0].numpy())

    def test_smoothing_is_a_gaussian(self):
        x = torch.rand(20, 30, 41)
        sigma = tails.AIR_MM / config.PREPROCESSING['spacingMm'][0]
        expected = ndimage.gaussian_filter(x.double().numpy(), sigma, truncate=3, mode='nearest')
        np.testing.assert_allclose(tails.smooth(x, tails.AIR_MM).numpy(), expected, atol=1e-5)

    def test_a_graph_moves_what_a_volume_moves(self):
        knots = {t: ([30.0, 50.0, 70.0, 90.0], [0.0, 5.0 + i, 9.0, 20.0]) for i, t in enumerate(TISSUES)}
        score = 30 + 80 * torch.rand(self.image.shape)
        graph = tails.Tails(knots)(score, tails.smooth(self.image, tails.SMOOTHING_MM))
        np.testing.assert_allclose(tails.move_volume(knots, score.numpy(), self.image.numpy()), graph.numpy(), atol=1e-4)
        self.assertGreater(float((graph - score).abs().max()), 5)

    def test_an_unknown_tissue_is_refused(self):
        # The whole of tails.json, of two graphs, in place of one graph's: it would move nothing.
        with self.assertRaisesRegex(ValueError, 'not a tissue: density'):
            tails.Tails({'density': {}})


if __name__ == '__main__':
    unittest.main()
