#!/usr/bin/env python3
"""Makes test/golden/volumeFiles/: tiny NRRD, MetaImage and NIfTI files with what other readers find in them.

    python3 test/golden/make_volume_files.py

Needs numpy, SimpleITK, pynrrd and nibabel. Writes nrrd.json, metaimage.json and nifti.json: a list of
{name, open, files, dims, steps, origin, voxels}. `files` are the files in base64, `open` the one to open; steps (one
vector per voxel axis, LPS mm), origin (LPS mm) and voxels (x fastest, HU rounded half up) are SimpleITK's for NRRD
and MetaImage and nibabel's for NIfTI. Every NRRD that pynrrd can read must give the same voxels there, or the script
fails. Headers are written here, by hand, so that all spellings occur; some files are SimpleITK's and pynrrd's own.
"""
import base64
import gzip
import itertools
import json
import tempfile
import zlib
from pathlib import Path

import nibabel as nib
import nrrd
import numpy as np
import SimpleITK as sitk

HERE = Path(__file__).resolve().parent / 'volumeFiles'
RNG = np.random.default_rng(11)
SHAPE = (4, 3, 5)  # x, y, z
SPACING = np.array([0.75, 1.5, 2.5])
ORIGIN = np.array([-12.5, 30.25, -400.0])
CT = RNG.integers(-1024, 2000, SHAPE).astype('<i2')
TYPES = ['i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8', 'f4', 'f8']


def to_int16(values):
    return np.clip(np.floor(np.asarray(values, np.float64) + 0.5), -32768, 32767).astype(np.int16)


def rotation(axis, degrees):
    axis, a = np.asarray(axis, float) / np.linalg.norm(axis), np.deg2rad(degrees)
    k = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + np.sin(a) * k + (1 - np.cos(a)) * k @ k


def directions():
    """All 48 axis orders and flips, then three oblique ones; columns are the voxel axes, LPS."""
    for axes in itertools.permutations(range(3)):
        for signs in itertools.product([1, -1], repeat=3):
            matrix = np.eye(3)[:, list(axes)] * signs
            yield ''.join('LR PA SI'.replace(' ', '')[2 * a + (s < 0)] for a, s in zip(axes, signs)), matrix
    turn = rotation([1, 2, 3], 25)
    yield 'oblique', turn
    yield 'oblique, left-handed', turn @ np.diag([-1, 1, 1])
    yield 'oblique coronal', turn @ np.eye(3)[:, [0, 2, 1]]


OBLIQUE = rotation([1, 2, 3], 25)


def values_of(code):
    kind = np.dtype(code)
    if kind.kind == 'f':
        return (CT * 0.37).astype(kind)
    if kind.kind == 'u':
        return (np.abs(CT) % (256 if kind.itemsize == 1 else 5000)).astype(kind)
    return (CT % 200 - 100 if kind.itemsize == 1 else CT).astype(kind)


def raw(data, order='<'):
    return data.astype(data.dtype.newbyteorder(order)).tobytes(order='F')


def number(x):
    return repr(float(x))


def judged_by_sitk(name, files, opened, data, pynrrd_too=False):
    with tempfile.TemporaryDirectory() as folder:
        for file, content in files.items():
            (Path(folder) / file).write_bytes(content)
        image = sitk.ReadImage(str(Path(folder) / opened))
        if pynrrd_too:
            again, _ = nrrd.read(str(Path(folder) / opened))
            assert np.array_equal(np.squeeze(again), data), name
    if image.GetDimension() == 4:
        image = image[..., 0]
    voxels = sitk.GetArrayFromImage(image)
    assert np.array_equal(voxels.transpose(2, 1, 0), data), name
    matrix = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    return entry(name, files, opened, image.GetSize(), matrix.T, image.GetOrigin(), voxels.ravel())


def entry(name, files, opened, dims, steps, origin, voxels):
    return {'name': name, 'open': opened,
            'files': {file: base64.b64encode(content).decode() for file, content in files.items()},
            'dims': [int(n) for n in dims], 'steps': np.asarray(steps).tolist(), 'origin': [float(v) for v in origin],
            'voxels': to_int16(voxels).tolist()}


def nrrd_header(matrix, space='left-posterior-superior', type_='short', endian='little', encoding='raw', sizes=None,
                flip=(1, 1, 1), extra=(), magic='NRRD0004'):
    vectors = [tuple(v) for v in (matrix * SPACING).T * flip]
    fields = [magic, '# a comment: not a field', f'type: {type_}', f'dimension: {len(sizes or SHAPE)}',
              f'space: {space}', 'sizes: ' + ' '.join(map(str, sizes or SHAPE)),
              'space directions: ' + ' '.join(f'({",".join(map(number, v))})' for v in vectors)
              + ' none' * (len(sizes or SHAPE) - 3),
              f'endian: {endian}', f'encoding: {encoding}',
              f'space origin: ({",".join(map(number, ORIGIN * flip))})', *extra]
    return '\n'.join(field for field in fields if not field.startswith('endian: None')) + '\n'


