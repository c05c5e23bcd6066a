"""The graphs that CPUs run fastest are the trained networks, whatever their weights."""
import unittest

import torch
from torch import nn

import config
from fast_graph import FastScreener, FastStudent
from networks import Condition, Density, Descriptor, Screener, Student, Wide, as_packaged
from tails import Tails

OBSERVED = config.DESCRIPTOR_DIM + len(config.HU_SIGMAS_MM)


def untrained(network):
    """With statistics that a BatchNorm folded wrongly would not survive."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return network.eval()


class FastGraphs(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)
        self.tile = torch.rand(1, len(config.PREPROCESSING['channels']), *[config.PATCH] * 3)

    def assert_same(self, plain, fast):
        with torch.no_grad():
            expected, got = as_packaged(plain)(self.tile), fast.eval()(self.tile)
        expected = expected[0] if isinstance(expected, tuple) else expected
        self.assertEqual(got.shape, self.tile[:, :1].shape)
        self.assertLess(float((expected - got).abs().max() / expected.abs().max()), 1e-4)
        self.assertGreater(float(expected.std() / expected.abs().mean()), 1e-3)

    def test_both_scales(self):
        scales = [(untrained(Condition()), Density(OBSERVED), torch.randn(OBSERVED) / 10, torch.rand(OBSERVED) + 0.5)
                  for _ in range(2)]
        screener = untrained(Screener(Descriptor(), *scales[0], Wide(*scales[1])))
        self.assert_same(screener, FastScreener(screener))

    def test_tails(self):
        screener = untrained(Screener(Descriptor(), untrained(Condition()), Density(OBSERVED), torch.randn(OBSERVED) / 10,
                                      torch.rand(OBSERVED) + 0.5))
        with torch.no_grad():
            score = screener(self.tile)[0]
        low, high = [float(score.quantile(q)) for q in (0.5, 0.9)]
        screener.tails = Tails({tissue: ([low, high], [0.0, 0.4 * (high - low)]) for tissue in ('bone', 'rim')})
        with torch.no_grad():
            self.assertGreater(float((score - screener(self.tile)[0]).max()), 0.1 * (high - low))
        self.assert_same(screener, FastScreener(screener))

    def test_distilled(self):
        student = untrained(Student())
        student.mean.fill_(20)
        student.sd.fill_(3)
        self.assert_same(student, FastStudent(student))


if __name__ == '__main__':
    unittest.main()
