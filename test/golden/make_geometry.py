#!/usr/bin/env python3
"""Makes test/golden/geometry.json: stacks of slices that are not regular, and what scipy makes of them.

    python3 test/golden/make_geometry.py [../shared/data]

Needs numpy, scipy, pydicom, nibabel and dcm2niix, which must take a gantry tilt out in the same way. Every value is found by map_coordinates(order=1) at the voxel's place in the patient: the
height along the normal gives the place between the images, and the images' positions give the shift in their plane. The
grids are worked out here from the positions alone.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
from scipy.ndimage import map_coordinates

UNCOVERED = -1024


def regular(position, row, column, pixel, shape, missing):
    """Grid of images at these positions: step, count, heights, shift per mm in pixels, origin, matrix."""
    normal = np.cross(row, column)
    height = (position - position[0]) @ normal
    gaps = np.diff(height)
    usual = np.sort(gaps)[(len(gaps) - 1) // 2]
    steps = round(height[-1] / usual)
    step = height[-1] / steps if missing else usual
    drift = np.array([(position[-1] - position[0]) @ axis / mm for axis, mm in ((row, pixel[0]), (column, pixel[1]))])
    drift = np.where(np.abs(drift) > 0.1, drift, 0) / height[-1]
    reach = drift * step * steps
    low, top = np.floor(np.minimum(0, reach)), np.ceil(np.maximum(0, reach))
    origin = position[0] + row * low[0] * pixel[0] + column * low[1] * pixel[1]
    dims = [int(shape[2] + top[0] - low[0]), int(shape[1] + top[1] - low[1]), steps + 1]
    return height, step, drift, origin, dims


def resample(images, position, row, column, pixel, missing):
    row, column, position = np.array(row, float), np.array(column, float), np.array(position, float)
    normal = np.cross(row, column)
    height, step, drift, origin, dims = regular(position, row, column, pixel, images.shape, missing)
    k, j, i = np.meshgrid(*(np.arange(n) for n in dims[::-1]), indexing='ij')
    patient = (origin + i[..., None] * pixel[0] * row + j[..., None] * pixel[1] * column + k[..., None] * step * normal)
    off = patient - position[0]
    h = off @ normal
    x = off @ row / pixel[0] - drift[0] * h
    y = off @ column / pixel[1] - drift[1] * h
    z = np.interp(h, np.arange(len(height)) * step if missing and len(height) == dims[2] else height,
                  np.arange(len(height)))
    values = map_coordinates(images.astype(float), [z, y, x], order=1, mode='nearest')
    covered = (np.abs(x - (images.shape[2] - 1) / 2) <= images.shape[2] / 2 + 1e-9) & \
              (np.abs(y - (images.shape[1] - 1) / 2) <= images.shape[1] / 2 + 1e-9)
    return {'dims': dims, 'spacing': [*pixel, step], 'origin': origin.tolist()}, np.where(covered, values, UNCOVERED)


def turned(degrees):
    a = np.deg2rad(degrees)
    return [1, 0, 0], [0, np.cos(a), -np.sin(a)]


def make_synthetic():
    rng = np.random.default_rng(5)
    flat, tilted = turned(0), turned(12)
    cases = {
        # heights of the images along z, orientation, whether the gaps are whole steps
        'slices missing': ([0, 2.5, 5, 12.5, 15, 17.5, 20, 25, 27.5, 30, 32.5, 35, 37.5], flat, True),
        'varying spacing': ([0, 3, 5, 6.5, 9.5, 12.5, 15.5, 18.5], flat, False),
        'gantry tilt': ([0, 2.5, 5, 7.5, 10, 12.5], tilted, True),
        'gantry tilt the other way': ([0, 2.5, 5, 7.5, 10, 12.5], turned(-20), True),
        'gantry tilt, slices missing': ([0, 2, 4, 6, 10, 12, 14, 16], tilted, True),
        'gantry tilt, varying spacing': ([0, 3, 4.25, 7.25, 10.25, 13.25, 14.25, 17.5], tilted, False),
    }
    made = {}
    for name, (heights, (row, column), missing) in cases.items():
        images = rng.integers(-1000, 1500, (len(heights), 5, 4))
        position = [[-31.25, 12.5, 107.5 + h] for h in heights]
        geometry, values = resample(images, position, row, column, [0.75, 0.5], missing)
        made[name] = {'rowDirection': row, 'columnDirection': column, 'pixelSpacing': [0.5, 0.75], 'positions': position,
                      'images': images.ravel().tolist(), 'columns': 4, 'rows': 5, **geometry,
                      'voxels': np.round(values, 6).ravel().tolist()}
    return made


def judge_tilt_with_dcm2niix():
    """dcm2niix takes a gantry tilt out by itself: our grid and values must be those of its *_Tilt_* file."""
    template = sorted((Path(__file__).resolve().parent / 'readers/dicom/axial').glob('*.dcm'))[0]
    row, column = turned(12)
    row, column = np.array(row, float), np.array(column, float)
    y, x = np.mgrid[:64, :64]
    images = np.array([500 * np.sin(x / 9 + k / 3) + 400 * np.cos(y / 7 - k / 4) for k in range(8)]).astype('<i2')
    position = [[-20, -20, 100 + 3 * k] for k in range(8)]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / 'in').mkdir()
        for k, image in enumerate(images):
            ds = pydicom.dcmread(template)
            ds.Rows, ds.Columns, ds.PixelSpacing, ds.SliceThickness = 64, 64, [0.75, 0.75], 3
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f'2.25.77.{k + 1}'
            ds.InstanceNumber, ds.GantryDetectorTilt, ds.Manufacturer = k + 1, 12, 'GE MEDICAL SYSTEMS'
            ds.ImagePositionPatient = position[k]
            ds.ImageOrientationPatient = [f'{v:.9f}' for v in [*row, *column]]
            ds.PixelData = image.tobytes()
            ds.save_as(f'{folder}/in/{k}.dcm')
        subprocess.run(['dcm2niix', '-b', 'n', '-z', 'n', '-f', 'v', '-o', folder, f'{folder}/in'], check=True,
                       capture_output=True)
        theirs = nib.load(f'{folder}/v_Tilt_1.nii')
        data = np.asarray(theirs.dataobj, float)
    geometry, values = resample(images, position, row, column, [0.75, 0.75], True)
    assert list(theirs.shape) == geometry['dims']
    ours = np.array([0, theirs.shape[1] - 1, 0])  # NIfTI from dcm2niix has its rows reversed
    lps = np.diag([-1, -1, 1]) @ (theirs.affine[:3, :3] @ ours + theirs.affine[:3, 3])
    assert np.abs(lps - geometry['origin']).max() < 1e-4, (lps, geometry['origin'])
    off = np.abs(data.transpose(2, 1, 0)[:, ::-1] - values)
    covered = (values != UNCOVERED).all(axis=2)
    for k in range(8):  # they leave a row that is covered in part empty
        rows = np.flatnonzero(covered[k])[1:-1]
        assert off[k, rows].max() < 1, (k, off[k, rows].max())


def make_real(data):
    made = {}
    rng = np.random.default_rng(6)
    for name, missing in (('missing_and_duplicated_slices', True), ('gantry_tilt_variable_spacing_ge_head', False)):
        slices = {}
        for path in sorted((data / 'dicom/edge' / name).iterdir()):
            ds = pydicom.dcmread(path)
            slices[ds.SOPInstanceUID] = ds
        row, column = np.reshape([float(v) for v in ds.ImageOrientationPatient], (2, 3))
        place = lambda s: np.array([float(v) for v in s.ImagePositionPatient])
        slices = sorted(slices.values(), key=lambda s: place(s) @ np.cross(row, column))
        images = np.array([s.pixel_array * float(s.RescaleSlope) + float(s.RescaleIntercept) for s in slices])
        pixel = [float(ds.PixelSpacing[1]), float(ds.PixelSpacing[0])]
        geometry, values = resample(images, [place(s) for s in slices], row, column, pixel, missing)
        index = np.stack([rng.integers(0, n, 400) for n in geometry['dims']], -1)
        made[name] = {**geometry, 'images': len(slices),
                      'samples': [[*map(int, (i, j, k)), round(float(values[k, j, i]), 6)] for i, j, k in index]}
    return made


if __name__ == '__main__':
    file = Path(__file__).resolve().parent / 'geometry.json'
    data = Path(sys.argv[1] if len(sys.argv) > 1 else '../shared/data')
    judge_tilt_with_dcm2niix()
    real = make_real(data) if data.is_dir() else json.loads(file.read_text())['real']
    file.write_text(json.dumps({'synthetic': make_synthetic(), 'real': real}) + '\n')
