#!/usr/bin/env python3
"""Makes test/golden/readers/: tiny DICOM series and NIfTI files with what other readers find in them.

    python3 test/golden/make_readers.py [../shared/data]

Needs numpy, pydicom with GDCM, nibabel, and the tools gdcmconv (GDCM), dcmcjpeg, dcmcjpls (DCMTK)
and dcm2niix. Writes

- dicom/<case>/*.dcm and dicom/<case>.json: synthetic CT series (no patient) and the volume that pydicom and GDCM read
  from them, stacked by Image Position (Patient) along row x column. dcm2niix, which does its own sorting and flipping,
  must put every voxel at the same place in the patient, or the script fails.
- nifti.json: tiny NIfTI-1 files (base64) in all 48 axis orders and flips, oblique, every datatype, both byte orders,
  with the affine and values that nibabel reads.
- real.json: dims, spacing, origin, direction and the SHA-256 of the voxels (Int16 little endian, x fastest) of public
  scans, where they are at hand. The scans are not part of the project.
"""
import base64
import gzip
import hashlib
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
from pydicom.encaps import encapsulate, generate_pixel_data_frame
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

HERE = Path(__file__).resolve().parent / 'readers'
CT = '1.2.840.10008.5.1.4.1.1.2'
ROOT = '2.25.4183'  # arbitrary, fixed: the files must come out the same every time
COLUMNS, ROWS = 8, 6


def to_int16(values):
    """The product's rounding: half up, then clamped."""
    return np.clip(np.floor(np.asarray(values, np.float64) + 0.5), -32768, 32767).astype('<i2')


def unit(v):
    return np.asarray(v, float) / np.linalg.norm(v)


def rotation(axis, degrees):
    axis, a = unit(axis), np.deg2rad(degrees)
    k = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + np.sin(a) * k + (1 - np.cos(a)) * k @ k


AXIAL = ([1, 0, 0], [0, 1, 0])
SAGITTAL = ([0, 1, 0], [0, 0, -1])
CORONAL = ([1, 0, 0], [0, 0, -1])
TURN = rotation([1, 2, 3], 25)
OBLIQUE = (TURN @ [1, 0, 0], TURN @ [0, 1, 0])

