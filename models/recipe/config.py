"""Everything a run of the recipe is made of, in one place: data, split, preprocessing, architecture, budgets, seeds."""
import json
import os

PREPROCESSING = {
    'bodyCrop': {'blockMm': 5, 'thresholdHu': -500},
    'spacingMm': [2.0, 2.0, 2.0],
    'huPivots': {'hu': [-1000, -200, 200, 1500], 'value': [0, 0.33, 0.67, 1]},
    'clahe': {'clipLimit': 0.025},
    'channels': ['clahe', 'hu'],
}
PATCH = 96          # model voxels per edge of an inference tile, 192 mm
OVERLAP = 0.5
BLEND_SIGMA = 0.125

DESCRIPTOR_DIM = 32
OBJECTIVE = 'vicreg'             # of the descriptor: 'vicreg' (DenseVICReg) or 'infonce' (DenseInfoNCE)
PROJECTOR = True                 # whether it is taken behind a projector, beside the descriptors themselves
HU_SIGMAS_MM = (0.0, 3.0, 6.0)   # smoothed HU appended to the descriptor
CONDITION_DIM = 32
MASK_RATIO = 0.6    # of a crop that is hidden at the end of the condition's training; it begins with 0.2
MASK_BLOCK = 8      # condition voxels (4 mm) per edge of a hidden block, 32 mm
# How inference reads the condition of a voxel: 'seen' (nothing hidden, as the paper), 'hidden' (only where the voxel is hidden).
READINGS = ('seen', 'hidden')
SCORE_SIGMA_MM = 4.0
WIDE = 4            # model voxels per edge of a voxel of the wide scale (8 mm, hidden blocks of 64 mm)
# Of its score, added to that of the fine scale; 0 leaves it out. On lesions inserted for development every weight above 0 cost
# more on small lesions than it gave on large ones (README).
WIDE_WEIGHT = 0.0

SEED = 20261123

# Every file of the training folder with its collection and licence (None: not used). The four calibration patients
# are never trained on: their scores give the calibration table, and lesions are inserted into them for evaluation.
ACRIN = ('TCIA ACRIN-FLT-Breast', 'CC BY 3.0')
HCC = ('TCIA HCC-TACE-Seg', 'CC BY 4.0')
CRLM = ('TCIA Colorectal-Liver-Metastases', 'CC BY 4.0')
STS = ('TCIA Soft-tissue-Sarcoma (IBSI validation crops)', 'CC BY 3.0')
LUNGDX = ('TCIA Lung-PET-CT-Dx', 'CC BY 4.0')

TRAINING = {
    'torso_acrin_flt_breast_001_a': ACRIN,
    'torso_acrin_flt_breast_001_b': ACRIN,
    'torso_acrin_flt_breast_001_c_part': ACRIN,
    'torso_acrin_flt_breast_013_part': ACRIN,
    'wholebody_acrin_flt_breast_013_coronal_slab': ACRIN,
    'wholebody_acrin_flt_breast_013_sagittal_slab': ACRIN,
    'abdomen_cptac_c3l_00189': ('TCIA CPTAC-PDA', 'CC BY 4.0'),
    'chest_lungdx_a0002': LUNGDX,
    'chest_lungdx_a0002_b70f': LUNGDX,
    'chest_lidc_0314': ('TCIA LIDC-IDRI', 'CC BY 3.0'),
    'abdomen_crlm_1006': CRLM,
    'chest_lungfcp_01_0001': ('TCIA Lung-Fused-CT-Pathology', 'CC BY 3.0'),
    'wholebody_ccth_a01': ('TCIA CC-Tumor-Heterogeneity', 'to be confirmed'),
    'torso_totalseg_example_3mm': ('TotalSegmentator example', 'CC BY 4.0'),
    'pelvis_sts_003': STS,
    'hip_sts_015': STS,
    'hip_sts_031': STS,
    'hip_sts_040': STS,
    'abdomen_hcc_002': HCC,
    'abdomen_hcc_005_a': HCC,
    'abdomen_hcc_005_b': HCC,
    'abdomen_hcc_007_a': HCC,
    'abdomen_hcc_007_b': HCC,
    'abdomen_hcc_009_a': HCC,
    'abdomen_hcc_009_b': HCC,
    'abdomen_hcc_015': HCC,
}
CALIBRATION = {
    'chest_cmb_crc_01068': ('TCIA CMB-CRC', 'CC BY 4.0'),
    'abdomen_crlm_1004': CRLM,
    'abdomen_hcc_006': HCC,
    'abdomen_hcc_013_a': HCC,
}
EXCLUDED = {
    'chest_tcia_9328_50_1_0117_part': 'collection and licence unstated',
    'abdomen_hcc_013_b': 'follow-up of a calibration patient (lipiodol)',
}
PHANTOM_SEEDS = range(101, 109)            # trained on
CALIBRATION_PHANTOM_SEEDS = range(201, 203)

# An experiment changes some of the above: {"MASK_BLOCK": 4}. Its checkpoints belong into a folder of their own (SCREENER_WORK).
globals().update(json.loads(os.environ.get('SCREENER_CONFIG', '{}')))
