"""What the manifests of the baselines (baselines.py) say to a reader."""
import config

USE = ('For comparison only, not for diagnosis: the least a model of rare tissue must beat on the same scans. ')
DATA = (f'{len(config.TRAINING)} CT volumes of 18 patients (chest, abdomen, pelvis, hips, 2 mm voxels) '
        f'and {len(config.PHANTOM_SEEDS)} procedural phantoms')
LIMITATIONS = [
    'A baseline: it is meant to be beaten, and no finding of it should be relied on.',
    'Limbs, head and neck, and cropped fields of view are hardly in the training data.',
    'Levels were calibrated on four patients of cancer cohorts, not on a normal population: their disease raises the tail, '
    'so a level is rather too low than too high.',
]

TEXTS = {
    'hu-position': {
        'title': 'Baseline: HU deviation from the positional mean',
        'intended_use': USE + 'Marks voxels whose HU is unusual at their relative position in the body.',
        'provenance': f'No network was trained: mean and standard deviation of HU in 16 x 16 x 16 parts of the bounding '
                      f'box of the body, over {len(config.TRAINING)} CT volumes of 18 patients.',
    },
    'gaussian': {
        'title': 'Baseline: unconditional Gaussian on descriptors',
        'intended_use': USE + 'Marks voxels whose descriptor is rare anywhere in the body.',
        'provenance': f"The main model's descriptor and smoothed HU, with one mean and one full covariance over a million "
                      f'body voxels of {DATA}.',
    },
    'gaussian-position': {
        'title': 'Baseline: Gaussian on descriptors, conditional on position',
        'intended_use': USE + 'Marks voxels whose descriptor is rare at their relative position in the body.',
        'provenance': f"The main model's descriptor and smoothed HU, with mean and standard deviations told by a small "
                      f'network from sine and cosine of the position, fitted to a million body voxels of {DATA}.',
    },
    'autoencoder': {
        'title': "Baseline: autoencoder's residual",
        'intended_use': USE + 'Marks what an autoencoder of CT does not reproduce.',
        'provenance': f'A convolutional autoencoder trained without labels on {DATA}, for {{steps}} steps of '
                      'four crops (minutes on a CPU).',
    },
    'synthetic-anomaly': {
        'title': 'Baseline: segmenter of synthetic anomalies',
        'intended_use': USE + 'Marks what looks pasted in.',
        'provenance': f'A UNet trained to segment patches, blobs, shifts of density, blurs and deformations pasted into crops '
                      f'of {DATA}, for {{steps}} steps of four crops (minutes on a CPU). No lesion and no label was used.',
    },
}