# name: orientation, slices, and what differs from a plain signed explicit little-endian series
CASES = {
    'axial': dict(axes=AXIAL),
    'axial-descending': dict(axes=AXIAL, descending=True),
    'prone-feet-first': dict(axes=([-1, 0, 0], [0, -1, 0])),
    'head-down': dict(axes=([-1, 0, 0], [0, 1, 0])),  # row x column points to the feet
    'sagittal': dict(axes=SAGITTAL),
    'coronal': dict(axes=CORONAL),
    'oblique': dict(axes=OBLIQUE),
    'oblique-sagittal-descending': dict(axes=(TURN @ SAGITTAL[0], TURN @ SAGITTAL[1]), descending=True),
    'unsigned-12-of-16-overlay-bits': dict(axes=AXIAL, n=3, signed=False, stored=12, overlay=True, charset='ISO_IR 192',
                                           name='Łukasiewicz^Zoë', intercept=-1024),
    'signed-12-of-16': dict(axes=AXIAL, n=3, stored=12, overlay=True, charset=['ISO 2022 IR 6', 'ISO 2022 IR 87'],
                            name='Yamada^Tarou=山田^太郎=やまだ^たろう'),
    'high-bit-15': dict(axes=AXIAL, n=3, signed=False, stored=12, high=15, intercept=-1024),
    'unsigned-8': dict(axes=AXIAL, n=3, signed=False, allocated=8, stored=8, slope=8, intercept=-1000,
                       charset=['', 'ISO 2022 IR 149'], name='Hong^Gildong=洪^吉洞=홍^길동'),
    'rescale-per-slice': dict(axes=CORONAL, slopes=[1, 0.5, 2, 1.25, 0.1], intercepts=[-1024, 0, -500.5, 10, -3]),
    'implicit': dict(axes=OBLIQUE, n=3, syntax=ImplicitVRLittleEndian, charset='ISO_IR 100', name='Müller^Jörg'),
    'big-endian': dict(axes=OBLIQUE, n=3, syntax=ExplicitVRBigEndian),
    'deflated': dict(axes=OBLIQUE, n=3, syntax=DeflatedExplicitVRLittleEndian),
    'rle': dict(axes=OBLIQUE, n=3, convert='rle'),
    'jpeg-lossless-70': dict(axes=OBLIQUE, n=3, convert='jpeg'),
    'jpeg-lossless-70-unsigned': dict(axes=AXIAL, n=3, signed=False, stored=12, intercept=-1024, convert='jpeg'),
    'jpeg-lossless-57': dict(axes=OBLIQUE, n=3, signed=False, stored=12, intercept=-1024, convert='jpeg57 even'),
    'jpeg-lossless-57-signed': dict(axes=CORONAL, n=3, convert='jpeg57 odd'),
    'jpegls-80': dict(axes=OBLIQUE, n=3, convert='jpegls'),
    'jpegls-80-unsigned-12': dict(axes=AXIAL, n=3, signed=False, stored=12, intercept=-1024, convert='dcmtk jpegls'),
    'jpegls-80-signed-12-fragments': dict(axes=AXIAL, n=3, stored=12, convert='dcmtk jpegls', fragments=3),
    'jpegls-80-unsigned-8': dict(axes=AXIAL, n=3, signed=False, allocated=8, stored=8, slope=8, intercept=-1000,
                                 convert='jpegls'),
    'jpegls-81': dict(axes=AXIAL, n=3, signed=False, stored=12, intercept=-1024, convert='jpegls near'),
    'jpeg2000-90': dict(axes=OBLIQUE, n=3, convert='j2k'),
    'jpeg2000-90-unsigned-12-fragments': dict(axes=AXIAL, n=3, signed=False, stored=12, intercept=-1024, convert='j2k',
                                              fragments=3),
    'jpeg2000-90-signed-12': dict(axes=AXIAL, n=3, stored=12, convert='j2k'),
    'jpeg2000-90-unsigned-8': dict(axes=AXIAL, n=3, signed=False, allocated=8, stored=8, slope=8, intercept=-1000,
                                   convert='j2k'),
    'jpeg2000-91': dict(axes=AXIAL, n=3, convert='j2k lossy'),
}


