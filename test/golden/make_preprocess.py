"""Makes test/golden/preprocess/: what NumPy, SciPy and scikit-image 0.19 say the preprocessing steps give.

    /usr/bin/python3 test/golden/make_preprocess.py

Arrays are raw little-endian, [z, y, x] (x fastest); cases.json names them with type and shape. Every expectation
comes from the library, or from a plain loop, and the recipe's own function (models/recipe/preprocessing.py) must
agree with it before anything is written.
"""
import inspect
import json
import os
import shutil
import sys

import nibabel as nib
import numpy as np
import scipy
import skimage
from scipy import ndimage
from skimage.exposure import _adapthist

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', '..', 'models', 'recipe'))
import preprocessing as recipe  # noqa: E402

OUT = os.path.join(HERE, 'preprocess')
PIVOTS = {'hu': [-1000, -200, 200, 1500], 'value': [0, 0.33, 0.67, 1]}
rng = np.random.default_rng(20261)


def store(name, array):
    array = np.ascontiguousarray(array)
    file = f'{name}.{array.dtype.name}.bin'
    array.tofile(os.path.join(OUT, file))
    return {'file': file, 'dtype': array.dtype.name, 'dims': list(array.shape[::-1])}


def patient(shape, ellipse=0.42, smooth=1.0):
    """A soft ellipsoid with air inside it and a couch below, in noise: Int16 HU."""
    z, y, x = np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing='ij')
    r = np.sqrt(x ** 2 + y ** 2 * 1.4 + z ** 2 * 0.5)
    hu = np.where(r < ellipse * 2, 40.0, -1000.0)
    hu[np.sqrt((x - 0.3) ** 2 + y ** 2 + 0.3 * z ** 2) < 0.25] = -850
    hu[np.sqrt((x + 0.3) ** 2 + (y - 0.2) ** 2) < 0.12] = 900
    hu = ndimage.gaussian_filter(hu, smooth) + rng.normal(0, 25, shape)
    return np.clip(np.round(hu), -1024, 3071).astype(np.int16)


def rotation(degrees, axis):
    a, n = np.radians(degrees), np.asarray(axis, float) / np.linalg.norm(axis)
    k = np.array([[0, -n[2], n[1]], [n[2], 0, -n[0]], [-n[1], n[0], 0]])
    return np.eye(3) + np.sin(a) * k + (1 - np.cos(a)) * k @ k


def affine_ras(direction_lps, spacing, origin_lps):
    a = np.eye(4)
    a[:3, :3] = recipe.RAS_TO_LPS @ (direction_lps * np.asarray(spacing))
    a[:3, 3] = recipe.RAS_TO_LPS @ np.asarray(origin_lps, float)
    return a


# ---- body box: a plain loop over blocks -----------------------------------------------------------------------------

def box_by_loops(hu, spacing, block_mm, threshold):
    edge = [max(1, int(np.floor(block_mm / s + 0.5))) for s in spacing]
    nz, ny, nx = hu.shape
    hit = []
    for z in range(0, nz, edge[2]):
        for y in range(0, ny, edge[1]):
            for x in range(0, nx, edge[0]):
                if hu[z:z + edge[2], y:y + edge[1], x:x + edge[0]].min() >= threshold:
                    hit.append((x, y, z))
    hit = np.array(hit)
    return [[int(hit[:, a].min()), int(min(hit[:, a].max() + edge[a], hu.shape[2 - a]))] for a in range(3)]


