#!/usr/bin/python3
"""Independent judge of the exports (nibabel, pydicom, dciodvfy), and maker of the goldens in exports/.

  make_exports.py                 judge fresh files and write exports/seg-expected.json and exports/nifti-*
  make_exports.py --check-seg DIR     judge the segmentations of seg-cases.json in DIR
  make_exports.py --check-threshold SEG DIR   judge segments 1 and 2 of SEG against thresholds of the CT in DIR
  make_exports.py --check-nifti DIR   judge the NIfTI files named in DIR/checks.json

Nothing here shares code with the app: geometry is written down from DICOM PS3.3 C.7.6.2.1.1 and nifti1.h.
Made with nibabel 5.0 and pydicom 2.3.
"""
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nibabel as nib
import numpy as np

HERE = Path(__file__).resolve().parent
OUT = HERE / 'exports'
ROOT = HERE.parent.parent


# ---- DICOM segmentations -------------------------------------------------------------------------------------

def case_mask(case):
    """Voxels [x, y, z] of a case, painted box by box."""
    mask = np.zeros(case['dims'], np.uint16)
    for number, i0, i1, j0, j1, k0, k1 in case['boxes']:
        mask[i0:i1, j0:j1, k0:k1] = number
    return mask


def judge_seg(path, case, index):
    """Reads one file as a foreign program would; raises where it does not lie on its source; returns what it saw."""
    import pydicom

    ds = pydicom.dcmread(path)
    mask = case_mask(case)
    numbers = sorted({box[0] for box in case['boxes']})
    first, step = np.array(case['first'], float), np.array(case['step'], float)
    iop = np.array(case['iop'], float)
    row_cosine, column_cosine = iop[:3], iop[3:]

    assert ds.SOPClassUID == '1.2.840.10008.5.1.4.1.1.66.4'
    assert str(ds.PatientName) == 'Müller^Jörg' and ds.FrameOfReferenceUID == f'1.2.3.7.{index + 1}'
    assert ds.StudyInstanceUID == f'1.2.3.5.{index + 1}'
    assert [s.SegmentNumber for s in ds.SegmentSequence] == list(range(1, len(numbers) + 1))
    shared = ds.SharedFunctionalGroupsSequence[0]
    spacing = [float(v) for v in shared.PixelMeasuresSequence[0].PixelSpacing]
    assert np.allclose([float(v) for v in shared.PlaneOrientationSequence[0].ImageOrientationPatient], iop, atol=1e-12)
    frames = ds.pixel_array.reshape(int(ds.NumberOfFrames), ds.Rows, ds.Columns)
    slices = [k for k in range(case['dims'][2]) if k not in case.get('interpolated', [])]
    images = [np.array(p, float) for p in case.get('images', [first + k * step for k in slices])]
    referenced = ds.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert len(referenced) == (1 if case.get('multiFrame') else len(images))

    rebuilt = np.zeros(case['dims'], np.uint16)
    seen, orders, placed = [], {}, []
    normal = np.cross(row_cosine, column_cosine)
    for pixels, groups in zip(frames, ds.PerFrameFunctionalGroupsSequence):
        number = numbers[groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber - 1]
        position = np.array([float(v) for v in groups.PlanePositionSequence[0].ImagePositionPatient])
        named = groups.DerivationImageSequence[0].SourceImageSequence[0] if groups.get('DerivationImageSequence') else None
        # The image that the frame names, and the slice where it lies, found apart.
        distances = [np.linalg.norm(first + k * step - position) for k in range(case['dims'][2])]
        k_lies = int(np.argmin(distances))
        assert distances[k_lies] < 1e-9, (k_lies, min(distances))
        assert (named is None) == (k_lies in case.get('interpolated', [])), k_lies
        if named is not None:
            if case.get('multiFrame'):
                assert named.ReferencedSOPInstanceUID == f'1.2.3.4.{index + 1}.0'
                image = int(named.ReferencedFrameNumber) - 1
            else:
                image = int(named.ReferencedSOPInstanceUID.split('.')[-1]) - 1
            assert named.SpatialLocationsPreserved == 'YES'
            assert np.linalg.norm(images[image] - position) < 1e-9, (k_lies, image)
        # Every set pixel through its own position in the patient (PS3.3 equation C.7.6.2.1-1), then back to a voxel.
        rows, columns = np.nonzero(pixels)
        assert len(rows) > 0, 'an empty frame'
        points = position + columns[:, None] * spacing[1] * row_cosine + rows[:, None] * spacing[0] * column_cosine
        to_index = np.linalg.inv(np.column_stack(
            [row_cosine * case['pixelSpacing'][1], column_cosine * case['pixelSpacing'][0], step]))
        voxels = np.rint((points - first) @ to_index.T).astype(int)
        assert (rebuilt[tuple(voxels.T)] == 0).all(), 'segments overlap'
        rebuilt[tuple(voxels.T)] = number
        placed.append((number, points))
        dimension = groups.FrameContentSequence[0].DimensionIndexValues
        assert dimension[0] == groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        orders[round(float(position @ normal), 6)] = dimension[1]
        seen.append({'segment': int(dimension[0]), 'position': [float(v) for v in position],
                     'sop': str(named.ReferencedSOPInstanceUID) if named else None, 'pixels': int(pixels.sum())})
    assert (rebuilt == mask).all(), 'the frames do not rebuild the mask'
    assert [orders[p] for p in sorted(orders)] == list(range(1, len(orders) + 1)), 'positions out of order'
    nifti = Path(path).with_suffix('').with_suffix('.nii.gz')
    if nifti.exists():
        agrees_with_nifti(nifti, placed)
    if shutil.which('dciodvfy'):
        said = subprocess.run(['dciodvfy', str(path)], capture_output=True, text=True)
        errors = [line for line in (said.stdout + said.stderr).splitlines() if line.startswith('Error')]
        assert not errors, errors
    return seen


