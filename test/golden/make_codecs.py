#!/usr/bin/env python3
"""Makes test/golden/codecs/: single and multi-frame CT objects in encodings that make_readers.py does not cover.

    python3 -m venv venv && venv/bin/pip install numpy pydicom==3.0.2 imagecodecs python-gdcm
    venv/bin/python test/golden/make_codecs.py

Writes <case>.dcm and expected.json with the values that independent decoders read from them, frame by frame: GDCM for
JPEG, OpenJPEG (by imagecodecs) for HTJ2K, pydicom for what it stores itself and for Modality LUTs.
"""
import json
import subprocess
from pathlib import Path

import gdcm
import imagecodecs
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.pixels import apply_modality_lut
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

HERE = Path(__file__).resolve().parent / 'codecs'
CT, ENHANCED_CT, ROOT = '1.2.840.10008.5.1.4.1.1.2', '1.2.840.10008.5.1.4.1.1.2.1', '2.25.4184'
SYNTAX = '1.2.840.10008.1.2.4.'
COLUMNS, ROWS = 19, 13  # no multiples of a block of 8
expected = {}


def picture(rng, low, high):
    """Smooth with some noise and both extremes, so that coefficients of all sizes occur."""
    y, x = np.mgrid[:ROWS, :COLUMNS]
    values = (low + high) / 2 + (high - low) * (0.3 * np.sin(x / 2.5 + y / 7) + 0.1 * rng.standard_normal((ROWS, COLUMNS)))
    values[2:4, 3:5], values[-2:, -2:] = low, high
    return np.clip(np.rint(values), low, high).astype(np.int64)


def dataset(name, allocated, stored, signed, frames=1, syntax=ExplicitVRLittleEndian):
    ds = FileDataset(None, {}, preamble=b'\0' * 128, file_meta=FileMetaDataset())
    number = len(expected) + 1
    ds.SOPClassUID, ds.SOPInstanceUID = ENHANCED_CT if frames > 1 else CT, f'{ROOT}.{number}.3'
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.ImplementationClassUID = f'{ROOT}.9'
    ds.Modality, ds.StudyInstanceUID, ds.SeriesInstanceUID = 'CT', f'{ROOT}.{number}.1', f'{ROOT}.{number}.2'
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, 'MONOCHROME2'
    ds.Rows, ds.Columns = ROWS, COLUMNS
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = allocated, stored, stored - 1, int(signed)
    if frames > 1:
        ds.NumberOfFrames = frames
    return ds


def save(name, ds, values, tolerance=0):
    path = HERE / f'{name}.dcm'
    ds.save_as(path, enforce_file_format=True)
    expected[name] = {'frames': np.reshape(values, (-1, ROWS * COLUMNS)).tolist(), 'tolerance': tolerance}


def encapsulated(ds, pixel_data):
    ds.PixelData = pixel_data
    ds['PixelData'].VR, ds['PixelData'].is_undefined_length = 'OB', True
    return ds


def openjph(values, bits, signed, lossless):
    parameters = ['htj2k', COLUMNS, ROWS, bits, int(signed), int(lossless)]
    return subprocess.run(['node', str(HERE.parent / 'encode_codestream.mjs'), *map(str, parameters)],
                          input=values.astype('u1' if bits <= 8 else '<i2').tobytes(), check=True, capture_output=True).stdout


def make_htj2k(rng):
    for name, number, allocated, bits, signed in [('htj2k-201-signed-16', 201, 16, 16, True), ('htj2k-201-unsigned-12', 201, 16, 12, False),
                                                  ('htj2k-202-signed-12', 202, 16, 12, True), ('htj2k-201-unsigned-8', 201, 8, 8, False),
                                                  ('htj2k-203-unsigned-12', 203, 16, 12, False)]:
        low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
        values, lossless = picture(rng, low, high), number != 203
        codestream = openjph(values, bits, signed, lossless)
        decoded = imagecodecs.jpeg2k_decode(codestream).astype(np.int64)
        if lossless:
            np.testing.assert_array_equal(decoded, values)
        ds = dataset(name, allocated, bits, signed, syntax=f'{SYNTAX}{number}')
        # The irreversible wavelet is computed in floating point: decoders differ by rounding.
        save(name, encapsulated(ds, encapsulate([codestream])), decoded, tolerance=0 if lossless else 1)


def read_with_gdcm(path, dtype):
    """Directly: pydicom 3 lets GDCM decode no 12 bits."""
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    assert reader.Read()
    raw = reader.GetImage().GetBuffer().encode('utf-8', errors='surrogateescape')
    return np.frombuffer(raw, dtype).reshape(ROWS, COLUMNS).astype(np.int64)