def box_cases():
    cases = []
    settings = [
        ('block-edges-1', (10, 12, 14), (6.0, 5.5, 11.0)),
        ('anisotropic', (9, 30, 31), (1.1, 0.9, 3.0)),
        ('half-block', (22, 21, 19), (2.0, 2.0, 1.0)),
        ('block-larger-than-axis', (3, 26, 24), (1.0, 1.0, 0.7)),
    ]
    for name, shape, spacing in settings:
        hu = np.full(shape, -1000, np.int16)
        # A body that starts and ends inside blocks, and specks smaller than a block that must not count.
        body = tuple(slice(n // 4 if n > 3 else 0, n - n // 6) for n in shape)
        hu[body] = rng.integers(-300, 400, hu[body].shape)
        hu[0, 1, 1] = 500
        hu[shape[0] // 2, shape[1] // 2, shape[2] // 2] = -1000
        expected = box_by_loops(hu, spacing, 5, -500)
        assert [list(b) for b in recipe.body_box(hu, spacing)] == expected
        cases.append({'name': name, 'hu': store(f'box-{name}', hu), 'spacing': spacing, 'box': expected})
    return cases


# ---- resampling: scipy.ndimage.map_coordinates ----------------------------------------------------------------------

def resample_cases():
    cases = []
    for name, shape, spacing, target in [
        ('down', (13, 22, 25), (0.7, 0.8, 2.5), (1.5, 1.5, 1.5)),
        ('up', (6, 8, 9), (2.0, 1.9, 5.0), (1.0, 1.25, 2.0)),
        ('exact-multiple', (7, 9, 11), (0.5, 0.75, 1.0), (1.5, 1.5, 2.0)),
        ('single-slice', (1, 9, 8), (1.0, 1.0, 5.0), (1.5, 0.9, 1.5)),
        ('identity', (4, 5, 6), (1.5, 1.5, 1.5), (1.5, 1.5, 1.5)),
    ]:
        hu = rng.integers(-1024, 3071, shape).astype(np.int16)
        axes = []
        for n, s, t in zip(shape, spacing[::-1], target[::-1]):
            axes.append(np.arange(int(np.floor((n - 1) * s / t + 1e-6)) + 1) * t / s)
        at = np.meshgrid(*axes, indexing='ij')
        expected = ndimage.map_coordinates(hu.astype(float), at, order=1, mode='nearest').astype(np.float32)
        assert np.abs(recipe.resample_linear(hu, spacing, target) - expected).max() < 1e-3
        cases.append({'name': name, 'hu': store(f'resample-{name}', hu), 'spacing': spacing, 'target': target,
                      'expected': store(f'resample-{name}-expected', expected)})
    return cases


# ---- HU map: numpy.interp -------------------------------------------------------------------------------------------

def hu_map_case():
    hu = np.concatenate([np.linspace(-1500, 2500, 801), [-1000, -200, 200, 1500, -999.99, 1499.99]]).astype(np.float32)
    expected = np.interp(hu.astype(float), PIVOTS['hu'], PIVOTS['value']).astype(np.float32)
    assert (recipe.hu_map(hu) == expected).all()
    return {'pivots': PIVOTS, 'hu': store('humap', hu), 'expected': store('humap-expected', expected)}


# ---- CLAHE: scikit-image --------------------------------------------------------------------------------------------

def library_clahe(image, clip_limit):
    out = inspect.unwrap(_adapthist.equalize_adapthist)(image, clip_limit=clip_limit)
    assert out.dtype == np.float32
    if image.shape[-1] not in (3, 4):
        assert (out == _adapthist.equalize_adapthist(image, clip_limit=clip_limit)).all()
    assert (recipe.clahe(image, clip_limit) == out).all()
    return out


def formula_image(shape):
    """An image of exact arithmetic, so that the test can make it too: see formulaImage in clahe.test.ts."""
    z, y, x = np.meshgrid(*[np.arange(n) for n in shape], indexing='ij')
    texture = (x * 7 + y * 13 + z * 29 + x * y * z) % 101
    shade = (x * x + 2 * y * y + 3 * z * z) % 4001 // 8
    return ((np.where((x + y + z) % 97 < 40, shade, 0) + texture) / 600).astype(np.float32)


def clahe_cases():
    cases = []
    for name, shape, clip in [
        ('divisible', (16, 8, 24), 0.025),
        ('not-divisible', (11, 19, 25), 0.025),
        ('thick-slices', (9, 25, 17), 0.025),
        ('smaller-than-8', (5, 6, 7), 0.025),
        ('last-axis-4', (9, 30, 4), 0.025),
        ('last-axis-3', (17, 10, 3), 0.025),
        ('one-slice', (1, 20, 31), 0.025),
        ('one-voxel-column', (20, 1, 1), 0.025),
        ('high-clip', (17, 10, 22), 0.4),
    ]:
        image = recipe.hu_map(patient(shape) + rng.random(shape))
        cases.append({'name': name, 'clipLimit': clip, 'image': store(f'clahe-{name}', image),
                      'expected': store(f'clahe-{name}-expected', library_clahe(image, clip))})
    # 258.5 / 65535 is a tie of the first rounding, and half to even puts it one histogram bin below half up.
    ties = np.tile(np.array([0, 258.5, 1000.5, 65535, 30000, 258.5], np.float32) / np.float32(65535), (9, 8, 2))
    assert (ties[0, 0, 1] * np.float32(65535)) == 258.5
    cases.append({'name': 'rounding-ties', 'clipLimit': 0.025, 'image': store('clahe-ties', ties),
                  'expected': store('clahe-ties-expected', library_clahe(ties, 0.025))})
    for name, value in [('constant-0', 0.0), ('constant-0.5', 0.5), ('constant-1', 1.0)]:
        image = np.full((6, 9, 17), value, np.float32)
        out = library_clahe(image, 0.025)
        assert np.ptp(out) == 0
        cases.append({'name': name, 'clipLimit': 0.025, 'image': store(f'clahe-{name}', image),
                      'constant': float(out.flat[0])})
    large = (120, 128, 139)
    out = library_clahe(formula_image(large), 0.025)
    return cases, {'dims': large[::-1], 'clipLimit': 0.025, 'stride': 8, 'maximum': float(out.max()),
                   'sum': float(out.sum(dtype=float)), 'expected': store('clahe-large-expected', out[::8, ::8, ::8])}


def histogram_cases():
    histograms, luts, settings = [], [], []
    for n, clip_limit, spread in [(24, 0.025, 30), (720, 0.025, 4), (4080, 0.025, 20), (24000, 0.025, 60),
                                  (24000, 0.025, 1), (4000, 0.001, 25), (4000, 1.0, 25), (33333, 0.01, 3)]:
        bins = np.clip(np.round(rng.normal(100, spread, n)), 0, 252).astype(int)
        hist = np.bincount(bins, minlength=256)
        clip = int(np.clip(clip_limit * n, 1, None))
        histograms.append(hist.astype(np.int32))
        clipped = _adapthist.clip_histogram(hist.copy(), clip_limit=clip)
        luts.append(_adapthist.map_histogram(clipped, 0, 16383, n).astype(np.uint16))
        settings.append({'voxels': n, 'clip': clip})
    return {'settings': settings, 'histograms': store('histograms', np.array(histograms)),
            'luts': store('histogram-luts', np.array(luts))}


# ---- body mask: scipy.ndimage ---------------------------------------------------------------------------------------

def library_body_mask(hu):
    labels, count = ndimage.label(hu >= -500, ndimage.generate_binary_structure(3, 1))
    mask = np.zeros(hu.shape, bool)
    sizes = [(labels == i).sum() for i in range(1, count + 1)]
    for i, size in enumerate(sizes, 1):
        if size * 10 >= max(sizes):
            mask |= labels == i
    mask = np.stack([ndimage.binary_fill_holes(s) for s in mask])
    assert (recipe.body_mask(hu) == mask).all()
    return mask


def body_mask_cases():
    legs = np.full((6, 20, 30), -1000, np.float32)
    legs[:, 3:12, 2:12] = 30
    legs[:, 5:9, 5:8] = -900          # closed air: a hole
    legs[2, 3:6, 6] = -900            # ... open to the outside in one slice
    legs[:, 4:12, 16:24] = 10         # the other leg
    legs[1:4, 17, 2:28] = 0           # couch, small
    legs[0, 0, 28:] = -499.9          # specks
    ties = np.full((1, 7, 24), -1000, np.float32)
    ties[0, :5, :4] = 0               # 20 voxels
    ties[0, 0, 6:8] = 0               # 2: exactly a tenth, stays
    ties[0, 0, 10] = 0                # 1: goes
    ties[0, 6, 12:14] = -500          # exactly the threshold
    diagonal = np.full((3, 8, 8), -1000, np.float32)
    for k in range(3):
        for i in range(7):            # a ring closed only diagonally leaks for the body, not for the hole
            diagonal[k, i, 6 - i] = 50
    diagonal[:, :3, :3] = 20
    cases = [('legs', legs), ('ties', ties), ('diagonal', diagonal),
             ('noise', ndimage.gaussian_filter(rng.normal(-500, 400, (14, 17, 19)), 0.9).astype(np.float32)),
             ('patient', patient((13, 26, 28)).astype(np.float32)),
             ('air', np.full((2, 3, 4), -1000, np.float32))]
    return [{'name': name, 'hu': store(f'mask-{name}', hu.astype(np.int16) if name == 'patient' else hu),
             'expected': store(f'mask-{name}-expected',
                               (library_body_mask(hu) if hu.max() >= -500 else np.zeros(hu.shape, bool))
                               .astype(np.uint8))} for name, hu in cases]


# ---- all of it: nibabel in, the network's channels out ---------------------------------------------------------------

def whole_cases():
    params = {'bodyCrop': {'blockMm': 5, 'thresholdHu': -500}, 'spacingMm': [1.6, 1.25, 1.75], 'huPivots': PIVOTS,
              'clahe': {'clipLimit': 0.025}, 'channels': ['clahe', 'hu']}
    cases = []
    tilted = rotation(17, (1, 0.3, -0.5))
    for name, axcodes, direction, spacing in [
        ('axial', ('L', 'P', 'S'), np.eye(3), (1.1, 1.3, 2.0)),
        ('nifti-ras', ('R', 'A', 'S'), np.eye(3), (1.1, 1.3, 2.0)),
        ('sagittal-feet-first', ('P', 'I', 'R'), np.eye(3), (1.1, 1.3, 2.0)),
        ('tilted', ('A', 'L', 'I'), tilted, (1.4, 1.2, 1.7)),
    ]:
        columns = {'L': direction[:, 0], 'R': -direction[:, 0], 'P': direction[:, 1], 'A': -direction[:, 1],
                   'S': direction[:, 2], 'I': -direction[:, 2]}
        d = np.stack([columns[c] for c in axcodes], 1)
        canonical = patient((16, 25, 27), 0.46, 0.6)
        affine = affine_ras(d, spacing, (-31.5, 12.25, -400.125))
        # The array as the source would store it: laid out so that its canonical form is the patient.
        axes = [{'L': 2, 'R': 2, 'P': 1, 'A': 1, 'S': 0, 'I': 0}[c] for c in axcodes]
        stored = canonical.transpose(axes)
        stored = stored[tuple(slice(None, None, -1 if c in 'RAI' else 1) for c in axcodes)]
        # nibabel names axes toward R, A and S; ours run toward L, P and S.
        assert nib.aff2axcodes(affine) == tuple(axcodes)
        back = nib.as_closest_canonical(nib.Nifti1Image(np.ascontiguousarray(stored), affine)).get_fdata()
        turned, _ = recipe.to_canonical(stored, affine)
        assert (turned == back[::-1, ::-1, :].transpose(2, 1, 0)).all() and (turned == canonical).all()
        p = recipe.preprocess(stored, affine, params)
        cases.append({'name': name, 'ct': store(f'whole-{name}', stored.transpose(2, 1, 0)), 'spacing': spacing,
                      'direction': d.ravel().tolist(), 'origin': [-31.5, 12.25, -400.125],
                      'box': [list(b) for b in p['box']], 'affineLps': p['affine_lps'].ravel().tolist(),
                      'hu': store(f'whole-{name}-hu', p['hu']), 'clahe': store(f'whole-{name}-clahe', p['clahe']),
                      'body': store(f'whole-{name}-body', p['body'].astype(np.uint8))})
    return {'parameters': params, 'cases': cases}


# ---- score back to the source grid: map_coordinates over patient positions ------------------------------------------

def back_project_cases():
    cases = []
    for name, axes, flips, source_spacing, turn in [
        ('identity', (0, 1, 2), (1, 1, 1), (2.0, 2.0, 2.5), 0),
        ('finer', (0, 1, 2), (1, 1, 1), (0.9, 1.1, 1.7), 0),
        ('flipped', (0, 1, 2), (-1, -1, 1), (0.9, 1.1, 1.7), 0),
        ('permuted-flipped-tilted', (1, 2, 0), (1, -1, -1), (1.2, 0.8, 1.6), 21),
    ]:
        r = rotation(turn, (0.2, 1, 0.4))
        model_dims, model_spacing = (8, 7, 6), (2.0, 2.0, 2.5)
        score = rng.normal(3, 2, model_dims[::-1]).astype(np.float32)
        scored = (rng.random(model_dims[::-1]) < 0.8).astype(np.uint8)
        # axes[a] is the patient axis along which source index a runs.
        direction = r[:, list(axes)] * np.array(flips)
        canonical_spacing = [source_spacing[axes.index(p)] for p in range(3)]
        margin = (3, 2, 1) if name != 'identity' else (0, 0, 0)
        crop = [int(np.floor((n - 1) * t / s + 1e-9)) + 1 for n, t, s in zip(model_dims, model_spacing, canonical_spacing)]
        # The crop may end anywhere before the next model voxel would begin.
        crop = [c if name == 'identity' else int(np.ceil(n * t / s)) for c, n, t, s in
                zip(crop, model_dims, model_spacing, canonical_spacing)]
        dims_canonical = [m + c + 2 * (m > 0) for m, c in zip(margin, crop)]
        dims = [dims_canonical[p] for p in axes]
        crop_origin = np.array([10.5, -20.25, 33.0])
        canonical_origin = crop_origin - r @ (np.array(margin) * canonical_spacing)
        origin = canonical_origin.copy()
        for a, p in enumerate(axes):
            if flips[a] < 0:
                origin += r[:, p] * canonical_spacing[p] * (dims_canonical[p] - 1)
        k, j, i = np.meshgrid(*[np.arange(n) for n in dims[::-1]], indexing='ij')
        position = (direction * source_spacing) @ np.stack([i.ravel(), j.ravel(), k.ravel()]) + origin[:, None]
        model = (r.T @ (position - crop_origin[:, None])) / np.array(model_spacing)[:, None]
        clamped = np.clip(model, 0, np.array(model_dims)[:, None] - 1)
        value = ndimage.map_coordinates(score.astype(float), clamped[::-1], order=1, mode='nearest')
        near = np.floor(np.round(clamped, 9) + 0.5).astype(int)
        near = np.minimum(near, np.array(model_dims)[:, None] - 1)
        canonical = np.round((r.T @ (position - canonical_origin[:, None])) / np.array(canonical_spacing)[:, None])
        start = np.array(margin)[:, None]
        inside = ((canonical >= start) & (canonical < start + np.array(crop)[:, None])).all(0)
        inside &= scored[near[2], near[1], near[0]] == 1
        expected = np.where(inside, value, -7).reshape(dims[::-1]).astype(np.float32)
        cases.append({
            'name': name,
            'model': {'dims': model_dims, 'spacing': model_spacing, 'origin': crop_origin.tolist(),
                      'direction': r.ravel().tolist()},
            'source': {'dims': dims, 'spacing': source_spacing, 'origin': origin.tolist(),
                       'direction': direction.ravel().tolist()},
            'cropBox': {'start': list(margin), 'end': [m + c for m, c in zip(margin, crop)]}, 'unscored': -7,
            'score': store(f'back-{name}', score), 'scored': store(f'back-{name}-scored', scored),
            'expected': store(f'back-{name}-expected', expected)})
    return cases


if __name__ == '__main__':
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    clahe, clahe_large = clahe_cases()
    cases = {
        'madeBy': f'make_preprocess.py with numpy {np.__version__}, scipy {scipy.__version__}, '
                  f'scikit-image {skimage.__version__}, nibabel {nib.__version__}',
        'bodyBox': box_cases(), 'resample': resample_cases(), 'huMap': hu_map_case(), 'clahe': clahe,
        'claheLarge': clahe_large, 'claheHistogram': histogram_cases(), 'bodyMask': body_mask_cases(),
        'whole': whole_cases(), 'backProject': back_project_cases(),
    }
    with open(os.path.join(OUT, 'cases.json'), 'w') as f:
        json.dump(cases, f, indent=1)
    print(sum(os.path.getsize(os.path.join(OUT, f)) for f in os.listdir(OUT)) // 1000, 'kB')
