"""The tails of the tissues: the graph does what the fit reckoned with, and levels come out alike."""
import unittest

import numpy as np
import torch

import tails


def tissues(generator, count):
    """Scores of soft tissue, lung with a short tail, bone and rim with long ones; smoothed HU map; air around; tissue codes."""
    codes = np.repeat([0, 1, 2, 3], count)
    scale = np.repeat([6.0, 4.0, 9.0, 8.0], count)
    hu = np.repeat([40.0, -800.0, 500.0, 0.0], count) + generator.normal(0, 30, 4 * count)
    around = np.repeat([0, 0, 0, 0.4], count)
    return 30 + scale * generator.gamma(2, 1, 4 * count), mapped(hu), around, codes


def mapped(hu):
    return np.vectorize(tails.mapped)(hu)


class TailsOfTissues(unittest.TestCase):
    def setUp(self):
        self.score, self.smoothed, self.around, self.codes = tissues(np.random.default_rng(0), 100_000)
        voxels = self.score, self.smoothed, self.around, self.codes
        self.tails = tails.fit(voxels, voxels)
        self.straight = tails.straighten(self.tails, self.score, self.smoothed, self.around)

    def test_levels_mean_the_same_in_every_tissue(self):
        other, smoothed, around, codes = tissues(np.random.default_rng(1), 100_000)
        straight = tails.straighten(self.tails, other, smoothed, around)
        for level in (99, 99.9):
            threshold = np.percentile(straight[codes == 0], level)
            for code in (1, 2, 3):
                share = (straight[codes == code] > threshold).mean() / (1 - level / 100)
                self.assertAlmostEqual(share, 1, delta=0.25, msg=f'{level} % of tissue {code}')
        before = (other[codes == 2] > np.percentile(other[codes == 0], 99.9)).mean() / 0.001
        self.assertGreater(before, 5)

    def test_outside_the_tails_nothing_moves_and_the_order_within_a_tissue_stays(self):
        begin = min(knots[0][0] for knots in self.tails.values())
        np.testing.assert_array_equal(self.straight[self.score < begin], self.score[self.score < begin])
        self.assertGreater((self.straight != self.score).sum(), 1000)
        scores = np.linspace(20, 200, 2000)
        for hu in (-900, -420, 40, 150, 1000):
            for around in (0, 0.15, 1):
                straight = tails.straighten(self.tails, scores, np.full(2000, tails.mapped(hu)), np.full(2000, around))
                self.assertGreater(np.diff(straight).min(), 0)

    def test_the_graph_is_the_same_function(self):
        got = tails.Tails(self.tails)(*map(torch.from_numpy, (self.score, self.smoothed, self.around))).numpy()
        np.testing.assert_allclose(got, self.straight, atol=1e-6)


if __name__ == '__main__':
    unittest.main()
