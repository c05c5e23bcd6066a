"""Golden evaluation metrics on small arrays: scikit-learn's ranking metrics, SciPy's distance transform, uniform
filter, labelling and bootstrap.

Run: python3 test/golden/make_evaluation_metrics.py     (numpy, scipy, scikit-learn)
Writes test/golden/evaluation/metrics.json. Arrays are indexed [x, y, z] and stored x fastest; the larger ones as
base64 of gzip.
"""
import base64, gzip, hashlib, json, pathlib
import numpy as np, scipy, sklearn
from scipy import ndimage, stats
from sklearn.metrics import roc_auc_score
from evaluation_reference import distance_mm, farther, ranking_metrics

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(20261123)


def packed(array, dtype):
    return base64.b64encode(gzip.compress(array.astype(dtype).tobytes('F'), mtime=0)).decode()


def ranking():
    n = rng.normal
    cases = {
        'overlapping normals, regions of different sizes': (n(1.5, 1, 150), np.repeat([0, 1, 2], [5, 45, 100]), n(0, 1, 400)),
        'many ties': (rng.integers(0, 5, 80), rng.integers(0, 4, 80), rng.integers(-2, 4, 120)),
        'a perfect ranking': (n(9, 1, 20), np.repeat([0, 1], 10), n(-9, 1, 60)),
        'a ranking upside down': (n(-3, 1, 40), np.repeat([0, 1], 20), n(3, 1, 90)),
        'a small region that is missed': (np.r_[n(4, 1, 90), n(-3, 1, 10)], np.repeat([0, 1], [90, 10]), n(0, 1, 300)),
        'two values': (rng.integers(0, 2, 30), np.repeat([0, 1], 15), rng.integers(0, 2, 50)),
        'unscored lesion voxels tied with the lowest score': (np.r_[np.full(20, -4.0), n(2, 1, 30)], np.repeat([0, 1, 2], [10, 25, 15]),
                                                              np.r_[np.full(5, -4.0), n(0, 1, 95)]),
        'large, small, negative and zero': (n(0.3, 1, 60) * 10.0 ** rng.integers(-20, 20, 60), rng.integers(0, 2, 60),
                                            np.r_[0.0, -0.0, n(0, 1, 70) * 10.0 ** rng.integers(-20, 20, 70)]),
    }
    for name, (lesion, region, other) in cases.items():
        lesion, other = [[float(f'{v:.4g}') for v in values] for values in (lesion, other)]
        yield {'name': name, 'lesion': lesion, 'region': np.asarray(region).tolist(), 'other': other,
               **ranking_metrics(np.float32(lesion), region, np.float32(other))}


def distances():
    limits = [6.0, 10.0, 16.0, 30.0]
    for name, dims, spacing, density in (('anisotropic', (13, 11, 9), (3.1, 2.3, 5.5), 0.004), ('thin slices', (6, 5, 40), (4.0, 4.0, 0.7), 0.002),
                                         ('sites nearly everywhere', (8, 9, 7), (2.0, 2.0, 2.0), 0.9), ('multiples of the limits', (9, 9, 9), (2.0, 3.0, 5.0), 0.003),
                                         ('finer than a byte counts', (4, 4, 300), (3.0, 3.0, 0.1), 0.0003)):
        sites = rng.random(dims) < density
        sites.flat[rng.integers(sites.size)] = True
        bands = sum(farther(distance_mm(sites, spacing), mm).astype('u1') for mm in limits)
        yield {'name': name, 'dims': dims, 'spacing': spacing, 'limitsMm': limits, 'sites': packed(sites, 'u1'), 'bands': packed(bands, 'u1')}


def smoothings():
    for dims, spacing in (((7, 6, 5), (0.9, 1.1, 2.5)), ((4, 3, 6), (0.4, 0.7, 1.0))):
        hu = rng.integers(-1024, 3000, dims)
        size = [2 * int(2.0 / s + 1e-6) + 1 for s in spacing]
        sums = ndimage.uniform_filter(hu.astype(float), size, mode='nearest') * np.prod(size)
        yield {'dims': dims, 'spacing': spacing, 'hu': hu.flatten('F').tolist(), 'voxels': int(np.prod(size)), 'sums': np.rint(sums).astype(int).flatten('F').tolist()}


