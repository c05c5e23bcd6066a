import './noTelemetry.ts'
import { env, InferenceSession, Tensor } from 'onnxruntime-node'
import { Device } from './devices.ts'
import { PROBE, probeAnswer, probeNetwork } from './probeNetwork.ts'
import type { ProbeReply } from './protocol.ts'
import { explainUnavailable, missingRequirements } from './unavailable.ts'

/**
 * A process that tries one device and tells how it went. It may hang in a driver or die of it: whoever started it
 * knows what that means, and ends it.
 */

process.on('message', async (message) => {
  const device = Device.parse(message)
  process.send!(await probe(device), () => process.exit(0))
})
process.on('disconnect', () => process.exit(0))

async function probe(device: Device): Promise<ProbeReply> {
  // What the loader misses stands in the log only, not in the exception; the parent keeps what is printed.
  env.logLevel = 'error'
  try {
    const { session, partlyOnCpu } = await open(device)
    const length = PROBE.shape.reduce((product, edge) => product * edge, 1)
    const image = new Tensor('float32', new Float32Array(length).fill(1), PROBE.shape)
    const outputs = await session.run({ [PROBE.input]: image })
    const wanted = probeAnswer()
    const given = outputs[PROBE.output].data as Float32Array
    const wrong = wanted.findIndex((value, i) => !(Math.abs(given[i] - value) < 0.01 * value))
    if (wrong < 0) return { works: true, partlyOnCpu }
    const reason = `it computes wrongly: ${given[wrong]} in place of ${wanted[wrong]}`
    return { works: false, reason }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { works: false, reason: missingRequirements(device) ?? explainUnavailable(device, message) }
  }
}

async function open(device: Device): Promise<{ session: InferenceSession; partlyOnCpu: boolean }> {
  const network = probeNetwork()
  const options: InferenceSession.SessionOptions = { executionProviders: [device], enableMemPattern: false }
  if (device === 'cpu')
    return { session: await InferenceSession.create(network, options), partlyOnCpu: false }
  try {
    const extra = { session: { disable_cpu_ep_fallback: '1' } }
    return { session: await InferenceSession.create(network, { ...options, extra }), partlyOnCpu: false }
  } catch (error) {
    if (!/fallback to CPU EP has been explicitly disabled/i.test(String(error))) throw error
    return { session: await InferenceSession.create(network, options), partlyOnCpu: true }
  }
}
