#!/usr/bin/env python3
"""Makes test/golden/multiframe/: tiny enhanced CT objects with what other readers find in them.

    python3 test/golden/make_multiframe.py

Needs numpy, nibabel, pydicom, dcm2niix, gdcmconv (GDCM), and node for the JPEG 2000 codestreams. Writes <case>.dcm and <case>.json:
for each frame, in stored order, what pydicom reads of its functional groups and the HU of its picture; and the volume
that its frames form, stacked by position along row x column, where they form one. dcm2niix must put every voxel of
that volume at the same place in the patient wherever it can read the case, and GDCM must decode the compressed ones
to the same values, or the script fails.
"""
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_pixel_data_frame
from pydicom.pixel_data_handlers.rle_handler import rle_encode_frame
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

HERE = Path(__file__).resolve().parent / 'multiframe'
ENHANCED = '1.2.840.10008.5.1.4.1.1.2.1'
LEGACY = '1.2.840.10008.5.1.4.1.1.2.2'
RLE, J2K = '1.2.840.10008.1.2.5', '1.2.840.10008.1.2.4.90'
ROOT = '2.25.4184'  # arbitrary, fixed: the files must come out the same every time
COLUMNS, ROWS, SLICES = 8, 6, 5
SPACING = [0.75, 0.5, 2.5]  # x, y, z: y and x differ so that a mix-up shows
ORIGIN = np.array([-31.25, 12.5, 107.5])


def turned(v):
    """25 degrees about (1, 2, 3)."""
    axis, a = np.array([1, 2, 3]) / np.sqrt(14), np.deg2rad(25)
    k = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return (np.eye(3) + np.sin(a) * k + (1 - np.cos(a)) * k @ k) @ v


AXIAL = (np.array([1, 0, 0]), np.array([0, 1, 0]))
OBLIQUE = (turned(AXIAL[0]), turned(AXIAL[1]))

# name: what differs from an axial explicit little-endian object, sorted upwards, that shares all it can
CASES = {
    'axial': {},
    'oblique-implicit': dict(axes=OBLIQUE, syntax=ImplicitVRLittleEndian),
    'reversed': dict(order=[4, 3, 2, 1, 0]),
    'shuffled-big-endian': dict(order=[2, 0, 4, 1, 3], syntax=ExplicitVRBigEndian),
    'rescale-per-frame': dict(slopes=[1, 0.5, 2, 1.25, 0.1], intercepts=[-1024, 0, -500.5, 10, -3]),
    'undefined-lengths': dict(undefined=True),
    'undefined-lengths-implicit': dict(undefined=True, syntax=ImplicitVRLittleEndian),
    'per-frame-overrides-shared': dict(override=True),
    'two-stacks': dict(stacks=['1', '2']),
    'time-points': dict(times=2),
    'localizer-frame': dict(localizer=True),
    'legacy': dict(legacy=True),
    'rle': dict(convert=RLE, bot=True),
    'rle-no-table': dict(convert=RLE, bot=False),
    'jpeg2000': dict(convert=J2K, bot=True),
    'jpeg2000-no-table-fragments': dict(convert=J2K, bot=False, fragments=3),
}
ONE_VOLUME = set(CASES) - {'two-stacks', 'time-points', 'localizer-frame'}
# dcm2niix misreads the rest: a rescale that changes from frame to frame, and compressed frames, which GDCM judges.
DCM2NIIX = {name for name in ONE_VOLUME if not CASES[name].get('convert')} - {'rescale-per-frame'}


def item(**values):
    ds = Dataset()
    for name, value in values.items():
        setattr(ds, name, value)
    return ds


def group(ds, sequence, **values):
    setattr(ds, sequence, Sequence([item(**values)]))


def to_int16(values):
    """The product's rounding: half up, then clamped."""
    return np.clip(np.floor(np.asarray(values, np.float64) + 0.5), -32768, 32767).astype('<i2')


