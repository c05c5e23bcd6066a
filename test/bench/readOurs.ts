/** One process of the reading benchmark: opens the series of a folder and says what it read. */
const { openCt } = await import('../../main/imaging/open.ts')
const started = performance.now()
const { volume } = await openCt(process.argv[2]!)
const ms = performance.now() - started
let sum = 0
for (const hu of volume.voxels) sum += hu
console.log(JSON.stringify({ dims: volume.dims, sum, ms, peakBytes: process.resourceUsage().maxRSS * 1024 }))

export {}