def make_nrrd():
    out = []
    spaces = [('left-posterior-superior', (1, 1, 1)), ('right-anterior-superior', (-1, -1, 1)), ('LPS', (1, 1, 1)),
              ('RAS', (-1, -1, 1)), ('left-anterior-superior', (1, -1, 1)), ('LAS', (1, -1, 1))]
    for n, (code, matrix) in enumerate(directions()):
        space, flip = spaces[n % len(spaces)]
        zipped = n % 2 == 1
        header = nrrd_header(matrix, space, flip=flip, encoding='gzip' if zipped else 'raw',
                             extra=['kinds: domain domain domain', 'modality:=CT'])
        data = gzip.compress(raw(CT), mtime=0) if zipped else raw(CT)
        out.append(judged_by_sitk(f'{code} in {space}', {'ct.nrrd': header.encode() + b'\n' + data}, 'ct.nrrd', CT,
                                  True))
    names = {'i1': ['signed char', 'int8', 'int8_t'], 'u1': ['uchar', 'unsigned char', 'uint8', 'uint8_t'],
             'i2': ['short', 'short int', 'signed short', 'signed short int', 'int16', 'int16_t'],
             'u2': ['ushort', 'unsigned short', 'unsigned short int', 'uint16', 'uint16_t'],
             'i4': ['int', 'signed int', 'int32', 'int32_t'], 'u4': ['uint', 'unsigned int', 'uint32', 'uint32_t'],
             'i8': ['longlong', 'long long', 'long long int', 'signed long long', 'signed long long int', 'int64',
                    'int64_t'],
             'u8': ['ulonglong', 'unsigned long long', 'unsigned long long int', 'uint64', 'uint64_t'],
             'f4': ['float'], 'f8': ['double']}
    for code in TYPES:
        data = values_of(code)
        for n, name in enumerate(names[code]):
            for order, word in (('<', 'little'), ('>', 'big')):
                if n > 0 and (n % 2 == 0) != (order == '<'):
                    continue
                header = nrrd_header(OBLIQUE, type_=name, endian=word, encoding='gz' if n % 2 else 'raw')
                stored = gzip.compress(raw(data, order), mtime=0) if n % 2 else raw(data, order)
                out.append(judged_by_sitk(f'{name}, {word} endian', {'ct.nrrd': header.encode() + b'\n' + stored},
                                          'ct.nrrd', data, True))
    packed = gzip.compress(raw(CT), mtime=0)
    detached = {
        'detached, raw': (nrrd_header(OBLIQUE, extra=['data file: ct.raw']), raw(CT)),
        'detached, ./ before the name, gzip': (nrrd_header(OBLIQUE, encoding='gzip', extra=['datafile: ./ct.raw']), packed),
        'detached, with an empty line at the end': (nrrd_header(OBLIQUE, extra=['data file: ct.raw', '']), raw(CT)),
        'byte skip': (nrrd_header(OBLIQUE, extra=['byte skip: 7', 'data file: ct.raw']), b'1234567' + raw(CT)),
        'byte skip -1': (nrrd_header(OBLIQUE, extra=['byteskip: -1', 'data file: ct.raw']), b'whatever' + raw(CT)),
        'line skip then byte skip': (nrrd_header(OBLIQUE, extra=['line skip: 2', 'byte skip: 3', 'data file: ct.raw']),
                                     b'one\ntwo\nabc' + raw(CT)),
    }
    for name, (header, data) in detached.items():
        out.append(judged_by_sitk(name, {'ct.nhdr': header.encode(), 'ct.raw': data}, 'ct.nhdr', CT,
                                  'skip' not in name))
    crlf = nrrd_header(OBLIQUE).replace('\n', '\r\n').encode() + b'\r\n' + raw(CT)
    out.append(judged_by_sitk('lines that end in CR LF', {'ct.nrrd': crlf}, 'ct.nrrd', CT))
    for version in (1, 2, 3, 4, 5):
        header = nrrd_header(OBLIQUE, magic=f'NRRD000{version}', extra=[
            'space units: "mm" "mm" "mm"', 'centerings: cell cell cell', 'labels: "x: one" "y" "z"',
            'measurement frame: (0,1,0) (1,0,0) (0,0,1)', 'content: a: b', 'a key:=a: value\\n=x'])
        out.append(judged_by_sitk(f'version {version}', {'ct.nrrd': header.encode() + b'\n' + raw(CT)}, 'ct.nrrd', CT))
    image = sitk.GetImageFromArray(CT.transpose(2, 1, 0))
    image.SetSpacing(SPACING), image.SetOrigin(ORIGIN), image.SetDirection(OBLIQUE.ravel())
    with tempfile.TemporaryDirectory() as folder:
        for zipped in (False, True):
            path = Path(folder) / 'ct.nrrd'
            sitk.WriteImage(image, str(path), zipped)
            out.append(judged_by_sitk(f'written by SimpleITK, compressed {zipped}', {'ct.nrrd': path.read_bytes()},
                                      'ct.nrrd', CT, True))
        nrrd.write(str(path), CT, {'space': 'right-anterior-superior', 'space origin': ORIGIN * [-1, -1, 1],
                                   'space directions': (OBLIQUE * SPACING).T * [-1, -1, 1]})
        content = path.read_bytes()
        out.append(judged_by_sitk('written by pynrrd', {'ct.nrrd': content}, 'ct.nrrd', CT, True))
    four = nrrd_header(OBLIQUE, sizes=(*SHAPE, 1), extra=['kinds: domain domain domain list'])
    again, _ = nrrd.read_header(four.splitlines()), None
    out.append(entry('a fourth axis of one', {'ct.nrrd': four.encode() + b'\n' + raw(CT)}, 'ct.nrrd', SHAPE,
                     (OBLIQUE * SPACING).T, ORIGIN, CT.ravel(order='F')))
    assert list(again['sizes']) == [*SHAPE, 1]
    plain = ('NRRD0001\ntype: short\ndimension: 3\nsizes: 4 3 5\nspacings: 0.75 1.5 2.5\nendian: little\n'
             'encoding: raw\n')
    out.append(judged_by_sitk('spacings alone', {'ct.nrrd': plain.encode() + b'\n' + raw(CT)}, 'ct.nrrd', CT, True))
    return out


