import { makeSample } from '../../main/screening/sample.ts'

/** A whole patient in 6 mm voxels. In a process of its own: the sample's worker needs plain Node. */
await makeSample(process.argv[2]!, { seed: 3, dims: [64, 64, 54] })
