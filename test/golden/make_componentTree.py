"""Golden component trees: skimage.measure.label at several thresholds and skimage.morphology.max_tree.

Run: python3 test/golden/make_componentTree.py     (numpy, scipy, scikit-image)
Writes test/golden/componentTree/<case>.json. Arrays are base64 of little-endian numbers, x fastest ([z, y, x] in numpy).
"""
import base64, hashlib, json, pathlib
import numpy as np, scipy, skimage
from scipy import ndimage
from skimage.measure import label
from skimage.morphology import max_tree

here = pathlib.Path(__file__).parent
out = here / 'componentTree'
out.mkdir(exist_ok=True)
made_by = {'script': 'test/golden/make_componentTree.py',
           'scriptSha256': hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest(),
           'numpy': np.__version__, 'scipy': scipy.__version__, 'skimage': skimage.__version__}

CASES = {
    # name: dims xyz, smoothing sigma in voxels, number of steps, share of voxels above the floor, seed
    'noise': ((17, 14, 11), 0.0, 12, 0.4, 1),
    'sparse_noise': ((23, 21, 17), 0.0, 200, 0.15, 2),
    'smooth': ((31, 27, 22), 1.5, 200, 0.3, 3),
    'plateaus': ((26, 24, 20), 1.0, 5, 0.5, 4),
    'thin': ((40, 33, 3), 1.0, 30, 0.5, 5),
}

for name, (dims, sigma, steps, share, seed) in CASES.items():
    rng = np.random.default_rng(seed)
    field = rng.normal(size=dims[::-1])
    if sigma:
        field = ndimage.gaussian_filter(field, sigma)
    lowest, highest = np.quantile(field, 1 - share), field.max()
    step = np.clip(np.floor((field - lowest) / (highest - lowest) * steps) + 1, 0, steps).astype('<u1')

    # A node stands for a component of some step that differs from those above it: its pixel's parent is lower.
    parent, _ = max_tree(step, connectivity=3)
    at, up = step.ravel(), step.ravel()[parent.ravel()]
    nodes = int(np.count_nonzero((at > 0) & ((up < at) | (parent.ravel() == np.arange(at.size)))))

    thresholds = sorted({1, 2, steps // 3, steps // 2, (3 * steps) // 4, steps} - {0})
    components = []
    for threshold in thresholds:
        labels, count = label(step >= threshold, connectivity=3, return_num=True)
        components.append({'step': threshold, 'voxelCounts': sorted(np.bincount(labels.ravel())[1:].tolist())})
    golden = {'madeBy': made_by, 'dims': dims, 'steps': steps, 'nodes': nodes, 'components': components,
              'map': base64.b64encode(step.tobytes()).decode()}
    (out / f'{name}.json').write_text(json.dumps(golden) + '\n')
    print(f'{name}: {nodes} nodes, {[len(c["voxelCounts"]) for c in components]} components')
