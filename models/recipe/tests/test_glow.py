"""The flow is a density: what it says is checked against autograd's Jacobian and against an integral.

    cd models/recipe && python3 -m unittest tests.test_glow
"""
import importlib.util
import math
import pathlib
import tempfile
import unittest
import warnings

import numpy as np
import torch

from glow import Glow

torch.set_num_threads(1)      # small tensors: threads only wait for each other


def random_flow(dim, condition_dim, hidden=16, depth=4, seed=0):
    """A flow whose couplings, act-norms and matrices all do something, in double precision."""
    torch.manual_seed(seed)
    flow = Glow(dim, condition_dim, hidden, depth).double().eval()
    for parameter in flow.parameters():
        torch.nn.init.normal_(parameter, std=0.3) if parameter.dim() == 1 else parameter.data.add_(
            0.3 * torch.randn_like(parameter))
    return flow


class Flow(unittest.TestCase):
    def test_inverse_undoes_forward(self):
        flow = random_flow(5, 3)
        y, c = torch.randn(2, 5, 2, 3, 4).double(), torch.randn(2, 3, 2, 3, 4).double()
        torch.testing.assert_close(flow.inverse(flow(y, c)[0], c), y)

    def test_log_det_is_that_of_the_jacobian(self):
        flow = random_flow(4, 3)
        c = torch.randn(1, 3, 1, 1, 1).double()
        y = torch.randn(4).double()
        jacobian = torch.autograd.functional.jacobian(lambda v: flow(v.view(1, 4, 1, 1, 1), c)[0].flatten(), y)
        expected = torch.linalg.slogdet(jacobian)[1]
        torch.testing.assert_close(flow(y.view(1, 4, 1, 1, 1), c)[1].flatten()[0], expected)

    def test_density_integrates_to_one_for_every_condition(self):
        axis = torch.linspace(-30, 30, 601, dtype=torch.float64)
        cell = float(axis[1] - axis[0])
        line, plane = axis[:, None], torch.cartesian_prod(axis, axis)
        for c in torch.randn(2, 3).double():
            for dim, points in ((1, line), (2, plane)):
                with torch.no_grad():
                    nll = random_flow(dim, 3, depth=2).nll(points, c.expand(len(points), 3))
                self.assertAlmostEqual(float(torch.exp(-nll).sum()) * cell ** dim, 1, delta=1e-3)

    def test_points_and_voxels_agree(self):
        flow = random_flow(4, 2)
        y, c = torch.randn(6, 4).double(), torch.randn(6, 2).double()
        voxels = flow.nll(y.view(6, 4, 1, 1, 1), c.view(6, 2, 1, 1, 1))
        torch.testing.assert_close(flow.nll(y, c), voxels.flatten())

    def test_a_new_coupling_shifts_nothing_and_scales_by_sigmoid_2(self):
        coupling = Glow(6, 3, depth=1).glow_blocks[0].affine_coupling
        y, c = torch.randn(1, 6, 2, 2, 2), torch.randn(1, 3, 2, 2, 2)
        z, log_det = coupling(y, c)
        scale = 1 / (1 + math.exp(-2))
        torch.testing.assert_close(z, torch.cat([y[:, :3], y[:, 3:] * scale], 1))
        torch.testing.assert_close(log_det, torch.full((1, 1, 2, 2, 2), 3 * math.log(scale)))

    def test_the_first_training_batch_sets_the_act_norms_once(self):
        flow = Glow(4, 2, hidden=8, depth=2).train()
        norm = flow.glow_blocks[0].actnorm
        y, c = 5 + 3 * torch.randn(1, 4, 500, 1, 1), torch.randn(1, 2, 500, 1, 1)
        flow(y, c)
        seen = ((y + norm.loc.view(1, 4, 1, 1, 1)) * norm.log_scale.exp().view(1, 4, 1, 1, 1))[0, :, :, 0, 0]
        torch.testing.assert_close(seen.mean(1), torch.zeros(4), atol=1e-4, rtol=0)
        torch.testing.assert_close(seen.std(1), torch.ones(4), atol=1e-4, rtol=0)
        before = norm.loc.clone()
        flow(y + 1, c)
        torch.testing.assert_close(norm.loc, before)

    def test_names_and_shapes_are_those_of_the_authors_files(self):
        state = Glow(32, 0, hidden=512, depth=2).state_dict()
        self.assertEqual(tuple(state['glow_blocks.1.inv_linear.weight'].shape), (32, 32, 1, 1, 1))
        self.assertEqual(tuple(state['glow_blocks.1.affine_coupling.mlp.0.weight'].shape), (512, 16, 1, 1, 1))
        self.assertEqual(tuple(state['glow_blocks.1.affine_coupling.mlp.4.bias'].shape), (32,))
        self.assertEqual(state['glow_blocks.0.actnorm.initialized'].dtype, torch.uint8)

    @unittest.skipUnless(importlib.util.find_spec('onnxruntime'), 'needs ONNX Runtime')
    def test_the_exported_graph_gives_the_same_density(self):
        import onnxruntime
        flow = random_flow(6, 3).float()

        class Score(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.q = flow

            def forward(self, y, c):
                return self.q.nll(y, c)

        y, c = torch.randn(1, 6, 3, 4, 5), torch.randn(1, 3, 3, 4, 5)
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter('ignore', torch.jit.TracerWarning)
            file = str(pathlib.Path(folder) / 'flow.onnx')
            torch.onnx.export(Score().eval(), (y, c), file, opset_version=17, input_names=['y', 'c'])
            session = onnxruntime.InferenceSession(file, providers=['CPUExecutionProvider'])
            got = session.run(None, {'y': y.numpy(), 'c': c.numpy()})[0]
        np.testing.assert_allclose(got, flow.nll(y, c).detach().numpy(), rtol=1e-4, atol=1e-4)


if __name__ == '__main__':
    unittest.main()
