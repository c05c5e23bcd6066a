"""Golden truth: a tiny oblique CT series with DICOM segmentations and a structure set drawn over it, written with
pydicom, and which voxels each marks: pydicom's frames placed with numpy, and scikit-image's polygon2mask.

Run: python3 test/golden/make_truth.py     (numpy, pydicom 2, scikit-image)
Writes test/golden/truth/ct/*.dcm, the truth files and expected.json: labels as base64 uint16, columns fastest, then
rows, then slices along the normal (row x column direction).
"""
import base64, hashlib, json, pathlib
import numpy as np, pydicom, skimage
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.pixel_data_handlers.numpy_handler import pack_bits
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from skimage.draw import polygon2mask

out = pathlib.Path(__file__).parent / 'truth'
(out / 'ct').mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(20261123)

COLUMNS, ROWS, SLICES = 17, 13, 6  # 221 pixels: frames of one bit a pixel do not end with a byte
SPACING = [0.8, 1.25, 2.5]  # between columns, rows, slices
ORIGIN = np.array([-12.5, 30.25, -101.0])
ROW = np.array([0.96, 0.28, 0.0])
COLUMN = np.cross([-0.28 * 0.6, 0.96 * 0.6, 0.8], ROW)
NORMAL = np.cross(ROW, COLUMN)
UID = '2.25.20261123'  # arbitrary, fixed: the files must come out the same every time
CT, SEG, RTSTRUCT = '1.2.840.10008.5.1.4.1.1.2', '1.2.840.10008.5.1.4.1.1.66.4', '1.2.840.10008.5.1.4.1.1.481.3'


def place(i, j, k):
    return ORIGIN + ROW * SPACING[0] * i + COLUMN * SPACING[1] * j + NORMAL * SPACING[2] * k


def ds(values):
    return [f'{v:.9g}' for v in values]


def dataset(sop_class, instance, series, modality, syntax=ExplicitVRLittleEndian):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop_class, f'{UID}.{instance}'
    meta.TransferSyntaxUID, meta.ImplementationClassUID = syntax, f'{UID}.1'
    d = FileDataset(None, {}, file_meta=meta, preamble=b'\0' * 128)
    d.is_little_endian, d.is_implicit_VR = True, syntax == ImplicitVRLittleEndian
    d.SOPClassUID, d.SOPInstanceUID, d.Modality = sop_class, f'{UID}.{instance}', modality
    d.PatientName, d.PatientID, d.StudyInstanceUID, d.SeriesInstanceUID = 'Truth^Golden', '1', f'{UID}.2', f'{UID}.3.{series}'
    d.StudyDate = d.StudyTime = d.PatientBirthDate = d.PatientSex = d.StudyID = d.AccessionNumber = d.ReferringPhysicianName = ''
    d.SeriesNumber = series
    return d


def item(**values):
    d = Dataset()
    for keyword, value in values.items():
        setattr(d, keyword, value)
    return d


hu = rng.normal(40, 20, (SLICES, ROWS, COLUMNS)).round().astype('<i2')
for k in range(SLICES):
    d = dataset(CT, 100 + k, 1, 'CT')
    d.FrameOfReferenceUID, d.ImageType = f'{UID}.4', ['ORIGINAL', 'PRIMARY', 'AXIAL']
    d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = ROWS, COLUMNS, 1, 'MONOCHROME2'
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
    d.RescaleSlope, d.RescaleIntercept, d.SliceThickness, d.InstanceNumber = 1, 0, SPACING[2], k + 1
    d.PixelSpacing = ds([SPACING[1], SPACING[0]])
    d.ImageOrientationPatient, d.ImagePositionPatient = ds([*ROW, *COLUMN]), ds(place(0, 0, k))
    d.PixelData = hu[k].tobytes()
    d.save_as(out / 'ct' / f'{k}.dcm', write_like_original=False)