def meta_header(matrix, type_='MET_SHORT', big=False, packed=None, file='LOCAL', spacing='ElementSpacing',
                offset='Offset', transform='TransformMatrix', extra=(), order='ElementByteOrderMSB', sizes=SHAPE):
    n = len(sizes)
    full = np.eye(n)
    full[:3, :3] = matrix
    pad = [0.0] * (n - 3)
    lines = ['ObjectType = Image', f'NDims = {n}', 'BinaryData = True', f'{order} = {big}',
             f'CompressedData = {packed is not None}',
             *([f'CompressedDataSize = {packed}'] if packed else []),
             f'{transform} = ' + ' '.join(number(v) for v in full.T.ravel()),
             f'{offset} = ' + ' '.join(number(v) for v in [*ORIGIN, *pad]),
             'CenterOfRotation = ' + ' '.join(['5'] * n), 'AnatomicalOrientation = RAI',
             f'{spacing} = ' + ' '.join(number(v) for v in [*SPACING, *[1.0] * (n - 3)]),
             'DimSize = ' + ' '.join(map(str, sizes)), *extra, f'ElementType = {type_}', f'ElementDataFile = {file}']
    return ('\n'.join(lines) + '\n').encode()


def make_meta():
    out = []
    packed = zlib.compress(raw(CT))
    for n, (code, matrix) in enumerate(directions()):
        data = packed if n % 2 else raw(CT)
        header = meta_header(matrix, packed=len(packed) if n % 2 else None)
        out.append(judged_by_sitk(code, {'ct.mha': header + data}, 'ct.mha', CT))
    names = {'i1': ['CHAR'], 'u1': ['UCHAR'], 'i2': ['SHORT'], 'u2': ['USHORT'], 'i4': ['INT', 'LONG'],
             'u4': ['UINT', 'ULONG'], 'i8': ['LONG_LONG'], 'u8': ['ULONG_LONG'], 'f4': ['FLOAT'], 'f8': ['DOUBLE']}
    for code in TYPES:
        data = values_of(code)
        for name in names[code]:
            for order, word in (('<', 'little'), ('>', 'big')):
                for zipped in (False, True):
                    stored = zlib.compress(raw(data, order)) if zipped else raw(data, order)
                    header = meta_header(OBLIQUE, f'MET_{name}', order == '>', len(stored) if zipped else None,
                                         order='BinaryDataByteOrderMSB' if zipped else 'ElementByteOrderMSB')
                    out.append(judged_by_sitk(f'MET_{name}, {word} endian, {"zlib" if zipped else "raw"}',
                                              {'ct.mha': header + stored}, 'ct.mha', data))
    separate = {
        'separate, raw': (meta_header(OBLIQUE, file='ct.raw'), 'ct.raw', raw(CT)),
        'separate, zlib': (meta_header(OBLIQUE, file='ct.zraw', packed=len(packed)), 'ct.zraw', packed),
        'separate, gzip': (meta_header(OBLIQUE, file='ct.zraw', packed=len(gzip.compress(raw(CT), mtime=0))), 'ct.zraw',
                           gzip.compress(raw(CT), mtime=0)),
        'HeaderSize': (meta_header(OBLIQUE, file='ct.raw', extra=['HeaderSize = 7']), 'ct.raw', b'1234567' + raw(CT)),
        'HeaderSize -1': (meta_header(OBLIQUE, file='ct.raw', extra=['HeaderSize = -1']), 'ct.raw', b'any' + raw(CT)),
    }
    for name, (header, file, data) in separate.items():
        out.append(judged_by_sitk(name, {'ct.mhd': header, file: data}, 'ct.mhd', CT))
    for transform, offset, spacing in (('Rotation', 'Position', 'ElementSize'), ('Orientation', 'Origin', 'ElementSpacing')):
        header = meta_header(OBLIQUE, transform=transform, offset=offset, spacing=spacing)
        out.append(judged_by_sitk(f'{transform}, {offset}, {spacing}', {'ct.mha': header + raw(CT)}, 'ct.mha', CT))
    four = meta_header(OBLIQUE, sizes=(*SHAPE, 1))
    out.append(judged_by_sitk('a fourth axis of one', {'ct.mha': four + raw(CT)}, 'ct.mha', CT))
    image = sitk.GetImageFromArray(CT.transpose(2, 1, 0))
    image.SetSpacing(SPACING), image.SetOrigin(ORIGIN), image.SetDirection(OBLIQUE.ravel())
    with tempfile.TemporaryDirectory() as folder:
        for ending in ('mha', 'mhd'):
            for zipped in (False, True):
                sitk.WriteImage(image, str(Path(folder) / f'ct.{ending}'), zipped)
                files = {p.name: p.read_bytes() for p in Path(folder).iterdir()}
                out.append(judged_by_sitk(f'.{ending} written by SimpleITK, compressed {zipped}', files, f'ct.{ending}', CT))
                for p in Path(folder).iterdir():
                    p.unlink()
    return out


