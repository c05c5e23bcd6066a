"""Inserted lesions: where they say they are, apart from each other, with noise like the scan's, the same every time.

    cd models/recipe && python3 -m unittest tests.test_lesions
"""
import json
import pathlib
import tempfile
import unittest

import nibabel
import numpy as np
from scipy import ndimage

import lesions
from insert_lesions import IGNORE, REAL_LESION, from_canonical, with_lesions, write_cases
from measure_cases import labels_on_model_grid
from preprocessing import canonical_grid, resample_linear, to_canonical

SPACING = (3.0, 3.0, 4.0)


def trunk(seed=0):
    """HU [z, y, x] of a body 240 x 180 mm wide and 200 mm tall: tissue, two lungs above, two bright kidneys below, a spine."""
    z, y, x = np.ogrid[:50, :66, :86]
    x, y, z = (x - 42.5) * 3, (y - 32.5) * 3, (z - 24.5) * 4
    hu = np.full((50, 66, 86), -1000.0)
    hu[np.broadcast_to((x / 120) ** 2 + (y / 90) ** 2 < 1, hu.shape)] = 60
    for side in (-60, 60):
        hu[((x - side) / 42) ** 2 + (y / 60) ** 2 + ((z - 60) / 70) ** 2 < 1] = -850
        hu[((x - side) / 25) ** 2 + ((y - 30) / 22) ** 2 + ((z + 55) / 40) ** 2 < 1] = 190
    spine = np.broadcast_to(x ** 2 + (y - 55) ** 2 < 22 ** 2, hu.shape)
    hu[spine] = 300
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(hu.shape), (0.5, 0.7, 0.7))
    return (hu + noise / noise.std() * np.where(spine, 90, 12)).astype(np.float32)      # bone is coarse


class Lesions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hu = trunk()
        cls.where = lesions.regions(cls.hu, SPACING)
        cls.noise = lesions.noise_of(cls.hu, SPACING, cls.where['organ'])
        cls.real = np.zeros(cls.hu.shape, bool)
        cls.real[30:33, 20:24, 20:24] = True
        cls.made, cls.labels, cls.kinds = cls.insert(seed=1)

    @classmethod
    def insert(cls, seed):
        return with_lesions(cls.hu, SPACING, cls.where, cls.noise, np.random.default_rng(seed), cls.real)

    def test_both_kidneys_are_found_on_contrast_and_none_without(self):
        self.assertEqual(ndimage.label(self.where['kidneys'])[1], 2)
        plain = np.where((self.hu > 120) & (self.hu < 250), 40, self.hu)
        self.assertFalse(lesions.find_kidneys(plain, self.where['body'], SPACING).any())

    def test_bone_is_the_spine_and_neither_kidney_nor_an_aorta_full_of_contrast(self):
        z, y, x = np.ogrid[:50, :66, :86]
        aorta = np.broadcast_to((x - 42.5) ** 2 + (y - 28) ** 2 < 5 ** 2, self.hu.shape)
        bone = lesions.find_bone(np.where(aorta, 350, self.hu), self.where['kidneys'], SPACING)
        spine = np.broadcast_to((x - 42.5) ** 2 + (y - 32.5 - 55 / 3) ** 2 < (22 / 3) ** 2, self.hu.shape)
        self.assertGreater(bone[spine].mean(), 0.6)
        self.assertGreater(spine[bone].mean(), 0.95)

    def test_the_noise_of_the_scan_is_measured(self):
        sd, sigmas = self.noise
        self.assertAlmostEqual(sd, 12, delta=2.5)
        np.testing.assert_allclose(sigmas, (0.5, 0.7, 0.7), atol=0.15)

    def test_every_label_has_a_kind_and_the_other_way_round(self):
        self.assertEqual(set(np.unique(self.labels)) - {0}, set(self.kinds))
        self.assertEqual(self.kinds[REAL_LESION], IGNORE)
        self.assertGreaterEqual(len(self.kinds), 9)

    def test_only_what_is_wanted_is_made(self):
        generator = np.random.default_rng(1)
        _, labels, kinds = with_lesions(self.hu, SPACING, self.where, self.noise, generator, wanted=['nodule solid'])
        self.assertEqual((kinds, set(np.unique(labels))), ({1: 'nodule solid'}, {0, 1}))

    def test_lesions_keep_apart_from_each_other_and_from_real_ones(self):
        for label in self.kinds:
            others = (self.labels > 0) & (self.labels != label)
            nearest = ndimage.distance_transform_edt(~(self.labels == label), SPACING[::-1])[others].min()
            self.assertGreater(nearest, lesions.GAP_MM)

    def test_nothing_changes_far_from_a_lesion_nor_in_the_real_one(self):
        far = ndimage.distance_transform_edt(self.labels == 0, SPACING[::-1]) > 25
        np.testing.assert_array_equal(self.made[far], self.hu[far])
        np.testing.assert_array_equal(self.made[self.real], self.hu[self.real])

    def test_values_inside_are_those_of_the_kind(self):
        for label, kind in self.kinds.items():
            if kind in (IGNORE, 'nodule ground glass'):
                continue
            low, high = lesions.KINDS[kind][2]
            core = ndimage.binary_erosion(self.labels == label)
            if core.sum() < 10:
                continue
            inside = self.made[core] - (self.hu[core] if kind in lesions.OFFSETS else 0)
            self.assertTrue(low - 40 < np.median(inside) < high + 40, f'{kind}: {np.median(inside)}')

    def test_the_same_seed_gives_the_same_lesions_and_another_gives_others(self):
        np.testing.assert_array_equal(self.insert(seed=1)[1], self.labels)
        self.assertTrue((self.insert(seed=2)[1] != self.labels).any())


