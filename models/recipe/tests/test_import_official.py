"""Weights of others: read without running them, rebuilt from their names, packaged.

The files of Screener's authors are not at hand. authors_code.json holds what their public code says: names and shapes of
small networks of both generations, and the scores it gives with weights by formula (authors.py).

    cd models/recipe && python3 -m unittest tests.test_import_official
"""
import importlib.util
import json
import pathlib
import pickle
import struct
import tempfile
import unittest

import nibabel
import numpy as np
import torch

import import_official
from glow import Glow
from import_official import assemble
from official.files import WeightsError, read_tensors
from official.layers import TileNorm
from tests.authors import image_of, weights_of

torch.set_num_threads(1)
RECORDED = json.loads((pathlib.Path(__file__).parent / 'authors_code.json').read_text())
HAS_RUNTIME = importlib.util.find_spec('onnxruntime') is not None


def recorded_weights(generation):
    return weights_of(RECORDED[generation]['shapes'])


def as_safetensors(tensors):
    """Bytes of a file by the published format."""
    header, data = {}, b''
    for name, tensor in tensors.items():
        raw = tensor.contiguous().numpy().tobytes()
        dtype = {torch.float32: 'F32', torch.float16: 'F16', torch.uint8: 'U8'}[tensor.dtype]
        header[name] = {'dtype': dtype, 'shape': list(tensor.shape), 'data_offsets': [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps({'__metadata__': {'format': 'pt'}, **header}).encode()
    return struct.pack('<Q', len(text)) + text + data


class Networks(unittest.TestCase):
    def test_both_generations_score_as_the_authors_code_does(self):
        for generation in 'AB':
            with self.subTest(generation):
                weights, recorded = recorded_weights(generation), RECORDED[generation]
                network, told = assemble(weights, None, weights)
                # Their arrays run toward Posterior, Left and Inferior; ours are [toward Superior, Posterior, Left].
                ours = image_of(recorded['size']).permute(0, 1, 4, 2, 3).flip(2)
                with torch.no_grad():
                    score = network(ours)[0, 0].flip(0).permute(1, 2, 0)
                np.testing.assert_allclose(score[::5, ::5, ::5].flatten().numpy(), recorded['scores'], atol=2e-4)
                self.assertIn(f'generation {generation}', told[0])

    def test_attention_blocks_are_left_out_and_that_is_said(self):
        weights = recorded_weights('B')
        self.assertIn('7 tensors of attention blocks', assemble(weights, None, weights)[1][0])

    def test_tile_norm_is_group_norm_and_instance_norm(self):
        x = 3 + 2 * torch.randn(1, 8, 3, 4, 5)
        for groups, reference in ((2, torch.nn.GroupNorm(2, 8)), (8, torch.nn.InstanceNorm3d(8, affine=True))):
            norm = TileNorm(8, groups)
            torch.nn.init.uniform_(norm.weight)
            reference.load_state_dict(norm.state_dict())
            torch.testing.assert_close(norm(x), reference(x), atol=1e-5, rtol=1e-5)

    def test_masked_inference_reads_the_condition_only_where_the_voxel_is_hidden(self):
        weights = recorded_weights('A')
        density = Glow(4, 4, hidden=6, depth=1).state_dict()
        network, _ = assemble(weights, weights, density, hidden_block=4)
        image = torch.rand(1, 1, 8, 8, 8)
        changed = image.clone()
        changed[..., :4, :4, :4] = 0      # one block: hidden in the one pass, what it shows in the other is not read there
        with torch.no_grad():
            before, after = network.condition(image), network.condition(changed)
        torch.testing.assert_close(before[..., :4, :4, :4], after[..., :4, :4, :4])
        self.assertGreater(float((before - after).abs().max()), 1e-3)

    def test_a_gaussian_density_is_that_of_torch_distributions(self):
        generator = torch.Generator().manual_seed(1)
        shapes = {'mlp.0': (16, 4), 'mlp.2': (16, 16), 'mlp.4': (8, 16)}
        density = {f'{name}.weight': torch.randn(*shape, 1, 1, 1, generator=generator) for name, shape in shapes.items()}
        density |= {f'{name}.bias': torch.randn(shape[0], generator=generator) for name, shape in shapes.items()}
        weights = recorded_weights('A')
        network, _ = assemble(weights, weights, density, axes='SPL')
        image = torch.rand(1, 1, 8, 8, 8, generator=generator)
        with torch.no_grad():
            y = c = network.f(image)
            for name in ('mlp.0', 'mlp.2', 'mlp.4'):
                c = torch.nn.functional.conv3d(c, density[f'{name}.weight'], density[f'{name}.bias'])
                c = c if name == 'mlp.4' else c.relu()
            mean, log_variance = c.chunk(2, 1)
            expected = -torch.distributions.Normal(mean, torch.exp(0.5 * log_variance)).log_prob(y).sum(1, keepdim=True)
            torch.testing.assert_close(network(image), expected, rtol=1e-4, atol=1e-3)


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, content):
        (self.folder / name).write_bytes(content)
        return self.folder / name

    def test_state_dict_checkpoint_and_safetensors_hold_the_same(self):
        weights = recorded_weights('A')
        torch.save(weights, self.folder / 'a.pt')
        torch.save({'state_dict': {f'_orig_mod.{k}': v for k, v in weights.items()}, 'epoch': 3}, self.folder / 'a.ckpt')
        self.write('a.safetensors', as_safetensors(weights))
        for name in ('a.pt', 'a.ckpt', 'a.safetensors'):
            read = read_tensors(self.folder / name)
            self.assertEqual(read.keys(), weights.keys())
            for key, value in weights.items():
                torch.testing.assert_close(read[key], value)

    def test_code_in_a_file_is_never_run(self):
        marker = self.folder / 'was-run'

        class Harmful:
            def __reduce__(self):
                return pathlib.Path.touch, (marker,)

        torch.save({'state_dict': Harmful()}, self.folder / 'harmful.ckpt')
        pickled = self.write('harmful.pt', pickle.dumps(Harmful()))
        for file in (self.folder / 'harmful.ckpt', pickled):
            with self.assertRaisesRegex(WeightsError, 'could run code'):
                read_tensors(file)
        self.assertFalse(marker.exists())

    def test_a_damaged_safetensors_file_is_refused(self):
        whole = as_safetensors({'a': torch.ones(4)})
        for content in (b'', whole[:4], whole[:-3], struct.pack('<Q', 2 ** 60) + whole[8:], b'\xff' * 40):
            with self.subTest(len(content)), self.assertRaisesRegex(WeightsError, 'is damaged'):
                read_tensors(self.write('damaged.safetensors', content))


class Misfits(unittest.TestCase):
    def refused(self, sentence, descriptor, condition, density, **options):
        with self.assertRaisesRegex(WeightsError, sentence):
            assemble(descriptor, condition, density, **options)

    def test_missing_and_unexpected_weights_are_named(self):
        weights = recorded_weights('A')
        bias = weights.pop('descriptor_model.unet.decoder_stages.0.0.norm_2.bias')
        self.refused('missing: unet.decoder_stages.0.0.norm_2.bias', weights, None, weights)
        weights['descriptor_model.unet.decoder_stages.0.0.norm_2.bias'] = bias
        weights['descriptor_model.unet.extra'] = bias
        self.refused('unexpected: unet.extra', weights, None, weights)

    def test_parts_that_do_not_belong_together_are_refused(self):
        weights = recorded_weights('A')
        conditional = Glow(4, 4, hidden=6, depth=1).state_dict()
        self.refused('give the file of its condition model', weights, None, conditional)
        self.refused('takes no condition', weights, weights, weights)
        self.refused('wants a condition of 5 numbers', weights, weights, Glow(4, 5, 6, 1).state_dict())
        self.refused('one of 6 numbers', weights, None, Glow(6, 0, 6, 1).state_dict())
        self.refused('no UNet of a known kind', {'a': torch.ones(1)}, None, weights)
        self.refused('not clear which model', {**{f'x.{k}': v for k, v in weights.items()},
                                               **{f'y.{k}': v for k, v in weights.items()}}, None, weights)

    def test_without_calibration_volumes_no_package_is_written(self):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / 'mine'
            given = import_official.parse(['--descriptor', 'a.pt', '--density', 'a.pt', '--spacing', '2', '2', '2', '--out',
                                           str(out), '--licence', 'MIT', '--provenance', 'a test'])
            with self.assertRaisesRegex(WeightsError, 'without calibration'):
                import_official.package(given)
            self.assertFalse(out.exists())


@unittest.skipUnless(HAS_RUNTIME, 'needs ONNX Runtime')
class Package(unittest.TestCase):
    def test_random_weights_of_both_generations_become_packages(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / 'normals').mkdir()
            z, y, x = np.ogrid[:30, :30, :30]
            noise = np.random.default_rng(0).normal(0, 20, (30, 30, 30))
            body = np.where((x - 15) ** 2 + (y - 15) ** 2 < 150, 40 + noise, -1000).astype(np.int16)
            nibabel.save(nibabel.Nifti1Image(body, np.diag([-2.0, -2, 2, 1])), folder / 'normals' / 'one.nii.gz')
            for generation in 'AB':
                torch.save(recorded_weights(generation), folder / f'{generation}.pt')
            for generation, options in (('A', ['--no-clahe']), ('B', [])):
                out = folder / f'model-{generation.lower()}'
                file = str(folder / f'{generation}.pt')
                import_official.package(import_official.parse([
                    '--descriptor', file, '--density', file, '--spacing', '2', '2', '2', '--patch', '32', '--threads', '1',
                    '--calibrate', str(folder / 'normals'), '--out', str(out), '--licence', 'MIT',
                    '--provenance', 'Random weights.', '--training-data', 'Nothing=MIT', *options]))
                manifest = json.loads((out / 'model.json').read_text())
                self.assertEqual(manifest['network']['patchSize'], [32, 32, 32])
                self.assertEqual(manifest['preprocessing']['channels'], ['hu' if generation == 'A' else 'clahe'])
                self.assertTrue((np.diff(manifest['calibration']['score']) > 0).all())
                self.assertEqual(manifest['trainingData'], [{'name': 'Nothing', 'licence': 'MIT'}])


if __name__ == '__main__':
    unittest.main()
