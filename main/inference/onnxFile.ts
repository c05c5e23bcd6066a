import { open } from 'node:fs/promises'
import { WorkstationError } from '../errors.ts'

/**
 * What an .onnx file says of itself, without running it (onnx.proto of ONNX 1.16; protobuf wire format). Only the
 * engine process reads it: the file is somebody else's.
 */
export interface OnnxFacts {
  /** Version of the default operator set (domain '' or 'ai.onnx'). */
  opset: number
  /** Whether weights lie in files beside it, which no hash of the package covers. */
  externalData: boolean
}

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

/** Graphs within graphs (If, Loop): real networks have two or three. */
const MAX_DEPTH = 16
/** Protobuf's own limit. */
const MAX_BYTES = 2 ** 31 - 1

const MODEL = { graph: 7, opsetImport: 8 }
const OPSET = { domain: 1, version: 2 }
const GRAPH = { node: 1, initializer: 5 }
const NODE = { attribute: 5 }
const ATTRIBUTE = { tensor: 5, graph: 6, tensors: 10, graphs: 11 }
const TENSOR = { dataLocation: 14 }

/** @throws WorkstationError `model/network` where the file is no whole ONNX model */
export async function readOnnxFacts(path: string, name: string): Promise<OnnxFacts> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    if (size > MAX_BYTES) throw unreadable(name, 'it is larger than 2 GB')
    return parseOnnx(await file.readFile(), name)
  } finally {
    await file.close()
  }
}

/** @throws WorkstationError `model/network` */
export function parseOnnx(bytes: Uint8Array, name: string): OnnxFacts {
  let opset: number | undefined
  let graphs = 0
  let externalData = false
  try {
    for (const { field, value } of fields(bytes)) {
      if (field === MODEL.opsetImport && value instanceof Uint8Array) opset ??= defaultOpset(value)
      if (field !== MODEL.graph || !(value instanceof Uint8Array)) continue
      graphs++
      externalData ||= graphUsesFiles(value, 0)
    }
  } catch (error) {
    if (error instanceof RangeError) throw unreadable(name, error.message)
    throw error
  }
  if (graphs !== 1 || opset === undefined) throw unreadable(name, 'it holds no graph with an operator set')
  return { opset, externalData }
}

function defaultOpset(bytes: Uint8Array): number | undefined {
  let domain = ''
  let version: number | undefined
  for (const { field, value } of fields(bytes)) {
    if (field === OPSET.domain && value instanceof Uint8Array) domain = Buffer.from(value).toString('latin1')
    if (field === OPSET.version && typeof value === 'number') version = value
  }
  return domain === '' || domain === 'ai.onnx' ? version : undefined
}

function graphUsesFiles(graph: Uint8Array, depth: number): boolean {
  if (depth > MAX_DEPTH) throw new RangeError('its graphs are nested too deeply')
  for (const { field, value } of fields(graph)) {
    if (!(value instanceof Uint8Array)) continue
    if (field === GRAPH.initializer && tensorUsesFile(value)) return true
    if (field !== GRAPH.node) continue
    for (const attribute of messages(value, NODE.attribute))
      for (const inner of fields(attribute)) {
        if (!(inner.value instanceof Uint8Array)) continue
        const isTensor = inner.field === ATTRIBUTE.tensor || inner.field === ATTRIBUTE.tensors
        const isGraph = inner.field === ATTRIBUTE.graph || inner.field === ATTRIBUTE.graphs
        if (isTensor && tensorUsesFile(inner.value)) return true
        if (isGraph && graphUsesFiles(inner.value, depth + 1)) return true
      }
  }
  return false
}

function tensorUsesFile(tensor: Uint8Array): boolean {
  for (const { field, value } of fields(tensor)) if (field === TENSOR.dataLocation && value === 1) return true
  return false
}

function* messages(bytes: Uint8Array, wanted: number): Generator<Uint8Array> {
  for (const { field, value } of fields(bytes))
    if (field === wanted && value instanceof Uint8Array) yield value
}

interface Field {
  field: number
  /** A view for bytes; the number for a varint; undefined for fixed-size numbers, which nothing here needs. */
  value: number | Uint8Array | undefined
}

/** The fields of one message. Nothing is copied, and nothing outside `bytes` is ever read. @throws RangeError */
function* fields(bytes: Uint8Array): Generator<Field> {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= bytes.length) throw new RangeError('it ends too early')
      const byte = bytes[at++]
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new RangeError('it holds a number that is too long')
  }
  const skip = (length: number): number => {
    if (!(length <= bytes.length - at)) throw new RangeError('it ends too early')
    at += length
    return at
  }
  while (at < bytes.length) {
    const key = varint()
    const [field, type] = [Math.floor(key / 8), key % 8]
    if (field === 0) throw new RangeError('it is not made of fields')
    if (type === VARINT) yield { field, value: varint() }
    else if (type === BYTES) {
      const length = varint()
      const start = at
      yield { field, value: bytes.subarray(start, skip(length)) }
    } else if (type === FIXED64 || type === FIXED32) {
      skip(type === FIXED64 ? 8 : 4)
      yield { field, value: undefined }
    } else throw new RangeError('it is not made of fields')
  }
}

export function unreadable(name: string, why: string): WorkstationError {
  const sentence = `The network of the model ${name} cannot be read as ONNX: ${why}.`
  return new WorkstationError('model/network', sentence)
}
