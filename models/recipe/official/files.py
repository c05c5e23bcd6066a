"""Tensors from the files that weights come in, without ever running what such a file may hold."""
import json
import pickle
import struct

import torch

DTYPES = {'F64': torch.float64, 'F32': torch.float32, 'F16': torch.float16, 'BF16': torch.bfloat16, 'I64': torch.int64,
          'I32': torch.int32, 'I16': torch.int16, 'I8': torch.int8, 'U8': torch.uint8, 'BOOL': torch.bool}


class WeightsError(Exception):
    """A sentence for whoever runs the import."""


def read_tensors(file):
    """{name: tensor} of a `.safetensors`, a `.pt` state_dict, or a Lightning `.ckpt` (its `state_dict`).

    Raises WeightsError where the file is damaged, holds code, or no tensors.
    """
    try:
        tensors = read_safetensors(file) if file.suffix == '.safetensors' else read_torch(file)
    except OSError as error:
        raise WeightsError(f'{file} cannot be read: {error.strerror}.') from error
    # torch.compile and DistributedDataParallel put their own word into the names.
    tensors = {k.replace('_orig_mod.', '').replace('module.', ''): v for k, v in tensors.items() if torch.is_tensor(v)}
    if not tensors:
        raise WeightsError(f'{file.name} holds no weights.')
    return tensors


def read_torch(file):
    try:
        stored = torch.load(file, map_location='cpu', weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, ValueError, EOFError, KeyError) as error:
        raise WeightsError(
            f'{file.name} holds more than numbers, or is damaged, and is not opened: reading it could run code from it. On '
            "the machine that made it, write its weights alone: torch.save(torch.load(FILE)['state_dict'], 'weights.pt'). "
            f'(PyTorch {torch.__version__} says: {str(error).strip().splitlines()[0]})') from error
    if isinstance(stored, dict) and isinstance(stored.get('state_dict'), dict):
        stored = stored['state_dict']
    if not isinstance(stored, dict):
        raise WeightsError(f'{file.name} holds no state_dict.')
    return stored


def read_safetensors(file):
    """https://huggingface.co/docs/safetensors: length of the header (uint64, little-endian), header (JSON: dtype, shape,
    data_offsets into what follows), data (little-endian, C order)."""
    content = file.read_bytes()
    damaged = WeightsError(f'{file.name} is damaged: its header does not fit its length.')
    if len(content) < 8:
        raise damaged
    length = struct.unpack('<Q', content[:8])[0]
    try:
        header = json.loads(content[8:8 + length])
        data = bytearray(content[8 + length:])
        tensors = {}
        for name, entry in header.items():
            if name == '__metadata__':
                continue
            begin, end = entry['data_offsets']
            if not 0 <= begin <= end <= len(data):
                raise damaged
            dtype = DTYPES[entry['dtype']]
            flat = torch.frombuffer(data[begin:end], dtype=dtype) if end > begin else torch.empty(0, dtype=dtype)
            tensors[name] = flat.reshape(entry['shape'])
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise damaged from error
    return tensors