class Cases(unittest.TestCase):
    def test_a_case_lies_on_the_grid_of_its_source(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            source = from_canonical(trunk(), (0, 1, 2), (True, True, False)).astype(np.int16)
            affine = np.diag([3.0, 3, 4, 1])
            affine[:3, 3] = 10, -20, 30
            nibabel.save(nibabel.Nifti1Image(source, affine), folder / 'one.nii.gz')
            write_cases('one', folder / 'one.nii.gz', None, folder, 1, [1, 0])
            ct, mask = nibabel.load(folder / 'one' / 'ct.nii.gz'), nibabel.load(folder / 'one' / 'mask.nii.gz')
            kinds = json.loads((folder / 'one' / 'lesions.json').read_text())
            for image in (ct, mask):
                np.testing.assert_array_equal(image.affine, affine)
            labels, made = np.asanyarray(mask.dataobj), np.asanyarray(ct.dataobj)
            self.assertEqual((made.dtype, labels.dtype), (np.int16, np.uint16))
            self.assertEqual({str(v) for v in np.unique(labels) if v}, set(kinds))
            self.assertGreater(np.abs(made - source)[labels > 0].mean(), 10 * np.abs(made - source)[labels == 0].mean())

    def test_leaving_canonical_orientation_undoes_entering_it(self):
        array = np.random.default_rng(0).integers(0, 9, (4, 5, 6))
        affine = np.array([[0, 0, 2.0, 0], [-3, 0, 0, 0], [0, 4, 0, 0], [0, 0, 0, 1]])
        axes, flips, *_ = canonical_grid(array.shape, affine)
        np.testing.assert_array_equal(from_canonical(to_canonical(array, affine)[0], axes, flips), array)

    def test_labels_on_the_models_grid_lie_where_the_resampled_volume_has_them(self):
        labels = np.zeros((40, 44, 30), np.uint16)
        labels[6:20, 12:30, 8:20] = 3
        affine = np.diag([-1.5, -1.5, 2.5, 1])
        box = ((2, 40), (3, 44), (1, 30))
        canonical = to_canonical(labels, affine)[0][1:30, 3:44, 2:40].astype(float)
        linear = resample_linear(canonical, (1.5, 1.5, 2.5), (2, 2, 2))
        got = labels_on_model_grid(labels, affine, box, linear.shape)
        sure = np.abs(linear - 1.5) > 1.4      # off the border, where nearest and linear may differ
        np.testing.assert_array_equal((got == 3)[sure], (linear > 1.5)[sure])
        self.assertGreater((got == 3).sum(), 500)


if __name__ == '__main__':
    unittest.main()
