"""The metrics of an evaluation by scikit-learn and SciPy, for make_evaluation.py and make_evaluation_metrics.py."""
import numpy as np
from scipy import ndimage
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

EVERY_NEIGHBOUR = np.ones((3, 3, 3))


def ranking_metrics(lesion, region, other):
    """lesion, other: float32 values of the voxels of each class; region: number of the lesion of each lesion voxel."""
    truth, value = np.r_[np.ones(len(lesion)), np.zeros(len(other))], np.concatenate([lesion, other])
    fpr, tpr, _ = roc_curve(truth, value, drop_intermediate=False)
    precision, recall, threshold = precision_recall_curve(truth, value)
    dice = 2 * precision * recall / np.maximum(precision + recall, 1e-300)  # the F1 score
    best = dice[:-1].max()
    return {'aurocAll': float(roc_auc_score(truth, value)),
            'averagePrecision': float(average_precision_score(truth, value)),
            'aupro': per_region_overlap(lesion, np.asarray(region), other),
            'sensitivityAt95': float(tpr[fpr <= 0.05].max()),
            # Of equal ones the highest threshold.
            'bestDice': {'dice': float(best), 'threshold': float(threshold[np.nonzero(np.isclose(dice[:-1], best, rtol=1e-12))[0][-1]])}}


def per_region_overlap(lesion, region, other, limit=0.3):
    """A ROC curve in which every region weighs the same has the mean overlap of the regions as its true positive rate.
    Its area up to the limit is scikit-learn's partial one, before McClish's standardisation, which is undone here."""
    sizes = np.bincount(region)
    weight = np.r_[1 / (sizes[region] * np.count_nonzero(sizes)), np.full(len(other), 1 / len(other))]
    truth = np.r_[np.ones(len(lesion)), np.zeros(len(other))]
    standard = roc_auc_score(truth, np.concatenate([lesion, other]), sample_weight=weight, max_fpr=limit)
    lowest = limit ** 2 / 2
    return float(((2 * standard - 1) * (limit - lowest) + lowest) / limit)


def distance_mm(mask, spacing):
    return ndimage.distance_transform_edt(~mask, sampling=spacing)


def farther(distance, mm):
    """Not decided by spacings in single precision."""
    return distance > mm * (1 + 1e-6)


def lesion_curve(score, lesion_mask, voxel_ml, min_volume_ml, percentile, quantile):
    """Findings at the levels from the table's highest down to 90, 0.01 of rarity -log10(1 - level / 100) apart."""
    levels = [round(100 * (1 - 10 ** (-i / 100)), 8) for i in range(100, 600)]
    levels = [level for level in levels if level < percentile[-1]] + [percentile[-1]]
    lesions, count = ndimage.label(lesion_mask, EVERY_NEIGHBOUR)
    curve = {'lesions': int(count), 'level': levels[::-1], 'lesionsHit': [], 'falsePositives': []}
    for level in curve['level']:
        labels, found = ndimage.label(score >= np.interp(level, percentile, quantile), EVERY_NEIGHBOUR)
        kept = [k for k in range(1, found + 1) if (labels == k).sum() * voxel_ml >= min_volume_ml]
        touching = set(labels[lesion_mask]) & set(kept)
        curve['lesionsHit'].append(len(set(lesions[np.isin(labels, kept) & lesion_mask])))
        curve['falsePositives'].append(len(kept) - len(touching))
    return curve
