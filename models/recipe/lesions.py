"""Lesions made for measurement: where each kind may lie, and what it looks like. Never used in training.

Arrays are [z, y, x] in canonical orientation (preprocessing.py) and HU; spacing is (x, y, z) mm. Borders are soft (about
3 mm), noise inside has the standard deviation and the correlation length of the scan's own, and where a kind allows it the
scan's texture stays in it.
"""
import numpy as np
from scipy import ndimage

from preprocessing import body_mask

BORDER_MM = 3           # width of the ramp from outside to inside, as the point spread of a CT of 2 to 3 mm slices makes it
GAP_MM = 12             # between lesions, and from a real one
SMALLEST_MM3 = 160      # 20 voxels of 2 mm: smaller ones are not measured

KINDS = {   # kind: (region, radius range mm, HU range)
    'nodule solid': ('lung', (4, 12), (20, 80)),
    'nodule ground glass': ('lung', (6, 14), (-550, -350)),
    'consolidation': ('lung', (20, 35), (10, 60)),
    'effusion': ('pleura behind', (20, 35), (0, 20)),             # patients lie on their backs: fluid sinks, air rises
    'pneumothorax': ('pleura in front', (15, 30), (-1000, -990)),
    'organ hypodense': ('organ', (6, 16), (-70, -35)),      # offset from the organ
    'organ hyperdense': ('organ', (6, 16), (45, 90)),       # offset from the organ
    'kidney mass': ('kidney', (10, 22), (40, 100)),         # enhances less than the kidney around it
    'bone sclerotic': ('bone', (5, 10), (700, 1000)),
    'bone lytic': ('bone', (6, 11), (20, 70)),
    'node': ('fat', (7, 12), (20, 60)),
    'calcification': ('lung or organ', (4, 6), (300, 800)),
}
IN_LUNG_ONLY = ('consolidation', 'effusion', 'pneumothorax', 'nodule ground glass')
OFFSETS = ('organ hypodense', 'organ hyperdense')


# --- distances and shapes in mm -----------------------------------------------------------------------------------

def smooth(values, sigma_mm, spacing):
    return ndimage.gaussian_filter(values, [sigma_mm / s for s in spacing[::-1]])


def depth(mask, spacing):
    """Distance in mm of every voxel inside a mask from the nearest one outside."""
    return ndimage.distance_transform_edt(mask, spacing[::-1])


def dilated(mask, mm, spacing):
    return depth(~mask, spacing) <= mm


def opened(mask, mm, spacing):
    return dilated(depth(mask, spacing) > mm, mm, spacing)


def closed(mask, mm, spacing):
    """Closing; what lies at the edge of the array counts as outside, as in SciPy's."""
    padded = np.pad(dilated(mask, mm, spacing), 1)
    return depth(padded, spacing)[1:-1, 1:-1, 1:-1] > mm


# --- where --------------------------------------------------------------------------------------------------------

def regions(hu, spacing):
    """{region: mask of where a lesion's centre may lie}; 'lungs' and 'kidneys' are the organs themselves, 'body' the body."""
    body = body_mask(hu)
    inside = depth(body, spacing)
    mean = smooth(hu, 4, spacing)
    lungs = opened(body & (mean < -600) & (mean > -960), 4, spacing)
    lungs = large_parts(lungs, 160_000, spacing)
    lung_depth = depth(lungs, spacing)
    # Averaging made them smaller: out to the chest wall, or a rim of air would stay between it and an effusion.
    whole_lungs = dilated(lungs, 6, spacing) & (smooth(hu, 1.5, spacing) < -350)
    organ = depth(closed(body & (np.abs(mean - 85) < 75), 2, spacing), spacing) > 16
    kidneys = find_kidneys(hu, body, spacing)
    bone = find_bone(hu, kidneys, spacing)
    # Away from gas: between gas and the wall of a bowel there is always a layer that averages to the HU of fat.
    fat = body & (smooth(hu, 3, spacing) < -60) & (mean > -140) & (depth(mean > -250, spacing) > 8)
    deep = inside > 25
    pleura = (lung_depth > 0) & (lung_depth < 6)
    front, back = np.percentile(np.nonzero(lungs)[1], [35, 65]) if lungs.any() else (0, 0)
    row = np.arange(hu.shape[1])[None, :, None]
    where = {
        'lung': lung_depth > 8,
        'pleura behind': pleura & (row > back),
        'pleura in front': pleura & (row < front),
        'organ': organ & deep & ~kidneys,
        'kidney': depth(kidneys, spacing) > 5 if kidneys.any() else kidneys,
        'bone': bone & deep,
        'fat': fat & deep,
        'lungs': whole_lungs, 'kidneys': kidneys, 'body': body,
    }
    return {**where, 'lung or organ': where['lung'] | where['organ']}