def write_seg(name, kind, frames, segments, first, axes, spacing, syntax=ExplicitVRLittleEndian, frame_of_reference=f'{UID}.4', maximum=None):
    """frames: (segment, pixels, (i, j, k) of its first pixel) in stored order."""
    d = dataset(SEG, first, 2, 'SEG', syntax)
    d.FrameOfReferenceUID, d.ImageType, d.ContentLabel = frame_of_reference, ['DERIVED', 'PRIMARY'], 'TRUTH'
    d.Rows, d.Columns = frames[0][1].shape
    d.SamplesPerPixel, d.PhotometricInterpretation, d.PixelRepresentation = 1, 'MONOCHROME2', 0
    d.NumberOfFrames, d.SegmentationType = len(frames), kind
    bits = 1 if kind == 'BINARY' else 8
    d.BitsAllocated, d.BitsStored, d.HighBit = bits, bits, bits - 1
    if maximum:
        d.SegmentationFractionalType, d.MaximumFractionalValue = 'PROBABILITY', maximum
    d.SegmentSequence = Sequence([item(
        SegmentNumber=number, SegmentLabel=label, SegmentAlgorithmType='MANUAL',
        SegmentedPropertyCategoryCodeSequence=Sequence([item(CodeValue=code, CodingSchemeDesignator='SCT', CodeMeaning=meaning)]),
        SegmentedPropertyTypeCodeSequence=Sequence([item(CodeValue='4147007', CodingSchemeDesignator='SCT', CodeMeaning='Mass')]),
    ) for number, label, code, meaning in segments])
    d.SharedFunctionalGroupsSequence = Sequence([item(
        PlaneOrientationSequence=Sequence([item(ImageOrientationPatient=ds([*axes[0], *axes[1]]))]),
        PixelMeasuresSequence=Sequence([item(PixelSpacing=ds(spacing), SliceThickness=SPACING[2])]))])
    d.PerFrameFunctionalGroupsSequence = Sequence([item(
        PlanePositionSequence=Sequence([item(ImagePositionPatient=ds(place(*at)))]),
        SegmentIdentificationSequence=Sequence([item(ReferencedSegmentNumber=segment)])) for segment, _, at in frames])
    pixels = np.stack([p for _, p, _ in frames]).astype('u1')
    packed = pack_bits(pixels.ravel()) if bits == 1 else pixels.tobytes()
    d.PixelData = packed + b'\0' * (len(packed) % 2)
    d['PixelData'].VR = 'OB'
    d.save_as(out / f'{name}.dcm', write_like_original=False)


def read_seg(name, segments):
    """Labels of some segments by pydicom's pixels, each placed on the CT with numpy."""
    d = pydicom.dcmread(out / f'{name}.dcm')
    shared = d.SharedFunctionalGroupsSequence[0]
    o = np.float64(shared.PlaneOrientationSequence[0].ImageOrientationPatient)
    down, right = np.float64(shared.PixelMeasuresSequence[0].PixelSpacing)
    labels = np.zeros((SLICES, ROWS, COLUMNS), '<u2')
    inverse = np.linalg.inv(np.stack([ROW * SPACING[0], COLUMN * SPACING[1], NORMAL * SPACING[2]], 1))
    for frame, pixels in zip(d.PerFrameFunctionalGroupsSequence, d.pixel_array):
        if frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber not in segments:
            continue
        lowest = d.MaximumFractionalValue / 2 if d.SegmentationType == 'FRACTIONAL' else 1
        y, x = np.nonzero(pixels >= lowest)
        mm = np.float64(frame.PlanePositionSequence[0].ImagePositionPatient) + np.outer(x * right, o[:3]) + np.outer(y * down, o[3:])
        index = (mm - ORIGIN) @ inverse.T
        assert len(index) == 0 or np.abs(index - index.round()).max() < 1e-4
        i, j, k = index.round().astype(int).T
        number = frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        labels[k, j, i] = np.maximum(labels[k, j, i], number)
    return labels


def blob(centre, radius):
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in (SLICES, ROWS, COLUMNS)], indexing='ij'), -1)
    return ((((grid - centre) * SPACING[::-1]) ** 2).sum(-1) <= radius ** 2)


MORPHOLOGY, ANATOMY = ('49755003', 'Morphologically Altered Structure'), ('123037004', 'Anatomical Structure')
expected = {}
# Three segments that overlap, the last of them an organ, frames in no order; empty frames are left out, as writers do.
masks = {1: blob((2, 5, 6), 3.2), 2: blob((3, 6, 8), 2.6), 5: blob((3, 7, 10), 4)}
frames = [(n, m[k], (0, 0, k)) for n, m in masks.items() for k in range(SLICES) if m[k].any()]
frames = [frames[i] for i in rng.permutation(len(frames))]
names = [(1, 'Tumour', *MORPHOLOGY), (2, 'Necrosis', *MORPHOLOGY), (5, 'Liver', *ANATOMY)]
write_seg('seg_binary', 'BINARY', frames, names, 10, (ROW, COLUMN), [SPACING[1], SPACING[0]])
expected['seg_binary'] = read_seg('seg_binary', [1, 2])
expected['seg_binary_organ'] = read_seg('seg_binary', [5])

# A part of the matrix, its rows stored from the bottom up and its columns from right to left, implicit VR.
value = np.clip(100 + 30 * (3 - np.linalg.norm((np.stack(np.meshgrid(*[np.arange(n) for n in (SLICES, ROWS, COLUMNS)], indexing='ij'), -1) - (3, 6, 8)), axis=-1)), 0, 200).round().astype('u1')
value[3, 6, 8:10] = [99, 100]  # just below half of the maximum, and half
frames = [(1, value[k, 2:11, 3:14][::-1, ::-1], (13, 10, k)) for k in range(SLICES)]
write_seg('seg_fractional', 'FRACTIONAL', frames, [(1, 'Nodule', *MORPHOLOGY)], 11, (-ROW, -COLUMN), [SPACING[1], SPACING[0]], ImplicitVRLittleEndian, maximum=200)
expected['seg_fractional'] = read_seg('seg_fractional', [1])

