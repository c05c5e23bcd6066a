"""One process of the reading benchmark: the series of a folder as an int16 volume in HU, as scripts do it."""
import json
import sys
import time
from pathlib import Path

import numpy as np
import pydicom

started = time.perf_counter()
slices = sorted((pydicom.dcmread(p) for p in Path(sys.argv[1]).iterdir()), key=lambda s: float(s.ImagePositionPatient[2]))
volume = np.empty((len(slices), slices[0].Rows, slices[0].Columns), np.int16)
for k, s in enumerate(slices):
    volume[k] = s.pixel_array * float(s.RescaleSlope) + float(s.RescaleIntercept)
    slices[k] = None
ms = 1000 * (time.perf_counter() - started)
print(json.dumps({'ms': ms, 'sum': int(volume.sum(dtype=np.int64)) if sys.argv[2:] == ['sum'] else None}))
