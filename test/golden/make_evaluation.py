"""Golden AUROC: scikit-learn's roc_auc_score, with ties, few voxels and extreme scores; and a golden evaluation of
two small NIfTI cases, measured with nibabel, scipy and scikit-learn.

Run: python3 test/golden/make_evaluation.py     (numpy, scipy, scikit-learn, nibabel)
Writes test/golden/evaluation/auroc.json, cases.json and cases/<case>/. Scores are float32 values.
"""
import base64, hashlib, json, pathlib
import nibabel as nib, numpy as np, scipy, sklearn
from scipy import ndimage
from sklearn.metrics import roc_auc_score
from evaluation_reference import distance_mm, farther, lesion_curve, ranking_metrics

out = pathlib.Path(__file__).parent / 'evaluation'
out.mkdir(exist_ok=True)
rng = np.random.default_rng(20261120)

CASES = {
    'overlapping normals': (rng.normal(1, 1, 137), rng.normal(0, 1, 251)),
    'many ties': (rng.integers(0, 4, 90), rng.integers(-1, 3, 60)),
    'two values only': (rng.integers(0, 2, 40), rng.integers(0, 2, 70)),
    'one positive': (np.array([0.4]), rng.normal(0, 1, 33)),
    'one negative': (rng.normal(0, 1, 33), np.array([0.1])),
    'unscored lesion voxels tied with the lowest score': (
        np.concatenate([np.full(30, -4.0), rng.normal(2, 1, 40)]),
        np.concatenate([np.full(5, -4.0), rng.normal(0, 1, 100)])),
    'inverted': (rng.normal(-2, 1, 64), rng.normal(2, 1, 64)),
    'nearly equal scores': (1 + rng.integers(0, 6, 50) * 2.0 ** -23, 1 + rng.integers(0, 6, 50) * 2.0 ** -23),
    'large and small magnitudes': (rng.normal(0, 1, 80) * 10.0 ** rng.integers(-20, 20, 80),
                                   rng.normal(0, 1, 80) * 10.0 ** rng.integers(-20, 20, 80)),
}

cases = []
for name, (positive, negative) in CASES.items():
    positive, negative = np.float32(positive), np.float32(negative)
    truth = np.r_[np.ones(len(positive)), np.zeros(len(negative))]
    cases.append({'name': name, 'positive': positive.astype(float).tolist(), 'negative': negative.astype(float).tolist(),
                  'auroc': float(roc_auc_score(truth, np.r_[positive, negative]))})
    print(f"{name}: {cases[-1]['auroc']:.6f}")
made_by = {'script': 'test/golden/make_evaluation.py',
           'scriptSha256': hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest(),
           'referenceSha256': hashlib.sha256(pathlib.Path(__file__).with_name('evaluation_reference.py').read_bytes()).hexdigest(),
           'numpy': np.__version__, 'scipy': scipy.__version__, 'sklearn': sklearn.__version__, 'nibabel': nib.__version__}
golden = {'madeBy': made_by, 'cases': cases}
(out / 'auroc.json').write_text(json.dumps(golden) + '\n')