def large_parts(mask, mm3, spacing):
    labels, count = ndimage.label(mask)
    if count == 0:
        return mask
    sizes = np.bincount(labels.ravel()) * np.prod(spacing)
    sizes[0] = 0
    return (sizes > mm3)[labels]


def find_bone(hu, kidneys, spacing):
    """Mask of the skeleton: dense, but neither kidney nor a pool of contrast (heart, vessels, bowel). A pool is even, with a
    local standard deviation below 45 HU over 8 mL or more; bone is so in smaller places only."""
    mean = smooth(hu, 2, spacing)
    even = smooth(hu ** 2, 2, spacing) - mean ** 2 < 45 ** 2
    pools = large_parts(opened(even & (mean > 150), 2, spacing), 8_000, spacing)
    dense = opened(mean > 180, 1.5, spacing)
    return large_parts(dense & ~dilated(pools | kidneys, 9, spacing), 60_000, spacing)


def find_kidneys(hu, body, spacing):
    """Mask of both kidneys on a contrast scan, by what tells them: bright (median 120 to 300 HU), more evenly than bone,
    compact, 70 to 350 mL, in the back half of the body 25 to 110 mm from its midline, one on each side at a like height and
    size. An empty mask where no such pair is found, as on scans without contrast: then no kidney lesion is inserted."""
    mean = smooth(hu, 3, spacing)
    for threshold in (120, 150, 180, 210):      # the liver, which the right one touches, enhances less, but differently so
        left, right = kidney_candidates(hu, mean, body, threshold, spacing)
        pairs = [a | b for za, a in left for zb, b in right if abs(za - zb) < 60 and 0.4 < a.sum() / b.sum() < 2.5]
        if len(pairs) == 1:
            return pairs[0]
    return np.zeros(hu.shape, bool)


def kidney_candidates(hu, mean, body, threshold, spacing):
    """([(z mm, mask)] on the patient's left, the same on the right) of what might be a kidney above a threshold of `mean`."""
    sx, sy, sz = spacing
    labels, _ = ndimage.label(depth(body & (mean > threshold), spacing) > 6)
    back = np.median(np.argwhere(body)[:, 1]) * sy
    left, right = [], []
    for label, box in enumerate(ndimage.find_objects(labels), 1):
        if (labels[box] == label).sum() * sx * sy * sz < 8_000:
            continue
        wide = tuple(slice(max(0, b.start - int(9 / s)), b.stop + int(9 / s)) for b, s in zip(box, spacing[::-1]))
        whole = np.zeros(hu.shape, bool)
        whole[wide] = dilated(labels[wide] == label, 6, spacing) & (mean[wide] > threshold - 20)
        z, y, x = np.argwhere(whole).mean(0) * spacing[::-1]
        offset = x - np.flatnonzero(body[int(z / sz)].any(0)).mean() * sx
        extent = [(b.stop - b.start) * s + 12 for b, s in zip(box, spacing[::-1])]
        mm3 = whole.sum() * sx * sy * sz
        lower, median, upper = np.percentile(hu[whole], [25, 50, 75])
        if (70e3 < mm3 < 350e3 and mm3 > 0.25 * np.prod(extent) and max(extent) < 170
                and 25 < abs(offset) < 110 and y > back and 120 < median < 300 and upper - lower < 90):
            (left if offset > 0 else right).append((z, whole))
    return left, right


