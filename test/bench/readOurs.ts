/** One process of the reading benchmark: opens the series of a folder, says how long it took and, if asked, the sum of its voxels. */
const { openCt } = await import('../../main/imaging/open.ts')
const started = performance.now()
const { volume } = await openCt(process.argv[2]!)
const ms = performance.now() - started
const { maxRSS } = process.resourceUsage()
// Summing is not part of reading: only in the run that compares the voxels.
const sum = process.argv[3] === 'sum' ? volume.voxels.reduce((a, b) => a + b, 0) : undefined
console.log(JSON.stringify({ ms, peakBytes: maxRSS * 1024, sum }))

export {}
