import type { InferenceSession } from 'onnxruntime-node'
import { WorkstationError } from '../errors.ts'
import type { ModelManifest } from './manifest.ts'
import type { OnnxFacts } from './onnxFile.ts'
import type { TileOption } from './tileOptions.ts'

/**
 * From the first operator set with every operation in float32 as ONNX Runtime still runs it, to the last that DirectML
 * knows: beyond it a model "is unsupported" there (onnxruntime.ai, DirectML Execution Provider). The editions of that page
 * that were read say 12 for DirectML 1.9 and 17 for 1.12; 20, for 1.15, is from memory and was not tried on Windows.
 */
export const OPSETS = { first: 7, last: 20 } as const

type Value = InferenceSession.ValueMetadata

/** @throws WorkstationError `model/network` where the file is not what the workstation can run everywhere */
export function checkOnnxFacts({ opset, externalData }: OnnxFacts, { name }: ModelManifest): void {
  if (opset < OPSETS.first || opset > OPSETS.last) {
    throw misfit(
      name,
      `it uses ONNX operator set ${opset}; ${OPSETS.first} to ${OPSETS.last} can be run. Export it again`,
    )
  }
  if (externalData) throw misfit(name, 'it keeps weights in another file; save it as one file')
}

/**
 * Compares names, types and shapes of the graph with the manifest. A dimension that the graph leaves open fits
 * anything; an output without a known shape is checked when the golden tile runs.
 *
 * @throws WorkstationError `model/network`
 */
export function checkNetwork(
  { inputs, outputs }: { inputs: readonly Value[]; outputs: readonly Value[] },
  { name, network, preprocessing }: ModelManifest,
  { patchSize }: TileOption,
): void {
  const [w, h, d] = patchSize
  const channels = preprocessing.channels.length
  const named = (values: readonly Value[], wanted: string, what: string): Value => {
    const value = values.find((each) => each.name === wanted)
    if (value) return value
    const there = values.map((each) => each.name).join(', ')
    throw misfit(name, `it has no ${what} named ${wanted}, only ${there || 'none'}`)
  }
  const mustFit = (value: Value, shape: readonly number[], what: string) => {
    if (!value.isTensor || value.type !== 'float32')
      throw misfit(
        name,
        `its ${what} ${value.name} is ${value.isTensor ? value.type : 'no tensor'}, not float32`,
      )
    const fits =
      value.shape.length === shape.length &&
      value.shape.every((edge, i) => typeof edge !== 'number' || edge < 0 || edge === shape[i])
    if (fits || (what === 'output' && value.shape.length === 0)) return
    throw misfit(
      name,
      `its ${what} ${value.name} has the shape [${value.shape.join(', ')}], where its model.json asks for [${shape.join(', ')}]`,
    )
  }
  mustFit(named(inputs, network.input, 'input'), [1, channels, d, h, w], 'input')
  const others = inputs.filter((each) => each.name !== network.input).map((each) => each.name)
  if (others.length > 0) throw misfit(name, `it wants more than the image: ${others.join(', ')}`)
  mustFit(named(outputs, network.scoreOutput, 'output'), [1, 1, d, h, w], 'output')
  if (network.descriptorOutput !== undefined) named(outputs, network.descriptorOutput, 'output')
}

function misfit(name: string, why: string): WorkstationError {
  return new WorkstationError('model/network', `The network of the model ${name} does not fit: ${why}.`)
}