# --- what ---------------------------------------------------------------------------------------------------------

def noise_of(hu, spacing, tissue):
    """(standard deviation in HU, correlation as a Gaussian's sigma in voxels along z, y, x) of the scan's noise in even
    tissue: what is left when the mean over 6 mm is taken off; robust (median absolute deviation).
    The correlation of neighbours of white noise smoothed by sigma is exp(-1 / (4 sigma^2))."""
    rest = hu - smooth(hu, 6, spacing)
    sd = 1.4826 * np.median(np.abs(rest[tissue]))
    rest = np.clip(rest, -3 * sd, 3 * sd)
    sigmas = []
    for axis in range(3):
        pair = np.moveaxis(tissue, axis, 0)[:-1] & np.moveaxis(tissue, axis, 0)[1:]
        first, second = np.moveaxis(rest, axis, 0)[:-1][pair], np.moveaxis(rest, axis, 0)[1:][pair]
        correlation = np.clip((first * second).mean() / rest[tissue].var(), 0.02, 0.9)
        sigmas.append(float(np.sqrt(-1 / (4 * np.log(correlation)))))
    return float(sd), sigmas


def blob(shape, center, radius_mm, spacing, generator, roughness=0.25):
    """Membership 0 … 1 of an irregular ball with soft borders."""
    grid = np.meshgrid(*[(np.arange(n) - c) * s for n, c, s in zip(shape, center, spacing[::-1])], indexing='ij')
    stretch = generator.uniform(0.8, 1.25, 3)
    distance = np.sqrt(sum((axis / by) ** 2 for axis, by in zip(grid, stretch)))
    bumps = smooth(generator.standard_normal(shape), max(3, radius_mm / 3), spacing)
    return np.clip((radius_mm * (1 + roughness * 0.5 * bumps / bumps.std()) - distance) / BORDER_MM + 0.5, 0, 1)


def fill(hu, membership, value, noise, generator):
    """HU with the lesion's value, and noise like the scan's, in it."""
    sd, sigmas = noise
    grain = ndimage.gaussian_filter(generator.standard_normal(hu.shape), sigmas)
    return hu * (1 - membership) + membership * (value + grain / grain.std() * sd)


def insert(hu, spacing, where, kind, noise, generator, taken):
    """(box, HU in it with one more lesion, its mask in it), or None where the volume has no room for it in ten tries.

    where: as of regions; noise: as of noise_of; taken: mask that the lesion may not touch.
    """
    region, radii, values = KINDS[kind]
    candidates = np.argwhere(where[region] & ~taken)
    if len(candidates) * np.prod(spacing) < 1600:
        return None
    for _ in range(10):
        center = candidates[generator.integers(len(candidates))]
        radius, value = generator.uniform(*radii), generator.uniform(*values)
        reach = [int((1.6 * radius + 12) / s) + 1 for s in spacing[::-1]]
        box = tuple(slice(max(0, c - r), c + r + 1) for c, r in zip(center, reach))
        part = hu[box]
        membership = blob(part.shape, [c - b.start for c, b in zip(center, box)], radius, spacing, generator)
        if kind in IN_LUNG_ONLY:
            membership = membership * smooth(closed(where['lungs'][box], 4, spacing).astype(np.float32), 1.4, spacing)
        elif region == 'bone':
            membership = membership * smooth(closed(part > 120, 4, spacing).astype(np.float32), 1.4, spacing)
        elif region == 'kidney':      # it may bulge out of the kidney, as renal masses do
            membership = membership * smooth(dilated(where['kidneys'][box], 8, spacing).astype(np.float32), 1.4, spacing)
        mask = (membership > 0.5) & where['body'][box]
        if mask.sum() * np.prod(spacing) < SMALLEST_MM3 or (mask & taken[box]).any():
            continue
        if kind in OFFSETS:
            return box, part + membership * value, mask
        lesion = fill(part, membership, value, noise, generator)
        return box, np.maximum(part, lesion) if kind == 'nodule ground glass' else lesion, mask      # vessels shine through
    return None