def make_series(folder, number, axes, n=5, descending=False, signed=True, allocated=16, stored=16, high=None, slope=1,
                intercept=0, slopes=None, intercepts=None, overlay=False, syntax=ExplicitVRLittleEndian, convert=None,
                charset=None, name='Phantom^Reader', fragments=0):
    rng = np.random.default_rng(number)
    row, column = unit(axes[0]), unit(axes[1])
    normal = np.cross(row, column)
    spacing = [0.75, 0.5, 2.5]  # x, y, z: y and x differ so that a mix-up shows
    origin = np.array([-31.25, 12.5, 107.5])
    high = stored - 1 if high is None else high
    order = rng.permutation(n)  # file names say nothing about positions
    for k in range(n):
        ds = FileDataset(None, {}, preamble=b'\0' * 128, file_meta=FileMetaDataset())
        ds.file_meta.MediaStorageSOPClassUID = CT
        ds.file_meta.MediaStorageSOPInstanceUID = f'{ROOT}.{number}.3.{k + 1}'
        ds.file_meta.TransferSyntaxUID = syntax
        ds.file_meta.ImplementationClassUID = f'{ROOT}.9'
        ds.is_little_endian = syntax != ExplicitVRBigEndian
        ds.is_implicit_VR = syntax == ImplicitVRLittleEndian
        if charset:
            ds.SpecificCharacterSet = charset
        ds.ImageType = ['ORIGINAL', 'PRIMARY', 'AXIAL']
        ds.SOPClassUID, ds.SOPInstanceUID = CT, f'{ROOT}.{number}.3.{k + 1}'
        ds.StudyDate, ds.StudyTime, ds.AccessionNumber, ds.Modality = '20260102', '030405', 'A7', 'CT'
        ds.Manufacturer, ds.ReferringPhysicianName = 'Nobody', 'Ref^Doctor'
        ds.StudyDescription, ds.SeriesDescription = 'Thorax', f'Case {number}'
        ds.ManufacturerModelName = 'Synthetic'
        ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = name, 'P1', '19700101', 'O'
        ds.SliceThickness, ds.KVP, ds.PatientPosition = spacing[2], None, 'HFS'
        ds.ConvolutionKernel = 'B40f'
        ds.StudyInstanceUID, ds.SeriesInstanceUID = f'{ROOT}.{number}.1', f'{ROOT}.{number}.2'
        ds.StudyID, ds.SeriesNumber, ds.AcquisitionNumber = 'S1', number, 1
        ds.InstanceNumber = int((n - k) if descending else k + 1)
        step = (n - 1 - k) if descending else k
        ds.ImagePositionPatient = [f'{v:.9g}' for v in origin + normal * spacing[2] * step]
        ds.ImageOrientationPatient = [f'{v:.9f}' for v in [*row, *column]]
        ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = f'{ROOT}.{number}.4', 'SN'
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, 'MONOCHROME2'
        ds.Rows, ds.Columns, ds.PixelSpacing = ROWS, COLUMNS, [spacing[1], spacing[0]]
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = allocated, stored, high, int(signed)
        ds.RescaleIntercept = (intercepts or [intercept] * n)[k]
        ds.RescaleSlope = (slopes or [slope] * n)[k]
        ds.RescaleType = 'HU'
        low, top = (-(2 ** (stored - 1)), 2 ** (stored - 1)) if signed else (0, 2**stored)
        values = rng.integers(max(low, -3000), min(top, 3000), (ROWS, COLUMNS))
        values[0, 0], values[-1, -1] = low, top - 1
        words = (values & (2**stored - 1)) << (high + 1 - stored)
        if overlay:  # retired overlay planes live in the unused bits: a reader must mask them
            words |= rng.integers(0, 2 ** (allocated - stored), words.shape) << stored
        dtype = {8: 'u1', 16: '>u2' if syntax == ExplicitVRBigEndian else '<u2'}[allocated]
        ds.PixelData = words.astype(dtype).tobytes()
        ds['PixelData'].VR = 'OB' if allocated == 8 else 'OW'
        path = folder / f'{order[k]:02d}.dcm'
        pydicom.dcmwrite(path, ds, write_like_original=False)
        if convert:
            shutil.move(path, folder / 'raw')
            tool = {'rle': ['gdcmconv', '--rle'], 'jpeg': ['gdcmconv', '--jpeg'],
                    # predictors 2, 4, 6 and 3, 5, 7
                    'jpeg57 even': ['dcmcjpeg', '--encode-lossless', '+sv', str(2 + 2 * k), '--uid-never'],
                    'jpeg57 odd': ['dcmcjpeg', '--encode-lossless', '+sv', str(3 + 2 * k), '--uid-never'],
                    'jpegls': ['gdcmconv', '--jpegls'],
                    'dcmtk jpegls': ['dcmcjpls', '--encode-lossless', '--uid-never'],
                    'jpegls near': ['dcmcjpls', '--encode-nearlossless', '--max-deviation', '3', '--uid-never']}.get(convert)
            if tool:
                subprocess.run([*tool, str(folder / 'raw'), str(path)], check=True, capture_output=True)
            else:
                encode(folder / 'raw', path, *CODESTREAMS[convert])
            if convert not in LOSSY:
                np.testing.assert_array_equal(stored_values(pydicom.dcmread(path)), values)
            (folder / 'raw').unlink()
        if fragments:
            split_fragments(path, fragments)


LOSSY = ('jpegls near', 'j2k lossy')
CODESTREAMS = {'j2k': ('j2k', '1.2.840.10008.1.2.4.90', True), 'j2k lossy': ('j2k', '1.2.840.10008.1.2.4.91', False)}


def encode(source, path, kind, syntax, lossless):
    ds = pydicom.dcmread(source)
    parameters = [kind, ds.Columns, ds.Rows, ds.BitsStored, ds.PixelRepresentation, int(lossless)]
    codestream = subprocess.run(['node', str(HERE.parent / 'encode_codestream.mjs'), *map(str, parameters)],
                                input=stored_values(ds).astype('u1' if ds.BitsAllocated == 8 else '<i2').tobytes(),
                                check=True, capture_output=True).stdout
    ds.PixelData = encapsulate([codestream])
    ds['PixelData'].is_undefined_length, ds['PixelData'].VR = True, 'OB'
    ds.file_meta.TransferSyntaxUID = syntax
    if not lossless:
        ds.LossyImageCompression = '01'
    pydicom.dcmwrite(path, ds, write_like_original=False)


