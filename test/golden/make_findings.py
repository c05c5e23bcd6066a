"""Golden findings: scipy.ndimage.label and skimage.measure.regionprops on small random score maps.

Run: python3 test/golden/make_findings.py     (numpy, scipy, scikit-image)
Writes test/golden/findings/<case>.json. Arrays are base64 of little-endian numbers, x fastest ([z, y, x] in numpy).
"""
import base64, hashlib, json, pathlib
import numpy as np, scipy, skimage
from scipy import ndimage
from skimage.measure import regionprops

here = pathlib.Path(__file__).parent
out = here / 'findings'
out.mkdir(exist_ok=True)
made_by = {'script': 'test/golden/make_findings.py',
           'scriptSha256': hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest(),
           'numpy': np.__version__, 'scipy': scipy.__version__, 'skimage': skimage.__version__}


def b64(a):
    return base64.b64encode(np.ascontiguousarray(a).tobytes()).decode()


def rotation(x, y, z):
    """3x3 rotation by Euler angles in degrees: Rz Ry Rx."""
    x, y, z = np.deg2rad([x, y, z])
    rx = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    ry = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    rz = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return rz @ ry @ rx


# Score quantiles, float32 values, so that both sides interpolate the same table.
percentile = [0.0, 1.0, 25.0, 50.0, 75.0, 90.0, 95.0, 98.0, 99.0, 99.5, 99.9]
quantile = np.float32([-2.5, -1.9, -0.6, 0.1, 0.7, 1.3, 1.7, 2.1, 2.4, 2.7, 3.3]).astype(float)

CASES = {
    # name: dims xyz, spacing, direction, smoothing sigma in voxels, level, min volume mL, seed
    'isotropic_noise': ((13, 11, 9), (1.0, 1.0, 1.0), np.eye(3), 0.0, 90.0, 0.0, 1),
    'anisotropic_smooth': ((19, 16, 12), (0.7, 0.9, 3.0), np.eye(3), 1.0, 93.0, 0.01, 2),
    'oblique': ((15, 14, 11), (0.8, 0.8, 2.5), rotation(12, -25, 33), 0.8, 85.0, 0.02, 3),
    'left_handed': ((12, 15, 10), (1.5, 0.75, 1.25), rotation(5, 8, -14) @ np.diag([1, -1, 1]), 0.7, 80.0, 0.005, 4),
    'low_level': ((17, 9, 8), (1.0, 2.0, 0.5), np.diag([-1, 1, -1]), 0.0, 87.5, 0.002, 5),
}

for name, (dims, spacing, direction, sigma, level, min_volume, seed) in CASES.items():
    rng = np.random.default_rng(seed)
    shape = dims[::-1]
    score = rng.normal(size=shape)
    if sigma:
        score = ndimage.gaussian_filter(score, sigma)
        score = score / score.std()
    score = score.astype('<f4')
    hu = rng.integers(-1024, 1500, size=shape).astype('<i2')
    spacing, origin = np.array(spacing), rng.uniform(-200, 200, 3)

    threshold = np.interp(level, percentile, quantile)
    labels, count = ndimage.label(score.astype(float) >= threshold, structure=np.ones((3, 3, 3)))
    levels = np.interp(score.astype(float), quantile, percentile)
    voxel_ml = float(np.prod(spacing)) / 1000
    props = [p for p in regionprops(labels) if p.area * voxel_ml >= min_volume - 1e-9]
    found = []
    for p in props:
        at = labels == p.label
        s = score[at].astype(float)
        peak = np.array(np.unravel_index(np.argmax(np.where(at, score, -np.inf)), shape))[::-1]
        index = np.array(p.centroid)[::-1]
        lo, hi = np.array(p.bbox[:3])[::-1], np.array(p.bbox[3:])[::-1] - 1
        found.append({
            'label': int(p.label), 'volumeMl': float(p.area) * voxel_ml, 'voxelCount': int(p.area),
            'peakLevel': float(levels[at].max()), 'meanLevel': float(levels[at].mean()),
            'peakScore': float(s.max()), 'meanScore': float(s.mean()),
            'centreMm': (origin + direction @ (spacing * index)).tolist(), 'peakIndex': peak.tolist(),
            'extentIndex': {'min': lo.tolist(), 'max': hi.tolist()}, 'extentMm': ((hi - lo + 1) * spacing).tolist(),
            'huMean': float(hu[at].mean()), 'huSd': float(hu[at].std()),
        })
    found.sort(key=lambda f: (-f['peakLevel'], -f['peakScore'], -f['volumeMl'], f['label']))
    mask = np.zeros(shape, '<u2')
    for number, f in enumerate(found, 1):
        f['number'] = number
        mask[labels == f.pop('label')] = number
    golden = {
        'madeBy': made_by, 'dims': dims, 'spacing': spacing.tolist(), 'origin': origin.tolist(),
        'direction': direction.ravel().tolist(), 'calibration': {'percentile': percentile, 'score': quantile.tolist()},
        'level': level, 'minVolumeMl': min_volume, 'components': int(count), 'threshold': float(threshold),
        'score': b64(score), 'hu': b64(hu), 'labels': b64(labels.astype('<i4')), 'levels': b64(levels.astype('<f4')),
        'mask': b64(mask), 'findings': found,
    }
    (out / f'{name}.json').write_text(json.dumps(golden, indent=1) + '\n')
    print(f'{name}: {count} components, {len(found)} findings')