def agrees_with_nifti(path, placed):
    """The same findings in mask.nii.gz, voxel for voxel by their places in the patient: LPS to RAS, nibabel's affine."""
    image = nib.load(path)
    mask = np.asanyarray(image.dataobj)
    assert int((mask > 0).sum()) == sum(len(points) for _, points in placed)
    for number, points in placed:
        index = nib.affines.apply_affine(np.linalg.inv(image.affine), points * [-1, -1, 1])
        assert np.abs(index - np.rint(index)).max() < 1e-3
        assert (mask[tuple(np.rint(index).astype(int).T)] == number).all()


def seg_name(index):
    return f'seg-{index:02d}.dcm'


def check_segs(folder):
    cases = json.loads((OUT / 'seg-cases.json').read_text())['cases']
    seen = {}
    for index, case in enumerate(cases):
        path = Path(folder) / seg_name(index)
        frames = judge_seg(path, case, index)
        seen[case['name']] = {'sha256': hashlib.sha256(path.read_bytes()).hexdigest(), 'frames': frames}
    return seen


def make_seg_expectations():
    assert shutil.which('dciodvfy'), 'the goldens are judged by dciodvfy too (Debian package dicom3tools)'
    with tempfile.TemporaryDirectory() as folder:
        node = ROOT / 'node_modules' / '.bin' / 'node'
        subprocess.run([str(node), str(OUT / 'write_segs.ts'), folder], check=True)
        lines = [f'  {json.dumps(name)}: {json.dumps(value)}' for name, value in check_segs(folder).items()]
        (OUT / 'seg-expected.json').write_text('{\n' + ',\n'.join(lines) + '\n}\n')


def in_segment(segment, hu):
    return hu >= 150 if segment == 1 else (hu >= -850) & (hu < -300)


def seg_step(seg):
    return float(seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SpacingBetweenSlices)


class Stack:
    """Images of one orientation, to be read anywhere: linear between images along their normal, bilinear within."""

    def __init__(self, images):
        iop = np.array([float(v) for v in images[0].ImageOrientationPatient])
        self.row, self.column = iop[:3], iop[3:]
        self.normal = np.cross(self.row, self.column)
        self.spacing = [float(v) for v in images[0].PixelSpacing]
        self.images = sorted(images, key=lambda ct: self.origin(ct) @ self.normal)
        self.heights = np.array([self.origin(ct) @ self.normal for ct in self.images])
        self.hu = [ct.pixel_array * float(ct.RescaleSlope) + float(ct.RescaleIntercept) for ct in self.images]

    @staticmethod
    def origin(ct):
        return np.array([float(v) for v in ct.ImagePositionPatient])

    def slice_at(self, position, shape):
        """HU of a frame of this shape and the images' pixel size, whose first pixel lies at position."""
        from scipy.ndimage import map_coordinates

        above = int(np.clip(np.searchsorted(self.heights, position @ self.normal), 1, len(self.heights) - 1))
        below = above - 1
        span = self.heights[above] - self.heights[below]
        weight = float(np.clip((position @ self.normal - self.heights[below]) / span, 0, 1))
        rows, columns = np.indices(shape, float)
        result = 0
        for k, part in ((below, 1 - weight), (above, weight)):
            # Pixels above each other in the patient, whatever the tilt.
            offset = position - self.origin(self.images[k])
            at = [rows + offset @ self.column / self.spacing[0], columns + offset @ self.row / self.spacing[1]]
            if part > 0:
                result = result + part * map_coordinates(self.hu[k], at, order=1, cval=-1024)
        return result

    def agreement(self, segment, pixels, position):
        return float((in_segment(segment, self.slice_at(position, pixels.shape)) == pixels.astype(bool)).mean())