def split_fragments(path, count):
    """The same file with its picture in several fragments and an empty offset table."""
    ds = pydicom.dcmread(path)
    frame, = generate_pixel_data_frame(ds.PixelData, 1)
    ds.PixelData = encapsulate([frame], fragments_per_frame=count, has_bot=False)
    # The empty offset table and the fragments are an item each.
    assert ds.PixelData[4:8] == b'\0' * 4 and ds.PixelData.count(b'\xfe\xff\x00\xe0') == 1 + count
    ds['PixelData'].is_undefined_length = True
    pydicom.dcmwrite(path, ds, write_like_original=False)


def stored_values(ds):
    """pydicom's pixel_array honours neither unused high bits nor a high bit above bits stored - 1."""
    pixels = ds.pixel_array
    if ds.file_meta.TransferSyntaxUID.is_compressed and not ds.file_meta.TransferSyntaxUID.is_deflated:
        pixels = pixels.astype(np.int64)
        if ds.PixelRepresentation:  # nor does it extend the sign of the 12 bits that GDCM decodes from JPEG-LS
            pixels = ((pixels & (2**ds.BitsStored - 1)) ^ 2 ** (ds.BitsStored - 1)) - 2 ** (ds.BitsStored - 1)
        return pixels
    pixels = pixels.astype(pixels.dtype.newbyteorder("="))
    words = pixels.view(np.uint8 if ds.BitsAllocated == 8 else np.uint16).astype(np.int64)
    values = (words >> (ds.HighBit + 1 - ds.BitsStored)) & (2**ds.BitsStored - 1)
    if ds.PixelRepresentation:
        values = np.where(values >= 2 ** (ds.BitsStored - 1), values - 2**ds.BitsStored, values)
    return values


def read_series(paths):
    slices = [pydicom.dcmread(p) for p in paths]
    slices = [s for s in slices if s.get('Modality') == 'CT' and 'LOCALIZER' not in s.get('ImageType', [])]
    row, column = np.reshape([float(v) for v in slices[0].ImageOrientationPatient], (2, 3))
    normal = np.cross(row, column)
    slices.sort(key=lambda s: float(np.dot([float(v) for v in s.ImagePositionPatient], normal)))
    position = [np.array([float(v) for v in s.ImagePositionPatient]) for s in slices]
    step = (position[-1] - position[0]) / (len(slices) - 1)
    voxels = to_int16([stored_values(s) * float(s.RescaleSlope) + float(s.RescaleIntercept) for s in slices])
    first = slices[0]
    direction = np.stack([unit(row), unit(column), unit(step)], axis=1)
    return slices, voxels, {
        'dims': [int(first.Columns), int(first.Rows), len(slices)],
        'spacing': [float(first.PixelSpacing[1]), float(first.PixelSpacing[0]), float(np.linalg.norm(step))],
        'origin': position[0].tolist(),
        'direction': direction.ravel().tolist(),
    }


def judge_with_dcm2niix(folder, voxels, geometry):
    """Every voxel of dcm2niix's volume must have the value that our expectation has at the same LPS position."""
    with tempfile.TemporaryDirectory() as out:
        subprocess.run(['dcm2niix', '-b', 'n', '-z', 'n', '-f', 'v', '-o', out, str(folder)], check=True,
                       capture_output=True)
        found = list(Path(out).glob('*.nii'))
        assert len(found) == 1, (folder, found)
        image = nib.load(found[0])
        data = np.asarray(image.dataobj, np.float64)
        index = np.stack(np.meshgrid(*map(np.arange, data.shape), indexing='ij'), -1).reshape(-1, 3)
        lps = (index @ image.affine[:3, :3].T + image.affine[:3, 3]) * [-1, -1, 1]
        d = np.reshape(geometry['direction'], (3, 3))
        ours = (lps - geometry['origin']) @ d / geometry['spacing']
        assert np.abs(ours - np.rint(ours)).max() < 1e-3, (folder, np.abs(ours - np.rint(ours)).max())
        i, j, k = np.rint(ours).astype(int).T
        worst = np.abs(voxels[k, j, i] - data.reshape(-1)).max()
        assert worst <= 0.5, (folder, worst)