# What must be refused: half as many pixels, other images, voxels that the CT does not have.
half = masks[1][2][::2, ::2]
write_seg('seg_other_grid', 'BINARY', [(1, half, (0, 0, 2))], names[:1], 12, (ROW, COLUMN), [2 * SPACING[1], 2 * SPACING[0]])
write_seg('seg_between_slices', 'BINARY', [(1, masks[1][2], (0, 0, 2.3))], names[:1], 13, (ROW, COLUMN), [SPACING[1], SPACING[0]])
write_seg('seg_other_frame', 'BINARY', [(1, masks[1][2], (0, 0, 2))], names[:1], 14, (ROW, COLUMN), [SPACING[1], SPACING[0]], frame_of_reference=f'{UID}.5')
write_seg('seg_outside', 'BINARY', [(1, masks[1][2], (0, 0, SLICES))], names[:1], 15, (ROW, COLUMN), [SPACING[1], SPACING[0]])


def polygon(centre, radius, points, turn=0.3, dent=0.0):
    """Columns and rows of a star-shaped outline, whose corners are not on voxel centres."""
    angle = turn + np.arange(points) * 2 * np.pi / points
    r = radius * (1 - dent * (np.arange(points) % 2))
    return np.stack([centre[0] + 0.0137 + r * np.cos(angle), centre[1] + 0.0071 + 0.8 * r * np.sin(angle)], 1)


# GTV with a hole in one slice and two parts in another, an untyped one that overlaps it, the body, a planning margin, and the organ around it all.
ROIS = [
    (1, 'BODY', 'EXTERNAL', {k: [polygon((8, 6), 7.4, 40)] for k in range(SLICES)}),
    (3, 'GTV-1', 'GTV', {1: [polygon((6, 5), 4.3, 9), polygon((6.4, 5.1), 2.1, 7)], 2: [polygon((4, 4), 2.6, 11), polygon((12, 8), 3.1, 8, dent=0.55)], 4: [polygon((0.2, 5), 0.6, 12)]}),
    (7, 'gtv node', '', {2: [polygon((10, 7), 2.4, 10)]}),
    (9, 'PTV', 'PTV', {k: [polygon((6, 5), 5.5, 24)] for k in (1, 2)}),
    (12, 'Lung', '', {k: [polygon((7, 6), 5.0, 24)] for k in range(1, 4)}),
]


def write_rtstruct(name, instance, rois, frame_of_reference=f'{UID}.4', shift=0.0):
    d = dataset(RTSTRUCT, instance, 3, 'RTSTRUCT')
    d.StructureSetLabel = 'TRUTH'
    d.StructureSetROISequence = Sequence([item(ROINumber=n, ReferencedFrameOfReferenceUID=frame_of_reference, ROIName=label, ROIGenerationAlgorithm='MANUAL') for n, label, _, _ in rois])
    d.ROIContourSequence = Sequence([item(ReferencedROINumber=n, ContourSequence=Sequence([
        item(ContourGeometricType='CLOSED_PLANAR', NumberOfContourPoints=len(p), ContourData=ds(np.concatenate([place(x, y, k + shift) for x, y in p])))
        for k, ps in slices.items() for p in ps])) for n, _, _, slices in rois])
    d.RTROIObservationsSequence = Sequence([item(ObservationNumber=n, ReferencedROINumber=n, RTROIInterpretedType=kind, ROIInterpreter='') for n, _, kind, _ in rois])
    d.save_as(out / f'{name}.dcm', write_like_original=False)


labels = np.zeros((SLICES, ROWS, COLUMNS), '<u2')
for number, _, _, slices in [ROIS[1], ROIS[2]]:
    for k, polygons in slices.items():
        inside = np.zeros((ROWS, COLUMNS), bool)
        for p in polygons:
            inside ^= polygon2mask((ROWS, COLUMNS), p[:, ::-1])
        labels[k][inside] = np.maximum(labels[k][inside], number)
write_rtstruct('rtstruct', 20, ROIS)
expected['rtstruct'] = labels
write_rtstruct('rtstruct_between_slices', 21, ROIS[1:2], shift=0.4)
write_rtstruct('rtstruct_other_frame', 22, ROIS[1:2], frame_of_reference=f'{UID}.5')
write_rtstruct('rtstruct_outside', 23, ROIS[1:2], shift=3)

for name, found in expected.items():
    print(name, {int(n): int((found == n).sum()) for n in np.unique(found) if n})
(out / 'expected.json').write_text(json.dumps({
    'madeBy': {'script': 'test/golden/make_truth.py', 'scriptSha256': hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest(),
               'numpy': np.__version__, 'pydicom': pydicom.__version__, 'skimage': skimage.__version__},
    'dims': [COLUMNS, ROWS, SLICES],
    'labels': {name: base64.b64encode(found.astype('<u2').tobytes()).decode() for name, found in expected.items()},
}) + '\n')