# Fewer than 1,000 voxels of each class, so that the sample is all of them and scikit-learn can give the pooled area.
percentile, quantile = [0.0, 50.0, 90.0, 99.0], [-4.0, 0.0, 1.5, 2.5]
LEVEL, MIN_VOLUME = 93.0, 0.006
SCANS = {
    # affine (RAS), lesion centres [x, y, z], mask data type
    'left_handed_mm': (np.array([[-1.5, 0, 0, 10], [0, 1.5, 0, 20], [0, 0, -2, 30], [0, 0, 0, 1.0]]), [(3, 4, 3), (8, 5, 5)], 'u1'),
    'oblique_mm': (np.array([[0.8, 0.6, 0, -5], [-0.6, 0.8, 0, 7], [0, 0, 3, 9], [0, 0, 0, 1.0]]), [(2, 2, 2)], '<f4'),
}
DIMS = (12, 10, 8)
expected, pooled = [], {'model': [[], []], 'baseline': [[], []]}
for name, (affine, centres, mask_type) in SCANS.items():
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in DIMS], indexing='ij'), -1)
    mask = np.zeros(DIMS, bool)
    for c in centres:
        mask |= ((grid - c) ** 2).sum(-1) <= 3
    scored = np.zeros(DIMS, bool)
    scored[1:-1, 1:-1, 2:-1] = True  # the lowest slice of the lesions is left unscored
    hu = np.where(scored, rng.normal(40, 60, DIMS), -1000)
    hu = np.where(mask, hu + 90, hu).round().astype('<i2')
    score = np.where(scored, np.maximum(rng.normal(0, 1, DIMS) + 2 * mask * np.where(grid[..., 0] < 6, 1, -1), -3.9), quantile[0]).astype('<f4')
    folder = out / 'cases' / name
    folder.mkdir(parents=True, exist_ok=True)
    for file, array in (('ct', hu), ('mask', (mask * 3).astype(mask_type))):
        nib.save(nib.Nifti1Image(array, affine), folder / f'{file}.nii.gz')
    body = hu[scored].astype(float)
    deviation = np.float32(np.abs(hu - body.mean()) / body.std())
    row = {'case': name}
    for method, value in (('model', score), ('baseline', deviation)):
        classes = [value[mask], value[scored & ~mask]]
        row[method] = float(roc_auc_score(np.r_[np.ones(classes[0].size), np.zeros(classes[1].size)], np.concatenate(classes)))
        distance = distance_mm(mask, np.linalg.norm(affine[:3, :3], axis=0))
        ring = value[scored & farther(distance, 6) & ~farther(distance, 30)]
        regions = ndimage.label(mask, np.ones((3, 3, 3)))[0][mask] - 1
        row[f'{method}Metrics'] = {**ranking_metrics(classes[0], regions, classes[1]), 'aurocRing': float(
            roc_auc_score(np.r_[np.ones(classes[0].size), np.zeros(ring.size)], np.r_[classes[0], ring]))}
        for both, mine in zip(pooled[method], classes):
            both.append(mine)
    voxel_ml = abs(np.linalg.det(affine[:3, :3])) / 1000
    threshold = np.interp(LEVEL, percentile, quantile)
    labels, count = ndimage.label(score >= threshold, np.ones((3, 3, 3)))
    kept = [k for k in range(1, count + 1) if (labels == k).sum() * voxel_ml >= MIN_VOLUME]
    lesions, lesion_count = ndimage.label(mask, np.ones((3, 3, 3)))
    found = np.isin(labels, kept)
    flagged = scored & (score >= threshold)
    row.update({
        'atLevel': {'dice': float(2 * (flagged & mask).sum() / (flagged.sum() + mask.sum())), 'voxels': int(flagged.sum()),
                    'lesionVoxels': int((flagged & mask).sum())},
        'froc': lesion_curve(score, mask, voxel_ml, MIN_VOLUME, percentile, quantile),
        'lesionMl': float(mask.sum() * voxel_ml), 'lesionVoxels': int(mask.sum()), 'bodyVoxels': int(scored.sum()),
        'lesionVoxelsUnscored': int((mask & ~scored).sum()),
        'findings': {'count': len(kept), 'onLesion': len(set(labels[found & mask])), 'lesions': int(lesion_count),
                     'lesionsHit': len(set(lesions[found & mask])), 'lesionHit': bool((found & mask).any())},
        'score': base64.b64encode(score.tobytes('F')).decode(), 'scored': base64.b64encode(scored.astype('u1').tobytes('F')).decode(),
    })
    expected.append(row)
    print({k: v for k, v in row.items() if k not in ('score', 'scored', 'froc')})
area = {method: float(roc_auc_score(np.r_[np.ones(sum(map(len, p))), np.zeros(sum(map(len, q)))], np.concatenate(p + q)))
        for method, (p, q) in pooled.items()}
print(area)
(out / 'cases.json').write_text(json.dumps({
    'madeBy': made_by, 'calibration': {'percentile': percentile, 'score': quantile}, 'level': LEVEL, 'minVolumeMl': MIN_VOLUME,
    'cases': expected, 'pooled': area}) + '\n')
