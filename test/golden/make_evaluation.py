"""Golden AUROC: scikit-learn's roc_auc_score, with ties, few voxels and extreme scores.

Run: python3 test/golden/make_evaluation.py     (numpy, scikit-learn)
Writes test/golden/evaluation/auroc.json. Scores are float32 values.
"""
import hashlib, json, pathlib
import numpy as np, sklearn
from sklearn.metrics import roc_auc_score

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
golden = {'madeBy': {'script': 'test/golden/make_evaluation.py',
                     'scriptSha256': hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest(),
                     'numpy': np.__version__, 'sklearn': sklearn.__version__}, 'cases': cases}
(out / 'auroc.json').write_text(json.dumps(golden) + '\n')