def make_dicom():
    for number, (name, options) in enumerate(CASES.items(), 1):
        folder = HERE / 'dicom' / name
        folder.mkdir(parents=True)
        make_series(folder, number, **options)
        slices, voxels, geometry = read_series(sorted(folder.iterdir()))
        # dcm2niix 1.0 supports neither a per-slice rescale in integers, nor overlay bits, nor a shifted high bit,
        # nor the retired big-endian and deflated syntaxes, JPEG-LS and JPEG 2000 in every build.
        if not (name.startswith(('jpegls', 'jpeg2000')) or options.get('slopes') or options.get('overlay') or options.get('high')
                or options.get('syntax') in (ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)):
            judge_with_dcm2niix(folder, voxels, geometry)
        expected = {
            **geometry,
            'voxels': voxels.ravel().tolist(),
            'patientName': str(slices[0].PatientName),
            'transferSyntaxUid': str(slices[0].file_meta.TransferSyntaxUID),
            'sopInstanceUids': [str(s.SOPInstanceUID) for s in slices],
        }
        (HERE / 'dicom' / f'{name}.json').write_text(json.dumps(expected) + '\n')


def nifti_entry(name, image, gz=False, patch=None):
    raw = bytearray(image.to_bytes())
    for offset, data in (patch or {}).items():
        raw[offset:offset + len(data)] = data
    image = nib.Nifti1Image.from_bytes(bytes(raw))
    data = np.asarray(image.dataobj, np.float64)
    data = data.reshape(data.shape[:3])
    stored = gzip.compress(bytes(raw), mtime=0) if gz else bytes(raw)
    return {
        'name': name,
        'file': base64.b64encode(stored).decode(),
        'gz': gz,
        'dims': list(data.shape),
        'affineRas': image.affine.tolist(),
        'voxels': to_int16(data).ravel(order='F').tolist(),
    }


