import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  findingsOf,
  INITIAL_LIST,
  type ListOptions,
  listRows,
  neighbour,
  nextToReview,
  reviewProgress,
  STATES,
} from '../../../../renderer/findings/order.ts'
import { finding } from './fixtures.ts'

const nodule = finding({ key: 'peak-1', number: 1, volumeMl: 0.5, peakLevel: 99.99, centreMm: [0, 0, 10] })
const mass = finding({ key: 'peak-2', number: 2, volumeMl: 40, peakLevel: 99.95, centreMm: [0, 0, -80] })
const drawn = finding({
  key: 'drawn-00000000',
  origin: 'drawn',
  number: null,
  volumeMl: 2,
  peakLevel: null,
  centreMm: [0, 0, 90],
})
const keys = (findings: readonly { key: string }[]) => findings.map((f) => f.key)
const list = (options: Partial<ListOptions>, findings = [nodule, mass, drawn], words?: () => string) =>
  listRows(findings, { ...INITIAL_LIST, ...options }, words)

describe('the order of the list', () => {
  it.each([
    ['rank', [nodule, mass, drawn]],
    ['volume', [mass, drawn, nodule]],
    ['level', [nodule, mass, drawn]],
    ['position', [drawn, nodule, mass]],
  ] as const)('by %s', (sort, expected) => {
    expect(keys(findingsOf(list({ sort })))).toEqual(keys(expected))
    expect(keys(findingsOf(list({ sort, reversed: true })))).toEqual(keys(expected).reverse())
  })
})

describe('the filter', () => {
  const confirmed = finding({
    key: 'peak-3',
    number: 3,
    state: 'confirmed',
    label: { text: 'Pulmonary nodule', code: { scheme: 'SCT', value: '427359005', meaning: 'Nodule' } },
    note: 'Compare with 2024.',
  })
  it.each([
    ['', true],
    ['NODULE', true],
    ['427359005', true],
    ['compare nodule', true],
    ['#3', true],
    ['left', true],
    ['right', false],
    ['nodule cyst', false],
  ])('by the text “%s”', (text, found) => {
    const rows = list({ text }, [confirmed], () => 'left lung')
    expect(findingsOf(rows)).toHaveLength(found ? 1 : 0)
  })

  it('by states; all of them where none is chosen', () => {
    expect(keys(findingsOf(list({ states: ['confirmed'] }, [nodule, confirmed])))).toEqual(['peak-3'])
    expect(findingsOf(list({ states: [] }, [nodule, confirmed]))).toHaveLength(2)
  })
})

describe('groups', () => {
  it('come with what wants a decision first, and tell how many they hold', () => {
    const all = STATES.flatMap((state, i) => [
      finding({ key: `peak-${i}`, state }),
      finding({ key: `peak-1${i}`, state }),
    ]).reverse()
    const headings = list({ grouped: true }, all).filter((row) => row.kind === 'group')
    expect(headings).toEqual(STATES.map((group) => ({ kind: 'group', group, count: 2 })))
  })

  it('have what the threshold hides last, grouped by state or not', () => {
    const hidden = finding({ key: 'peak-9', number: null, hidden: 'below-threshold', state: 'confirmed' })
    for (const grouped of [false, true]) {
      const rows = list({ grouped, sort: 'volume' }, [hidden, nodule])
      expect(rows.at(-2)).toEqual({ kind: 'group', group: 'hidden', count: 1 })
      expect(rows.at(-1)).toMatchObject({ finding: hidden })
    }
  })
})

const anyList = fc
  .array(fc.constantFrom(...STATES), { minLength: 1, maxLength: 12 })
  .map((states) => states.map((state, i) => finding({ key: `peak-${i}`, state })))

describe('the next to review', () => {
  it('is the first unreviewed one below, then from the top; none when only this one or nothing is left', () => {
    fc.assert(
      fc.property(anyList, fc.nat(11), (findings, at) => {
        const from = at % findings.length
        const expected = Array.from({ length: findings.length - 1 }, (_, i) => from + 1 + i)
          .map((i) => findings[i % findings.length])
          .find((f) => f.state === 'unreviewed')
        expect(nextToReview(findings, findings[from].key)).toBe(expected ?? null)
      }),
    )
  })

  it('is the first of all where nothing is chosen', () => {
    expect(nextToReview([finding({ key: 'peak-1', state: 'confirmed' }), nodule], null)).toBe(nodule)
  })

  it('is found once each when every finding is judged in turn', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(11), (count, start) => {
        let findings = Array.from({ length: count }, (_, i) => finding({ key: `peak-${i}` }))
        const visited: string[] = []
        let at: string | null = `peak-${start % count}`
        while (at !== null) {
          visited.push(at)
          const key: string = at
          const next = nextToReview(findings, key)
          findings = findings.map((f) => (f.key === key ? { ...f, state: 'confirmed' } : f))
          at = next?.key ?? null
        }
        expect(visited.toSorted()).toEqual(keys(findings).toSorted())
      }),
    )
  })
})

describe('walking the list', () => {
  it('stays at its ends, and starts at one of them', () => {
    const all = [nodule, mass, drawn]
    expect(neighbour(all, 'peak-1', 1)).toBe(mass)
    expect(neighbour(all, 'peak-1', -1)).toBe(nodule)
    expect(neighbour(all, drawn.key, 1)).toBe(drawn)
    expect(neighbour(all, null, 1)).toBe(nodule)
    expect(neighbour(all, 'peak-77', -1)).toBe(drawn)
    expect(neighbour([], null, 1)).toBeNull()
  })
})

describe('progress', () => {
  it('counts decisions, hidden ones too, and does not ask for what the threshold hides', () => {
    const all = [
      nodule,
      finding({ key: 'peak-5', state: 'uncertain' }),
      finding({ key: 'peak-6', state: 'false-positive', hidden: 'merged' }),
      finding({ key: 'peak-7', note: 'noted only', hidden: 'below-threshold' }),
    ]
    expect(reviewProgress(all)).toEqual({ reviewed: 2, total: 3 })
  })
})