def check_threshold(seg_path, folder):
    """Segment 1 must be HU >= 150 and segment 2 -850 <= HU < -300 on the very images that the frames name.

    Frames that name none lie between the images: there, HU are interpolated from all of them at the frames' places in
    the patient. How exactly the app interpolates is its own affair, so most pixels must agree, and more of them than
    half a slice higher or lower or two pixels aside.
    """
    import pydicom

    images = {}
    for path in sorted(Path(folder).rglob('*')):
        if path.is_file():
            try:
                ct = pydicom.dcmread(path)
            except pydicom.errors.InvalidDicomError:
                continue
            if 'SOPInstanceUID' in ct:  # a DICOMDIR has none
                images[ct.SOPInstanceUID] = ct
    seg = pydicom.dcmread(seg_path)
    frames = seg.pixel_array.reshape(int(seg.NumberOfFrames), seg.Rows, seg.Columns)
    unnamed = []
    for pixels, groups in zip(frames, seg.PerFrameFunctionalGroupsSequence):
        position = [float(v) for v in groups.PlanePositionSequence[0].ImagePositionPatient]
        if not groups.get('DerivationImageSequence'):
            unnamed.append((groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber, position, pixels))
            continue
        ct = images[groups.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID]
        assert np.allclose(position, [float(v) for v in ct.ImagePositionPatient], atol=1e-9)
        # As the app rounds: HU are whole numbers.
        hu = np.rint(ct.pixel_array * float(ct.RescaleSlope) + float(ct.RescaleIntercept))
        segment = groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        expected = in_segment(segment, hu)
        assert (pixels.astype(bool) == expected).all(), (segment, position, int((pixels != expected).sum()))
    referenced = {i.ReferencedSOPInstanceUID for i in seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence}
    stack = Stack([images[uid] for uid in referenced])
    for segment, position, pixels in unnamed:
        right = stack.agreement(segment, pixels, np.array(position))
        assert right > 0.98, (segment, position, right)
        # Where a segment has next to no edge on a slice, nothing tells a shift.
        if 0.02 < pixels.mean() < 0.98:
            sideways = 2 * stack.spacing[1] * stack.row
            for shift in (stack.normal * seg_step(seg) / 2, sideways):
                for sign in (1, -1):
                    elsewhere = np.array(position) + sign * shift
                    if not stack.heights[0] <= elsewhere @ stack.normal <= stack.heights[-1]:
                        continue  # Nothing was imaged there.
                    wrong = stack.agreement(segment, pixels, elsewhere)
                    assert right > wrong, (segment, position, right, wrong)
    ct = stack.images[0]
    assert seg.StudyInstanceUID == ct.StudyInstanceUID and seg.FrameOfReferenceUID == ct.FrameOfReferenceUID
    assert seg.PatientID == ct.PatientID


# ---- NIfTI ---------------------------------------------------------------------------------------------------

DIMS = (4, 3, 5)


def rotation(seed):
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return q if np.linalg.det(q) > 0 else -q


def affine_of(matrix, spacing, origin):
    affine = np.eye(4)
    affine[:3, :3] = matrix * np.asarray(spacing)
    affine[:3, 3] = origin
    return affine


def nifti_headers():
    """Headers as they are met: (name, header bytes). Written by nibabel in the byte order named."""
    flip = affine_of(np.diag([-1.0, 1, 1]), (0.7, 0.8, 2.5), (90.1, -126.3, -72.7))
    oblique = affine_of(rotation(3), (0.68359375, 0.71, 1.1), (-100.123456, 33.3, 7.7))
    left = affine_of(rotation(5) @ np.diag([1.0, 1, -1]), (0.9, 0.9, 3.3), (1, 2, 3))
    sheared = flip.copy()
    sheared[1, 2] = 0.3
    cases = [('flipped, sform and qform', flip, 1, 1, '<', None), ('oblique, sform only', oblique, 2, 0, '<', None),
             ('oblique, qform only', oblique, 0, 1, '<', None), ('left-handed, qform only', left, 0, 3, '<', None),
             ('sheared, sform only', sheared, 4, 0, '<', None), ('oblique, big-endian', oblique, 1, 2, '>', None),
             ('left-handed, big-endian, qform only', left, 0, 1, '>', None),
             ('sform and qform disagree', oblique, 1, 1, '<', flip), ('neither sform nor qform', flip, 0, 0, '<', None)]
    for name, affine, sform, qform, order, other in cases:
        header = nib.Nifti1Header(endianness=order)
        header.set_data_dtype(np.int16)
        header.set_data_shape(DIMS)
        header.set_zooms(np.linalg.norm(affine[:3, :3], axis=0))
        if sform:
            header.set_sform(affine, sform)
        if qform:
            header.set_qform(affine if other is None else other, qform)
        header.set_xyzt_units('mm', 'sec')
        header['scl_slope'], header['scl_inter'], header['magic'], header['vox_offset'] = 2.0, -1024.0, b'n+1', 352
        assert len(header.binaryblock) == 348
        yield name, header


