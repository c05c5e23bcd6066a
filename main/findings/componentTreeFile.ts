import { z } from 'zod'
import { WorkstationError } from '../errors.ts'
import type { ComponentTree, TreeNodes } from './componentTreeQuery.ts'

/*
 * A component tree as bytes, little-endian: magic (8 bytes), version and length of the header (uint32 each), a
 * JSON header, then the arrays one after the other. Header and arrays are padded with zeros to multiples of 8 bytes,
 * so that a reader in memory can use them where they lie.
 */
const MAGIC = 'SCRNTREE'
const VERSION = 1
const PREFIX_BYTES = 16

const n = z.number()
const count = z.number().int().nonnegative()
const vec3 = z.tuple([n, n, n]).readonly()
const Header = z.object({
  dims: z.tuple([count, count, count]).readonly(),
  spacing: vec3,
  origin: vec3,
  direction: z.tuple([n, n, n, n, n, n, n, n, n]).readonly(),
  minComponentMl: n,
  scoredVoxels: count,
  steps: z.number().int().min(1).max(254),
  nodes: count,
})
type Header = z.infer<typeof Header>

type TreeArray = Uint8Array | Int32Array | Float32Array | Float64Array

interface Column {
  make: (buffer: ArrayBuffer, byteOffset: number, length: number) => TreeArray
  bytes: 1 | 4 | 8
  length: number
}

/** The arrays of a file in their order. */
function columns({ steps, nodes }: Pick<Header, 'steps' | 'nodes'>) {
  const u8 = (length: number) => ({ make: (b, o, l) => new Uint8Array(b, o, l), bytes: 1, length }) as Column
  const i32 = (length: number) => ({ make: (b, o, l) => new Int32Array(b, o, l), bytes: 4, length }) as Column
  const f32 = (length: number) =>
    ({ make: (b, o, l) => new Float32Array(b, o, l), bytes: 4, length }) as Column
  const f64 = (length: number) =>
    ({ make: (b, o, l) => new Float64Array(b, o, l), bytes: 8, length }) as Column
  return {
    level: f64(steps),
    score: f32(steps),
    histogram: f64(steps + 1),
    step: u8(nodes),
    parent: i32(nodes),
    voxelCount: i32(nodes),
    peakScore: f32(nodes),
    peakOffset: i32(nodes),
    box: i32(6 * nodes),
    sumIndex: f64(3 * nodes),
    sumScore: f64(nodes),
    sumLevel: f64(nodes),
    peakLevel: f64(nodes),
    sumHu: f64(nodes),
    sumHuSquared: f64(nodes),
  } satisfies Record<string, Column>
}

const padded = (bytes: number) => Math.ceil(bytes / 8) * 8

/** The tree as one block of bytes, for a file or the way to the screen. */
export function encodeTree(tree: ComponentTree): ArrayBuffer {
  const { dims, spacing, origin, direction, minComponentMl, scoredVoxels, nodes } = tree
  const counts = { steps: tree.steps.level.length, nodes: nodes.step.length }
  const header: Header = { dims, spacing, origin, direction, minComponentMl, scoredVoxels, ...counts }
  const json = new TextEncoder().encode(JSON.stringify(header))
  const arrays: Record<string, TreeArray> = { ...tree.steps, histogram: tree.histogram, ...nodes }
  const layout = Object.entries(columns(counts))

  let at = PREFIX_BYTES + padded(json.length)
  const buffer = new ArrayBuffer(
    layout.reduce((sum, [, { bytes, length }]) => sum + padded(bytes * length), at),
  )
  const bytes = new Uint8Array(buffer)
  bytes.set(new TextEncoder().encode(MAGIC))
  const view = new DataView(buffer)
  view.setUint32(8, VERSION, true)
  view.setUint32(12, json.length, true)
  bytes.set(json, PREFIX_BYTES)
  for (const [name, column] of layout) {
    column.make(buffer, at, column.length).set(arrays[name])
    at += padded(column.bytes * column.length)
  }
  return buffer
}

/**
 * The tree of `encodeTree`'s bytes. Its arrays are views of the buffer, which must not change afterwards.
 * @throws WorkstationError 'input/component-tree' for bytes that are not a whole tree of this version
 */
export function decodeTree(buffer: ArrayBuffer): ComponentTree {
  const bytes = new Uint8Array(buffer)
  const view = new DataView(buffer)
  if (bytes.length < PREFIX_BYTES || new TextDecoder('latin1').decode(bytes.subarray(0, 8)) !== MAGIC)
    throw broken('are not those of a screening run', `first bytes ${bytes.subarray(0, 8)}`)
  const version = view.getUint32(8, true)
  if (version !== VERSION) {
    throw broken('were written by another version of this program', `version ${version}, not ${VERSION}`)
  }
  const headerBytes = view.getUint32(12, true)
  if (PREFIX_BYTES + padded(headerBytes) > bytes.length)
    throw broken('are not complete', `a header of ${headerBytes} bytes in a file of ${bytes.length}`)
  const header = readHeader(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + headerBytes))

  const layout = Object.entries(columns(header))
  let at = PREFIX_BYTES + padded(headerBytes)
  const size = layout.reduce((sum, [, { bytes, length }]) => sum + padded(bytes * length), at)
  if (size !== bytes.length) throw broken('are not complete', `${bytes.length} bytes instead of ${size}`)
  const arrays: Record<string, TreeArray> = {}
  for (const [name, column] of layout) {
    arrays[name] = column.make(buffer, at, column.length)
    at += padded(column.bytes * column.length)
  }
  const { level, score, histogram, ...nodes } = arrays
  const { steps: _, nodes: __, ...rest } = header
  const tree = {
    ...rest,
    steps: { level, score },
    histogram,
    nodes: nodes as unknown as TreeNodes,
  } as ComponentTree
  checkNodes(tree)
  return tree
}

function readHeader(bytes: Uint8Array): Header {
  try {
    return Header.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
  } catch (error) {
    throw broken('are damaged', error)
  }
}

/** What the query relies on, so that damaged bytes are an error and not a wrong list. */
function checkNodes({ dims, steps, nodes }: ComponentTree): void {
  const voxels = dims[0] * dims[1] * dims[2]
  for (let node = 0; node < nodes.step.length; node++) {
    const { step, parent, voxelCount, peakOffset } = nodes
    const up = parent[node]
    const known =
      step[node] >= 1 &&
      step[node] <= steps.level.length &&
      up >= -1 &&
      up < node &&
      (up < 0 || step[up] < step[node]) &&
      voxelCount[node] >= 1 &&
      voxelCount[node] <= voxels &&
      peakOffset[node] >= 0 &&
      peakOffset[node] < voxels
    if (!known) throw broken('are damaged', `node ${node} of ${nodes.step.length}`)
  }
}

function broken(what: string, detail: unknown): WorkstationError {
  return new WorkstationError(
    'input/component-tree',
    `The findings of this run cannot be shown, because their stored measurements ${what}. Screen the scan again.`,
    detail,
  )
}