def make(path, number, axes=AXIAL, syntax=ExplicitVRLittleEndian, order=range(SLICES), slopes=None, intercepts=None,
         undefined=False, override=False, stacks=None, times=1, localizer=False, legacy=False, convert=None, bot=True,
         fragments=1):
    rng = np.random.default_rng(100 + number)
    normal = np.cross(*axes)
    # (slice, stack, time point) of each frame
    frames = [(k, s, t) for s in range(len(stacks or [1])) for t in range(times) for k in order]
    ds = FileDataset(None, {}, preamble=b'\0' * 128, file_meta=FileMetaDataset())
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = LEGACY if legacy else ENHANCED
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = f'{ROOT}.{number}.3'
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.ImplementationClassUID = f'{ROOT}.9'
    ds.is_little_endian = syntax != ExplicitVRBigEndian
    ds.is_implicit_VR = syntax == ImplicitVRLittleEndian
    ds.ImageType = ['ORIGINAL', 'PRIMARY', 'VOLUME', 'NONE']
    ds.StudyDate, ds.StudyTime, ds.Modality, ds.Manufacturer = '20260102', '030405', 'CT', 'Nobody'
    ds.ManufacturerModelName, ds.SeriesDescription = 'Synthetic', path.stem
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = 'Phantom^Frames', 'P2', '19700101', 'O'
    ds.StudyInstanceUID, ds.SeriesInstanceUID = f'{ROOT}.{number}.1', f'{ROOT}.{number}.2'
    ds.StudyID, ds.SeriesNumber, ds.InstanceNumber, ds.AcquisitionNumber = 'S1', number, 1, 1
    ds.FrameOfReferenceUID, ds.PatientPosition = f'{ROOT}.{number}.4', 'HFS'
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.NumberOfFrames = 1, 'MONOCHROME2', len(frames)
    ds.Rows, ds.Columns = ROWS, COLUMNS
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.LossyImageCompression = '00'

    shared = Dataset()
    orientation = [f'{v:.9f}' for v in np.concatenate(axes)]
    group(shared, 'PlaneOrientationSequence', ImageOrientationPatient=orientation)
    measures = dict(PixelSpacing=[SPACING[1], SPACING[0]], SliceThickness=SPACING[2])
    # The override must win: these are wrong.
    group(shared, 'PixelMeasuresSequence', **(dict(PixelSpacing=[9, 9], SliceThickness=9) if override else measures))
    if not slopes:
        group(shared, 'PixelValueTransformationSequence', RescaleIntercept=-1000 if override else -24, RescaleSlope=1,
              RescaleType='HU')
    if legacy:
        group(shared, 'UnassignedSharedConvertedAttributesSequence', ConvolutionKernel='B40f')
    else:
        group(shared, 'CTReconstructionSequence', ConvolutionKernel='B70f' if override else 'B40f')
    ds.SharedFunctionalGroupsSequence = Sequence([shared])

    per_frame = []
    for i, (k, stack, time) in enumerate(frames):
        frame = Dataset()
        content = dict(FrameAcquisitionNumber=time + 7, StackID=stacks[stack] if stacks else '1',
                       InStackPositionNumber=k + 1)
        if times > 1:
            content['TemporalPositionIndex'] = time + 1
        if legacy:
            content = dict(FrameReferenceDateTime='20260102030405')
            group(frame, 'UnassignedPerFrameConvertedAttributesSequence', AcquisitionNumber=3, InstanceNumber=i + 1)
        group(frame, 'FrameContentSequence', **content)
        kind = 'LOCALIZER' if localizer and i == 0 else 'VOLUME'
        group(frame, 'CTImageFrameTypeSequence', FrameType=['ORIGINAL', 'PRIMARY', kind, 'NONE'])
        # The second stack lies apart from the first.
        at = ORIGIN + normal * SPACING[2] * (k + 100 * stack)
        group(frame, 'PlanePositionSequence', ImagePositionPatient=[f'{v:.9g}' for v in at])
        if override:
            group(frame, 'PixelMeasuresSequence', **measures)
            group(frame, 'PixelValueTransformationSequence', RescaleIntercept=-24, RescaleSlope=1, RescaleType='HU')
            group(frame, 'CTReconstructionSequence', ConvolutionKernel='B40f')
        if slopes:
            group(frame, 'PixelValueTransformationSequence', RescaleIntercept=intercepts[i], RescaleSlope=slopes[i],
                  RescaleType='HU')
        per_frame.append(frame)
    ds.PerFrameFunctionalGroupsSequence = Sequence(per_frame)
    if undefined:
        leave_lengths_out(ds)

    values = rng.integers(-3000, 3000, (len(frames), ROWS, COLUMNS))
    values[:, 0, 0], values[:, -1, -1] = -32768, 32767
    words = values.astype('>i2' if syntax == ExplicitVRBigEndian else '<i2')
    ds.PixelData = words.tobytes()
    ds['PixelData'].VR = 'OW'
    if convert:
        pictures = [picture(w, convert) for w in words]
        ds.PixelData = encapsulate(pictures, fragments_per_frame=fragments, has_bot=bot)
        ds['PixelData'].VR, ds['PixelData'].is_undefined_length = 'OB', True
        ds.file_meta.TransferSyntaxUID = convert
    pydicom.dcmwrite(path, ds, write_like_original=False)
    return values


def leave_lengths_out(ds):
    """Every sequence and item of undefined length, closed by delimiters."""
    for element in ds:
        if element.VR == 'SQ':
            element.is_undefined_length = True
            for inner in element.value:
                inner.is_undefined_length_sequence_item = True
                leave_lengths_out(inner)


def picture(words, syntax):
    if syntax == RLE:
        return rle_encode_frame(words)
    parameters = ['j2k', COLUMNS, ROWS, 16, 1, 1]
    return subprocess.run(['node', str(HERE.parent / 'encode_codestream.mjs'), *map(str, parameters)],
                          input=words.tobytes(), check=True, capture_output=True).stdout


