/**
 * The smallest network that asks of a device what ours do: one 3-D convolution. ONNX by hand, of operator set 13:
 * `x` float32 [1, 1, 4, 4, 4] → Conv with a 3×3×3 kernel of ones, padded → `y` of the same shape.
 */

export const PROBE_EDGE = 4
const INPUT = 'x'
const OUTPUT = 'y'
const KERNEL = 'w'
const SHAPE = [1, 1, PROBE_EDGE, PROBE_EDGE, PROBE_EDGE]
const FLOAT = 1
const INTS = 7

export const PROBE = { input: INPUT, output: OUTPUT, shape: SHAPE }

/** Sum of the 27 neighbours at each voxel, where the input is 1 everywhere: 2 a border axis, 3 an inner one. */
export function probeAnswer(): Float32Array {
  const span = (i: number) => (i === 0 || i === PROBE_EDGE - 1 ? 2 : 3)
  return Float32Array.from({ length: PROBE_EDGE ** 3 }, (_, i) => {
    const [x, y, z] = [
      i % PROBE_EDGE,
      Math.floor(i / PROBE_EDGE) % PROBE_EDGE,
      Math.floor(i / PROBE_EDGE ** 2),
    ]
    return span(x) * span(y) * span(z)
  })
}

export function probeNetwork(): Uint8Array {
  const weights = Buffer.from(new Float32Array(27).fill(1).buffer)
  const dims = [1, 1, 3, 3, 3].map((dim) => number(1, dim))
  const kernel = Buffer.concat([...dims, number(2, FLOAT), text(8, KERNEL), bytes(9, weights)])
  const pads = Buffer.concat([
    text(1, 'pads'),
    ...Array.from({ length: 6 }, () => number(8, 1)),
    number(20, INTS),
  ])
  const conv = Buffer.concat([
    text(1, INPUT),
    text(1, KERNEL),
    text(2, OUTPUT),
    text(4, 'Conv'),
    bytes(5, pads),
  ])
  const graph = Buffer.concat([
    bytes(1, conv),
    text(2, 'probe'),
    bytes(5, kernel),
    bytes(11, value(INPUT)),
    bytes(12, value(OUTPUT)),
  ])
  return Buffer.concat([number(1, 8), bytes(7, graph), bytes(8, Buffer.concat([text(1, ''), number(2, 13)]))])
}

function value(name: string): Buffer {
  const shape = Buffer.concat(SHAPE.map((edge) => bytes(1, number(1, edge))))
  const tensor = Buffer.concat([number(1, FLOAT), bytes(2, shape)])
  return Buffer.concat([text(1, name), bytes(2, bytes(1, tensor))])
}

/** Protobuf's wire format, for what is short: one byte a number, two at most for a length. */
function number(field: number, content: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(content)])
}

function bytes(field: number, content: Uint8Array): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(content.length), content])
}

const text = (field: number, content: string) => bytes(field, Buffer.from(content))

function varint(content: number): Buffer {
  const parts: number[] = []
  for (let rest = content; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...parts, rest])
    parts.push((rest % 128) + 128)
  }
}