def voxels_of(dtype):
    """The voxels the test writes: (7 * offset) mod 251, divided by 4 for float32; offset counts x fastest."""
    flat = (7 * np.arange(np.prod(DIMS))) % 251
    values = flat / np.float32(4) if dtype == 'float32' else flat
    return values.astype(dtype).reshape(DIMS, order='F')


def make_nifti_goldens():
    """For every source header: nibabel's own little-endian file of the test's voxels with that source's geometry."""
    entries = []
    for index, (name, header) in enumerate(nifti_headers()):
        dtype = ['float32', 'uint16', 'uint8', 'int16'][index % 4]
        target = header.as_byteswapped('<') if header.endianness == '>' else header.copy()
        target.set_data_dtype(dtype)
        image = nib.Nifti1Image(voxels_of(dtype), None, target)
        image.header.set_slope_inter(1, 0)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / 'expected.nii'
            image.to_filename(path)
            content = path.read_bytes()
            assert (nib.load(path).affine == header.get_best_affine()).all()
        entries.append({'name': name, 'littleEndian': header.endianness == '<', 'dtype': dtype,
                        'affine': header.get_best_affine().tolist(),
                        'source': header.binaryblock.hex(), 'expected': content.hex()})
    lines = ',\n'.join('  ' + json.dumps(entry) for entry in entries)
    (OUT / 'nifti-sources.json').write_text('[\n' + lines + '\n]\n')

    # DICOM grids: LPS direction (row-major, columns are index axes), spacing, origin -> the RAS affine.
    grids = []
    for name, matrix in [('axial', np.eye(3)), ('towards the feet', np.diag([1.0, 1, -1])),
                         ('sagittal', np.array([[0.0, 0, 1], [1, 0, 0], [0, -1, 0]])),
                         ('half turn', np.diag([-1.0, -1, 1])), ('oblique', rotation(11)),
                         ('oblique, left-handed', rotation(12) @ np.diag([-1.0, 1, 1])),
                         ('gantry tilt', np.array([[1.0, 0, 0], [0, 0.96, 0], [0, -0.28, 1]]))]:
        spacing, origin = (0.703125, 0.8, 2.5), (-170.5, -150.25, 33.125)
        affine = np.diag([-1, -1, 1, 1]) @ affine_of(matrix, spacing, origin)
        # Rounded as the file rounds it.
        affine = affine.astype(np.float32).astype(float) + 0.0
        entry = {'name': name, 'direction': matrix.ravel().tolist(), 'spacing': spacing, 'origin': origin,
                 'affine': affine.tolist()}
        if name != 'gantry tilt':
            header = nib.Nifti1Header()
            header.set_qform(affine, 1)
            entry['qfac'] = float(header['pixdim'][0])
            entry['quatern'] = [float(header[f'quatern_{c}']) for c in 'bcd']
        grids.append(entry)
    lines = ',\n'.join('  ' + json.dumps(entry) for entry in grids)
    (OUT / 'nifti-grids.json').write_text('[\n' + lines + '\n]\n')


def check_niftis(folder):
    folder = Path(folder)
    for check in json.loads((folder / 'checks.json').read_text()):
        image = nib.load(folder / check['file'])
        assert (image.affine == np.array(check['affine'])).all(), (check['file'], image.affine, check['affine'])
        assert image.shape == DIMS and image.get_data_dtype() == check['dtype'], check['file']
        assert (np.asanyarray(image.dataobj) == voxels_of(check['dtype'])).all(), check['file']
        assert image.header['descrip'].tobytes().startswith(b'Screener Workstation - research use only')
        if 'qform' in check:
            qform, code = image.header.get_qform(coded=True)
            assert code == check['qform'], (check['file'], code)
            if code:
                assert np.allclose(qform, image.affine, atol=1e-4), (check['file'], qform)


if __name__ == '__main__':
    if sys.argv[1:2] == ['--check-seg']:
        check_segs(sys.argv[2])
    elif sys.argv[1:2] == ['--check-threshold']:
        check_threshold(sys.argv[2], sys.argv[3])
    elif sys.argv[1:2] == ['--check-nifti']:
        check_niftis(sys.argv[2])
    else:
        make_seg_expectations()
        make_nifti_goldens()
    print('ok')