def judged_by_nibabel(name, files, opened):
    with tempfile.TemporaryDirectory() as folder:
        for file, content in files.items():
            (Path(folder) / file).write_bytes(content)
        image = nib.load(Path(folder) / opened)
        data = np.asarray(image.dataobj, np.float64).reshape(image.shape[:3])
    lps = np.diag([-1, -1, 1, 1]) @ image.affine
    return entry(name, files, opened, data.shape, lps[:3, :3].T, lps[:3, 3], data.ravel(order='F'))


def make_nifti():
    out = []
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = OBLIQUE @ np.diag([-1, 1, 1]) @ np.diag(SPACING), ORIGIN
    for code in TYPES:
        for order, word in (('<', 'little'), ('>', 'big')):
            header = nib.Nifti2Header(endianness=order)
            header.set_data_dtype(np.dtype(code))
            image = nib.Nifti2Image(values_of(code), affine, header)
            if order == '>':
                image.set_sform(None, code=0)
                image.set_qform(affine, code=1)
            content = bytearray(image.to_bytes())
            if code == 'u2':
                content[176:192] = np.array([2.5, -1000.25], np.dtype('f8').newbyteorder(order)).tobytes()
            content = bytes(content)
            out.append(judged_by_nibabel(f'NIfTI-2, {code}, {word} endian, by {"qform" if order == ">" else "sform"}',
                                         {'ct.nii.gz' if code == 'f4' else 'ct.nii':
                                          gzip.compress(content, mtime=0) if code == 'f4' else content},
                                         'ct.nii.gz' if code == 'f4' else 'ct.nii'))
    four = nib.Nifti2Image(CT[..., None], affine)
    out.append(judged_by_nibabel('NIfTI-2, a fourth dimension of one', {'ct.nii': four.to_bytes()}, 'ct.nii'))
    with tempfile.TemporaryDirectory() as folder:
        for ending in ('', '.gz'):
            for order in '<>':
                header = nib.nifti1.Nifti1PairHeader
                image = nib.Nifti1Pair(CT, affine, header(endianness=order))
                nib.save(image, str(Path(folder) / f'ct.img{ending}'))
                files = {p.name: p.read_bytes() for p in sorted(Path(folder).iterdir())}
                for opened in sorted(files):
                    out.append(judged_by_nibabel(f'NIfTI-1 pair, {"big" if order == ">" else "little"} endian, {opened}',
                                                 files, opened))
                for p in Path(folder).iterdir():
                    p.unlink()
    return out


if __name__ == '__main__':
    HERE.mkdir(exist_ok=True)
    for name, entries in (('nrrd', make_nrrd()), ('metaimage', make_meta()), ('nifti', make_nifti())):
        (HERE / f'{name}.json').write_text('[\n' + ',\n'.join(map(json.dumps, entries)) + '\n]\n')
        print(name, len(entries))
