/** A program that screens, to be ended by force: `node resumeParent.ts JOB`, a JSON EngineJob but for the package. */
import { EngineClient } from '../../../main/inference/client.ts'
import { loadPackage } from '../../../main/inference/package.ts'
import { RESIDUAL_MODEL } from './packages.ts'

const client = new EngineClient()
const job = { ...JSON.parse(process.argv[2]), pkg: await loadPackage(RESIDUAL_MODEL) }
await client.screen(job, {
  onProgress: ({ stage, done }) => {
    if (stage === 'inference' && done > 0) console.log(`${client.pid} ${done}`)
  },
})