def read_frames(path, values):
    ds = pydicom.dcmread(path)
    shared = ds.SharedFunctionalGroupsSequence[0]
    frames = []
    for frame, stored in zip(ds.PerFrameFunctionalGroupsSequence, values):
        def of(sequence):
            found = frame.get(sequence) or shared.get(sequence)
            return found[0] if found else Dataset()
        transform, content = of('PixelValueTransformationSequence'), of('FrameContentSequence')
        slope, intercept = float(transform.RescaleSlope), float(transform.RescaleIntercept)
        unassigned = of('UnassignedPerFrameConvertedAttributesSequence')
        kernel = of('CTReconstructionSequence').get('ConvolutionKernel')
        frames.append({
            'imageType': list(of('CTImageFrameTypeSequence').FrameType),
            'imagePosition': [float(v) for v in of('PlanePositionSequence').ImagePositionPatient],
            'imageOrientation': [float(v) for v in of('PlaneOrientationSequence').ImageOrientationPatient],
            'pixelSpacing': [float(v) for v in of('PixelMeasuresSequence').PixelSpacing],
            'sliceThickness': float(of('PixelMeasuresSequence').SliceThickness),
            'convolutionKernel': kernel or of('UnassignedSharedConvertedAttributesSequence').ConvolutionKernel,
            'rescaleSlope': slope,
            'rescaleIntercept': intercept,
            'rescaleType': transform.RescaleType,
            'acquisitionNumber': int(content.get('FrameAcquisitionNumber') or unassigned.AcquisitionNumber),
            'temporalPosition': content.get('TemporalPositionIndex'),
            'stackId': content.get('StackID'),
            'hu': to_int16(stored * slope + intercept).ravel().tolist(),
        })
    return frames


def judge_with_gdcm(path, values):
    """GDCM must decode every frame to the stored values."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / 'raw.dcm'
        subprocess.run(['gdcmconv', '--raw', str(path), str(raw)], check=True, capture_output=True)
        np.testing.assert_array_equal(pydicom.dcmread(raw).pixel_array, values)


def volume_of(frames):
    row, column = np.reshape(frames[0]['imageOrientation'], (2, 3))
    normal = np.cross(row, column)
    ordered = sorted(frames, key=lambda f: float(np.dot(f['imagePosition'], normal)))
    first, last = (np.array(ordered[i]['imagePosition']) for i in (0, -1))
    step = (last - first) / (len(ordered) - 1)
    return {
        'dims': [COLUMNS, ROWS, len(ordered)],
        'spacing': [*ordered[0]['pixelSpacing'][::-1], float(np.linalg.norm(step))],
        'origin': first.tolist(),
        'direction': np.stack([row, column, step / np.linalg.norm(step)], axis=1).ravel().tolist(),
        'voxels': np.concatenate([f['hu'] for f in ordered]).tolist(),
    }


def judge_with_dcm2niix(path, volume):
    """Every voxel of dcm2niix's volume must have the value that our expectation has at the same LPS position."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / 'in').mkdir()
        shutil.copy(path, Path(folder) / 'in')
        subprocess.run(['dcm2niix', '-b', 'n', '-z', 'n', '-f', 'v', '-o', folder, str(Path(folder) / 'in')],
                       check=True, capture_output=True)
        found = list(Path(folder).glob('*.nii'))
        assert len(found) == 1, (path, found)
        image = nib.load(found[0])
        data = np.asarray(image.dataobj, np.float64)
        index = np.stack(np.meshgrid(*map(np.arange, data.shape), indexing='ij'), -1).reshape(-1, 3)
        lps = (index @ image.affine[:3, :3].T + image.affine[:3, 3]) * [-1, -1, 1]
        ours = (lps - volume['origin']) @ np.reshape(volume['direction'], (3, 3)) / volume['spacing']
        assert np.abs(ours - np.rint(ours)).max() < 1e-3, (path, np.abs(ours - np.rint(ours)).max())
        i, j, k = np.rint(ours).astype(int).T
        voxels = np.reshape(volume['voxels'], volume['dims'][::-1])
        # The product clamps at the ends of Int16; dcm2niix does not.
        expected = np.clip(data.reshape(-1), -32768, 32767)
        worst = np.abs(voxels[k, j, i] - expected).max()
        assert worst <= 0.5, (path, worst)


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    HERE.mkdir()
    for number, (name, options) in enumerate(CASES.items(), 1):
        path = HERE / f'{name}.dcm'
        values = make(path, number, **options)
        read = pydicom.dcmread(path)
        if options.get('fragments'):
            # GDCM, which decodes for pydicom, takes a fragment for a frame; pydicom itself finds where a frame ends.
            read.PixelData = encapsulate(list(generate_pixel_data_frame(read.PixelData, len(values))))
        np.testing.assert_array_equal(read.pixel_array, values)
        frames = read_frames(path, values)
        expected = {'transferSyntaxUid': str(read.file_meta.TransferSyntaxUID), 'frames': frames, 'volume': None}
        if name in ONE_VOLUME:
            expected['volume'] = volume_of(frames)
        if options.get('convert') and not options.get('fragments'):
            judge_with_gdcm(path, values)
        if name in DCM2NIIX:
            judge_with_dcm2niix(path, expected['volume'])
        path.with_suffix('.json').write_text(json.dumps(expected) + '\n')
        print(name, len(frames))


main()
