import fc from 'fast-check'
import { expect, it } from 'vitest'
import { sortFloats } from '../../../../main/evaluation/metrics/sortFloats.ts'

it('sorts as the array itself would, negative, infinite and subnormal values too, in place', () => {
  fc.assert(
    fc.property(fc.float32Array({ noNaN: true, maxLength: 200 }), (values) => {
      const expected = values.slice().sort()
      expect(sortFloats(values)).toBe(values)
      expect(values).toEqual(expected)
    }),
  )
})

it('sorts a part of a larger buffer and leaves the rest', () => {
  const all = Float32Array.from([9, 3, -1, 2, -9])
  sortFloats(all.subarray(1, 4))
  expect(Array.from(all)).toEqual([9, -1, 2, 3, -9])
})