def make_nifti():
    rng = np.random.default_rng(7)
    values = rng.integers(-1024, 2000, (4, 3, 5)).astype(np.int16)
    entries = []
    scale = np.diag([0.75, 1.5, 2.5])
    for axes in itertools.permutations(range(3)):
        for signs in itertools.product([1, -1], repeat=3):
            affine = np.eye(4)
            affine[:3, :3] = (np.eye(3)[:, list(axes)] * signs) @ scale
            affine[:3, 3] = [-12.5, 30.25, -400]
            code = ''.join(nib.aff2axcodes(affine))
            for form in ('sform', 'qform'):
                image = nib.Nifti1Image(values, affine)
                image.header.set_xyzt_units('mm')
                image.set_sform(affine if form == 'sform' else None, code=int(form == 'sform'))
                image.set_qform(affine if form == 'qform' else None, code=int(form == 'qform'))
                entries.append(nifti_entry(f'{code} by {form}', image, gz=form == 'sform'))

    oblique = np.eye(4)
    oblique[:3, :3] = rotation([1, 2, 3], 25) @ np.diag([-1, 1, 1]) @ scale
    oblique[:3, 3] = [10, -20, 30]
    for form in ('sform', 'qform'):
        image = nib.Nifti1Image(values, oblique)
        image.set_sform(oblique, code=int(form == 'sform'))
        image.set_qform(oblique, code=int(form == 'qform'))
        entries.append(nifti_entry(f'oblique, left-handed, by {form}', image))

    for dtype in ('uint8', 'int8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'float32', 'float64'):
        for order, word in (('<', 'little'), ('>', 'big')):
            data = values % 200 - (100 if dtype == 'int8' else 0) if dtype.endswith('int8') else np.abs(values) \
                if dtype.startswith('u') else values * (0.37 if dtype.startswith('float') else 1)
            header = nib.Nifti1Header(endianness=order)
            header.set_data_dtype(np.dtype(dtype))
            image = nib.Nifti1Image(data.astype(np.dtype(dtype)), oblique, header)
            slope = np.array([1.7, -1000.25], np.dtype('f4').newbyteorder(order)).tobytes()
            entries.append(nifti_entry(f'{dtype}, {word} endian', image))
            entries.append(nifti_entry(f'{dtype}, {word} endian, scaled', image, gz=True, patch={112: slope}))

    four = nib.Nifti1Image(values[..., None], oblique)
    entries.append(nifti_entry('a fourth dimension of one', four))
    extended = nib.Nifti1Image(values, oblique)
    extended.header.extensions.append(nib.nifti1.Nifti1Extension('comment', b'anything at all'))
    entries.append(nifti_entry('a header extension before the voxels', extended, gz=True))
    (HERE / 'nifti.json').write_text('[\n' + ',\n'.join(map(json.dumps, entries)) + '\n]\n')


def fingerprint(voxels_xyz_f):
    return hashlib.sha256(np.ascontiguousarray(voxels_xyz_f, '<i2').tobytes()).hexdigest()


def make_real(data):
    real = {'dicom': {}, 'nifti': {}, 'slice': {}}
    names = ['abdomen_crlm_1004', 'chest_lungdx_a0002', 'chest_midrc_covid_jpegll', 'chestwall_sts_037_rtstruct',
             'edge/localizer_mixed_philips_phantom', 'edge/sagittal_reformat_jpegll', 'edge/seg_liver_ct_slices']
    for name in names:
        paths = [p for p in sorted((data / 'dicom' / name).iterdir()) if p.name != 'DICOMDIR']
        _, voxels, geometry = read_series(paths)
        real['dicom'][name] = {**geometry, 'sum': int(voxels.astype(np.int64).sum()), 'sha256': fingerprint(voxels)}
    for path in [f / 'ct.nii.gz' for f in sorted((data / 'eval').iterdir())] + sorted((data / 'train').glob('*.nii.gz')):
        image = nib.load(path)
        voxels = to_int16(np.asarray(image.dataobj)).transpose(2, 1, 0)
        real['nifti'][path.relative_to(data).as_posix()] = {
            'dims': list(image.shape), 'affineRas': image.affine.tolist(),
            'sum': int(voxels.astype(np.int64).sum()), 'sha256': fingerprint(voxels)}
    # CT slices in several transfer syntaxes, and of unusual shape.
    for name in ('jpeg_baseline_50', 'jpeg_extended_51', 'odd_matrix_568x652',
                 'nonsquare_pixels_coronal_reformat', 'explicit_le', 'implicit_le', 'explicit_be', 'deflated', 'rle', 'jpeg_lossless_57',
                 'jpeg_lossless_sv1_70', 'small_128', 'ct_head_cq500_uncompressed', 'derived_no_preamble',
                 'jpegls_lossless_80', 'jpegls_near_81', 'j2k_lossless_90', 'j2k_lossy_91', 'ct_head_cq500_j2k',
                 'nema_wg04_ct1/CT1_JLSL', 'nema_wg04_ct1/CT1_JLSN', 'nema_wg04_ct1/CT1_J2KR',
                 'nema_wg04_ct1/CT1_J2KI', 'nema_wg04_ct1/CT1_JPLL', 'nema_wg04_ct1/CT1_RLE'):
        path = data / 'dicom/edge' / name
        path = next(path.iterdir()) if path.is_dir() else path
        ds = pydicom.dcmread(path, force=True)
        if 'TransferSyntaxUID' not in ds.file_meta:
            ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        hu = to_int16(stored_values(ds) * float(ds.RescaleSlope) + float(ds.RescaleIntercept))
        real['slice'][path.relative_to(data).as_posix()] = {'sum': int(hu.astype(np.int64).sum()),
                                                           'sha256': fingerprint(hu)}
    (HERE / 'real.json').write_text(json.dumps(real, indent=1) + '\n')


if __name__ == '__main__':
    for part in ('dicom', 'nifti.json'):
        path = HERE / part
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    make_dicom()
    make_nifti()
    data = Path(sys.argv[1] if len(sys.argv) > 1 else '../shared/data')
    if data.is_dir():
        make_real(data)
    else:
        print(f'{data} is not there: real.json stays as it is')
