import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { WorkstationError } from '../../../main/errors.ts'
import { parseOnnx } from '../../../main/inference/onnxFile.ts'
import { RESIDUAL_MODEL, TINY_MODEL } from './packages.ts'

const tiny = await readFile(join(TINY_MODEL, 'network.onnx'))
const residual = await readFile(join(RESIDUAL_MODEL, 'residual.onnx'))

/** A field of bytes: key and length of one byte each. */
const field = (number: number, content: Uint8Array) =>
  Buffer.from([number * 8 + 2, content.length, ...content])
const opset = field(8, Buffer.from([2 * 8, 17]))
const usesFile = Buffer.from([14 * 8, 1])

describe('parseOnnx', () => {
  test('reads the operator set of what PyTorch and onnx.helper write', () => {
    expect(parseOnnx(tiny, 'tiny')).toEqual({ opset: 17, externalData: false })
    expect(parseOnnx(residual, 'residual')).toEqual({ opset: 13, externalData: false })
  })

  test('sees weights in other files: as initializer, in a node, and in a graph within a node', () => {
    const inNode = field(1, field(5, field(5, usesFile)))
    for (const graph of [field(5, usesFile), inNode, field(1, field(5, field(6, inNode)))])
      expect(parseOnnx(Buffer.concat([opset, field(7, graph)]), 'a').externalData).toBe(true)
  })

  test('refuses graphs nested beyond measure', () => {
    let graph: Buffer = Buffer.alloc(0)
    for (let depth = 0; depth < 18; depth++) graph = field(1, field(5, field(6, graph)))
    expect(() => parseOnnx(Buffer.concat([opset, field(7, graph)]), 'a')).toThrow(/nested too deeply/)
  })

  test('whatever the bytes are, it answers or refuses in one sentence', () => {
    const refusesInWords = (bytes: Uint8Array) => {
      try {
        parseOnnx(bytes, 'a')
      } catch (error) {
        expect(error).toBeInstanceOf(WorkstationError)
      }
    }
    const places = fc.tuple(fc.nat(tiny.length - 1), fc.nat(255), fc.nat(tiny.length))
    fc.assert(
      fc.property(places, ([at, value, end]) => {
        const bytes = Buffer.from(tiny)
        bytes[at] = value
        refusesInWords(bytes.subarray(0, end))
      }),
      { numRuns: 2000 },
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), refusesInWords), { numRuns: 2000 })
  })
})