def body():
    """A small patient: lungs, spine, table; three numbered lesions, two of which touch; scores in steps of 1/4."""
    dims, spacing = (48, 44, 18), (1.9, 2.1, 4.0)
    x, y, z = np.meshgrid(*[(np.arange(n) - (n - 1) / 2) * s for n, s in zip(dims, spacing)], indexing='ij')
    scored = (x / 43) ** 2 + (y / 40) ** 2 < 1
    hu = np.where(scored, 30, -1000)
    hu[((abs(x) - 18) / 12) ** 2 + (y / 18) ** 2 < 1] = -820
    hu[x ** 2 + (y - 24) ** 2 < 49] = 600
    hu = np.where(scored, hu + 15 * rng.integers(-1, 2, dims), hu).astype('<i2')
    labels = np.zeros(dims, '<u2')
    for label, centre, radius in ((1, (18, 0, 0), 6), (4, (-20, 10, 8), 5), (5, (-20, 10, 17), 5)):
        labels[sum((a - c) ** 2 for a, c in zip((x, y, z), centre)) < radius ** 2] = label
    lesion = labels > 0
    score = np.where(scored, np.round(4 * (rng.normal(0, 1, dims) + lesion)) / 4, -5).astype('<f4')
    percentile, quantile = [0.0, 50.0, 99.0, 99.9, 99.99], [-5.0, 0.0, 2.0, 2.75, 3.25]

    distance = distance_mm(lesion, spacing)
    depth = distance_mm(np.pad(~scored, 1, constant_values=True), spacing)[1:-1, 1:-1, 1:-1]
    smooth = ndimage.uniform_filter(hu.astype(float), [2 * int(2.0 / s + 1e-6) + 1 for s in spacing], mode='nearest')
    normal = scored & farther(distance, 10)
    rim = ~farther(depth, 10)
    lung, bone = ~rim & (smooth < -500), ~rim & (smooth > 200)
    regions = {name: {'voxels': int((normal & where).sum()), 'above': [int((normal & where & (score >= q)).sum()) for q in quantile[2:]]}
               for name, where in (('lung', lung), ('bone', bone), ('softTissue', ~rim & ~lung & ~bone), ('rim', rim))}
    far = (scored & farther(distance, 16)).flatten('F')
    far[np.arange(far.size) % 16 > 0] = False  # so few that all of them are drawn
    values, number = score.flatten('F'), labels.flatten('F')
    lesions = {int(k): {'voxels': int((number == k).sum()), 'auroc': float(roc_auc_score(
        np.r_[np.ones((number == k).sum()), np.zeros(far.sum())], np.r_[values[number == k], values[far]]))} for k in (1, 4, 5)}
    print(regions, lesions, far.sum())
    return {'dims': dims, 'spacing': spacing, 'hu': packed(hu, '<i2'), 'scored': packed(scored, 'u1'), 'labels': packed(labels, '<u2'),
            'score': packed(score, '<f4'), 'calibration': {'percentile': percentile, 'score': quantile}, 'regions': regions,
            'everyNthFar': 16, 'lesions': lesions}


def bootstrap():
    values = rng.normal(0.7, 0.15, 14).round(3)
    found = stats.bootstrap((values,), np.mean, method='percentile', n_resamples=50_000, random_state=1).confidence_interval
    sorted_values = np.sort(rng.normal(0, 1, 23))
    return {'values': values.tolist(), 'mean': float(values.mean()), 'ci': [float(found.low), float(found.high)], 'sd': float(values.std() / len(values) ** 0.5),
            'sorted': sorted_values.tolist(), 'quantiles': [[q, float(np.quantile(sorted_values, q))] for q in (0, 0.025, 0.31, 0.5, 0.975, 1)]}


def pooling():
    scans = [{'lesion': np.float32(rng.normal(shift, 1, 12)).round(1), 'other': np.float32(rng.normal(0, 1, 25)).round(1)} for shift in (0.5, 2, -1)]
    draws = []
    for drawn in ([0, 1, 2], [0, 0, 2], [1, 1, 1]):
        parts = [(1, scans[n]['lesion']) for n in drawn] + [(0, scans[n]['other']) for n in drawn]
        truth = np.concatenate([np.full(len(v), t) for t, v in parts])
        draws.append({'drawn': drawn, 'auroc': float(roc_auc_score(truth, np.concatenate([v for _, v in parts])))})
    return {'scans': [{k: np.sort(v).astype(float).tolist() for k, v in scan.items()} for scan in scans], 'draws': draws}


golden = {
    'madeBy': {'script': 'test/golden/make_evaluation_metrics.py',
               'scriptSha256': hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest(),
               'referenceSha256': hashlib.sha256((here / 'evaluation_reference.py').read_bytes()).hexdigest(),
               'numpy': np.__version__, 'scipy': scipy.__version__, 'sklearn': sklearn.__version__},
    'ranking': list(ranking()), 'distances': list(distances()), 'smoothings': list(smoothings()), 'body': body(),
    'bootstrap': bootstrap(), 'pooling': pooling(),
}
(here / 'evaluation' / 'metrics.json').write_text(json.dumps(golden) + '\n')
