"""What the choices of the trainings give: each variant trained anew with one thing changed, all for the same few steps.

    python3 insert_lesions.py --train TRAIN --eval EVAL --seed 7 --out work/ablation-cases
    python3 ablate_training.py --data TRAIN               # every variant that has no figure yet
    python3 ablate_training.py --data TRAIN --only 'projector: none'

Writes training/ablation-training.json, a row a variant, as each ends; stages resume from their checkpoints under
work/ablation/<variant>. The budgets are a tenth of the package's, on a third of its volumes: take the order of the rows, not
their height. Scored as ablate_density.py scores: at 4 mm, lesions inserted into the calibration patients.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

import config

HERE = pathlib.Path(__file__).parent
WORK = HERE / 'work'
RESULT = HERE.parent / 'screener-ct-small' / 'training' / 'ablation-training.json'
STEPS = {'descriptor': 200, 'condition': 200, 'density': 100}
# Chests and abdomens, one volume of a patient.
VOLUMES = ['torso_acrin_flt_breast_001_a', 'torso_acrin_flt_breast_013_part', 'abdomen_cptac_c3l_00189', 'chest_lungdx_a0002',
           'chest_lidc_0314', 'abdomen_crlm_1006', 'chest_lungfcp_01_0001', 'abdomen_hcc_002', 'abdomen_hcc_007_a']
BASE = {'TRAINING': {name: config.TRAINING[name] for name in VOLUMES}, 'PHANTOM_SEEDS': [], 'CALIBRATION_PHANTOM_SEEDS': []}


def preprocessing(**change):
    return {'PREPROCESSING': {**config.PREPROCESSING, **change}}


# Variant: (what it changes, the first stage that feels it).
VARIANTS = {
    'as chosen': ({}, 'descriptor'),      # first: others build on its stages
    'CLAHE: none': (preprocessing(channels=['hu', 'hu']), 'volumes'),
    'objective: DenseInfoNCE': ({'OBJECTIVE': 'infonce'}, 'descriptor'),
    'projector: none': ({'PROJECTOR': False}, 'descriptor'),
    'spacing: 3 mm': (preprocessing(spacingMm=[3.0, 3.0, 3.0]), 'volumes'),
    'masked at the end: 0.3': ({'MASK_RATIO': 0.3}, 'condition'),
    'masked at the end: 0.8': ({'MASK_RATIO': 0.8}, 'condition'),
    'hidden blocks: 16 mm': ({'MASK_BLOCK': 4}, 'condition'),
    'hidden blocks: 48 mm': ({'MASK_BLOCK': 12}, 'condition'),
    'spacing: 1.5 mm': (preprocessing(spacingMm=[1.5, 1.5, 1.5]), 'volumes'),
}
STAGES = ['volumes', 'descriptor', 'observe', 'condition', 'density']
# What a stage leaves for those after it.
LEFT = {'volumes': ['volumes'], 'descriptor': ['descriptor.pt'], 'observe': ['observations', 'standardise.npz']}


def folder_of(variant):
    return WORK / 'ablation' / ''.join(c if c.isalnum() else '-' for c in variant)


def train_and_measure(variant, arguments):
    change, first = VARIANTS[variant]
    folder = folder_of(variant)
    folder.mkdir(parents=True, exist_ok=True)
    before = STAGES[:STAGES.index(first)]
    for stage in before:
        source = WORK if stage == 'volumes' else folder_of('as chosen')
        for name in LEFT[stage]:
            if not (folder / name).exists():
                (folder / name).symlink_to(source / name)
    environment = {**os.environ, 'SCREENER_WORK': str(folder), 'SCREENER_CONFIG': json.dumps({**BASE, **change})}

    def python(*command):
        subprocess.run([sys.executable, *map(str, command)], cwd=HERE, env=environment, check=True)

    for stage in STAGES[len(before):]:
        done = folder / f'{stage}.done'
        if done.exists():
            continue
        if stage == 'volumes':
            python('data.py', 'prepare', '--data', arguments.data)
        else:
            python('train.py', stage, '--threads', arguments.threads, *(['--steps', STEPS[stage]] if stage in STEPS else []))
        done.touch()
    python('ablate_density.py', arguments.cases.resolve(), '--trained', '--threads', arguments.threads, '--out', folder / 'row.json')
    return json.loads((folder / 'row.json').read_text())[0]


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', type=pathlib.Path, required=True, help='folder of the training volumes')
    parser.add_argument('--cases', type=pathlib.Path, default=WORK / 'ablation-cases')
    parser.add_argument('--only', choices=VARIANTS)
    parser.add_argument('--threads', type=int, default=2)
    arguments = parser.parse_args()
    rows = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    for variant in [arguments.only] if arguments.only else [v for v in VARIANTS if v not in rows]:
        rows[variant] = train_and_measure(variant, arguments)
        RESULT.write_text(json.dumps(rows, indent=1) + '\n')
