"""Reads small CT series written by main/exporting/dicomSeries.ts with pydicom and keeps what pydicom found.

Run from the repository's root: /usr/bin/python3 test/golden/make_dicomSeries.py
Made with pydicom 2.3.1. The tests write the same series and compare what they find in the files with this.
"""
import hashlib
import json
import pathlib
import subprocess
import tempfile

import numpy as np
import pydicom

ROOT = pathlib.Path(__file__).resolve().parents[2]
WRITE = """
import { writeCtSeries } from './main/exporting/dicomSeries.ts'
import { SMALL_CTS, SMALL_CT_IDENTITY } from './test/unit/exporting/smallCt.ts'
for (const [name, volume] of Object.entries(SMALL_CTS))
  await writeCtSeries(process.argv[1] + '/' + name, volume, SMALL_CT_IDENTITY)
"""
KEYWORDS = [
    'SOPClassUID', 'SOPInstanceUID', 'StudyInstanceUID', 'SeriesInstanceUID', 'FrameOfReferenceUID', 'PatientName',
    'PatientID', 'PatientSex', 'PatientBirthDate', 'StudyID', 'StudyDate', 'StudyTime', 'StudyDescription',
    'SeriesDescription', 'SeriesNumber', 'InstanceNumber', 'Modality', 'PatientPosition', 'BodyPartExamined',
    'ImageType', 'PixelSpacing', 'ImageOrientationPatient', 'ImagePositionPatient', 'SliceThickness', 'Rows', 'Columns',
    'BitsAllocated', 'BitsStored', 'HighBit', 'PixelRepresentation', 'RescaleSlope', 'RescaleIntercept', 'RescaleType',
]


def plain(value):
    if isinstance(value, pydicom.multival.MultiValue):
        return [plain(v) for v in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return str(value)


expected = {}
with tempfile.TemporaryDirectory() as folder:
    node = ROOT / 'node_modules/.bin/node'
    subprocess.run([node, '--input-type=module', '-e', WRITE, folder], cwd=ROOT, check=True)
    for series in sorted(pathlib.Path(folder).iterdir()):
        expected[series.name] = []
        for file in sorted(series.iterdir()):
            dataset = pydicom.dcmread(file)
            pixels = np.ascontiguousarray(dataset.pixel_array.astype('<i2'))
            expected[series.name].append({
                'file': file.name,
                'transferSyntax': str(dataset.file_meta.TransferSyntaxUID),
                'elements': {keyword: plain(dataset[keyword].value) for keyword in KEYWORDS},
                'pixelsSha256': hashlib.sha256(pixels.tobytes()).hexdigest(),
                'firstRow': pixels[0].tolist(),
            })

out = ROOT / 'test/golden/dicomSeries'
out.mkdir(exist_ok=True)
(out / 'expected.json').write_text(json.dumps(expected, ensure_ascii=False, separators=(',', ':')) + '\n', encoding='utf-8')