def make_jpeg(rng):
    for name, number, allocated, bits, level in [('jpeg-50', 50, 8, 8, 90), ('jpeg-50-coarse', 50, 8, 8, 20), ('jpeg-51-8', 51, 8, 8, 75),
                                                 ('jpeg-51-12', 51, 16, 12, 95), ('jpeg-51-12-coarse', 51, 16, 12, 30)]:
        values = picture(rng, 0, 2**bits - 1).astype('u1' if bits == 8 else '<u2')
        jpeg = imagecodecs.jpeg8_encode(values, level=level, bitspersample=bits, optimize=True)
        ds = encapsulated(dataset(name, allocated, bits, False, syntax=f'{SYNTAX}{number}'), encapsulate([jpeg]))
        save(name, ds, values)
        decoded = read_with_gdcm(HERE / f'{name}.dcm', values.dtype)
        assert 0 < np.abs(decoded - values).max() < 2**bits
        np.testing.assert_array_equal(decoded, imagecodecs.jpeg8_decode(jpeg))
        expected[name]['frames'] = [decoded.ravel().tolist()]


def make_frames(rng):
    frames = np.stack([picture(rng, -1024, 3071) for _ in range(4)])
    words = frames.astype('<i2')
    ds = dataset('native', 16, 16, True, 4)
    ds.PixelData = words.tobytes()
    ds['PixelData'].VR = 'OW'
    save('frames-native', ds, frames)

    streams = [openjph(f, 16, True, True) for f in frames]
    cases = {'offset-table': encapsulate(streams, fragments_per_frame=3, has_bot=True),
             'one-fragment-each': encapsulate(streams, has_bot=False),
             'split-without-table': encapsulate(streams, fragments_per_frame=3, has_bot=False)}
    for case, pixel_data in cases.items():
        save(f'frames-{case}', encapsulated(dataset(case, 16, 16, True, 4, f'{SYNTAX}201'), pixel_data), frames)
    pixel_data, offsets, lengths = encapsulate_extended(streams)
    ds = encapsulated(dataset('extended', 16, 16, True, 4, f'{SYNTAX}201'), pixel_data)
    ds.ExtendedOffsetTable, ds.ExtendedOffsetTableLengths = offsets, lengths
    save('frames-extended-offset-table', ds, frames)

    ds = dataset('rle', 16, 16, True, 4)
    ds.PixelData = words.tobytes()
    ds.compress(pydicom.uid.RLELossless, generate_instance_uid=False)
    save('frames-rle', ds, frames)

    jpegs = [imagecodecs.jpeg8_encode((f + 1024).astype('<u2'), level=90, bitspersample=12) for f in frames]
    ds = dataset('jpeg', 16, 12, False, 4, f'{SYNTAX}51')
    save('frames-jpeg-split-without-table', encapsulated(ds, encapsulate(jpegs, fragments_per_frame=5, has_bot=False)),
         np.stack([imagecodecs.jpeg8_decode(j) for j in jpegs]).astype(np.int64))


def make_luts(rng):
    for name, bits, signed, first, count, syntax in [('lut-16', 16, False, 5, 300, ExplicitVRLittleEndian),
                                                     ('lut-8-bits', 8, False, 0, 256, ExplicitVRLittleEndian),
                                                     ('lut-signed-implicit', 16, True, -200, 500, ImplicitVRLittleEndian),
                                                     ('lut-65536', 16, True, -32768, 65536, ExplicitVRLittleEndian)]:
        ds = dataset(name, 16, 16, signed, syntax=syntax)
        values = picture(rng, -400 if signed else 0, 450)
        ds.PixelData = values.astype('<i2' if signed else '<u2').tobytes()
        ds['PixelData'].VR = 'OW'
        entries = rng.integers(0, 2**bits if bits == 8 else 30000, count)
        item = Dataset()
        item.add_new('LUTDescriptor', 'SS' if signed else 'US', [count % 65536, first, bits])
        item.ModalityLUTType = 'HU' if signed else 'US'
        item.add_new('LUTData', 'OW', entries.astype('<u2').tobytes())
        ds.ModalityLUTSequence = [item]
        save(name, ds, values)
        read = pydicom.dcmread(HERE / f'{name}.dcm')
        expected[name]['frames'] = [apply_modality_lut(read.pixel_array.astype(np.int32), read).astype(np.int64).ravel().tolist()]


if __name__ == '__main__':
    HERE.mkdir(exist_ok=True)
    for old in HERE.iterdir():
        old.unlink()
    rng = np.random.default_rng(11)
    make_htj2k(rng)
    make_jpeg(rng)
    make_frames(rng)
    make_luts(rng)
    (HERE / 'expected.json').write_text('{\n' + ',\n'.join(f'{json.dumps(k)}: {json.dumps(v)}' for k, v in expected.items()) + '\n}\n')
