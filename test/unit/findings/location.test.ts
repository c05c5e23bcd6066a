import { describe, expect, it } from 'vitest'
import { type BodyProfile, type BodySlab, describeLocation } from '../../../main/findings/location.ts'

const whole = { right: 0, left: 0, anterior: 0, posterior: 0 }
const slab = (s: number): BodySlab => ({
  s,
  box: { right: -160, left: 180, anterior: -90, posterior: 150 },
  middle: 10,
  areaCm2: 600,
  lungCm2: s > 0 && s < 300 ? 200 : 0,
  boneCm2: 30,
  cut: whole,
})

/** Slabs of 5 mm from −100 to 400 mm, lungs from 0 to 300 mm, the middle of the body at L 10 mm. */
const profile: BodyProfile = {
  slabMm: 5,
  slabs: Array.from({ length: 101 }, (_, k) => slab(-100 + 5 * k)),
  lungs: { bottom: 0, top: 300, bottomSeen: true, topSeen: true, volumeMl: 6000 },
}
const cutBy = (cut: Partial<BodySlab['cut']>): BodyProfile => ({
  ...profile,
  slabs: profile.slabs.map((s) => ({ ...s, cut: { ...whole, ...cut } })),
})

describe('the side', () => {
  it('is the patient’s, seen from the middle of the body at that height', () => {
    const side = (l: number) => describeLocation([l, 0, 100], 0, profile).side
    expect([side(60), side(-40), side(19), side(1), side(-1)]).toEqual([
      'left',
      'right',
      'midline',
      'midline',
      'right',
    ])
  })

  it('is not known where the field cuts the body, but far from the middle in a chest with whole lungs', () => {
    const side = (l: number, p: BodyProfile) => describeLocation([l, 0, 100], 0, p).side
    expect(side(60, cutBy({ left: 0.9 }))).toBeNull()
    expect(side(60, cutBy({ left: 0.5, right: 0.5 }))).toBe('left')
    expect(side(40, cutBy({ left: 0.5, right: 0.5 }))).toBeNull()
    expect(side(60, { ...cutBy({ left: 0.5 }), lungs: null })).toBeNull()
  })

  it('is not known beyond the scan', () => {
    expect(describeLocation([60, 0, 900], 0, profile)).toMatchObject({ side: null, depth: null })
  })
})

describe('the depth', () => {
  it('is the third of the body from front to back', () => {
    const depth = (p: number) => describeLocation([60, p, 100], 0, profile).depth
    expect([depth(-80), depth(30), depth(140)]).toEqual(['anterior', 'central', 'posterior'])
  })

  it('is not known where the field cuts the front or the back', () => {
    expect(describeLocation([60, 0, 100], 0, cutBy({ anterior: 0.6 }))).toMatchObject({
      side: 'left',
      depth: null,
    })
  })
})

describe('the body level', () => {
  const level = (s: number, lungs: Partial<NonNullable<BodyProfile['lungs']>> = {}) =>
    describeLocation([60, 0, s], 0, { ...profile, lungs: { ...profile.lungs!, ...lungs } }).level

  it('is told by the lungs', () => {
    expect([-50, 50, 150, 250, 350].map((s) => level(s))).toEqual([
      'below the lungs',
      'lower chest',
      'mid chest',
      'upper chest',
      'above the lungs',
    ])
  })

  it('is known only near the end of the lungs that the scan shows', () => {
    expect([30, 100, 290, 350].map((s) => level(s, { topSeen: false }))).toEqual([
      'lower chest',
      null,
      null,
      null,
    ])
    expect([-50, 10, 200, 270].map((s) => level(s, { bottomSeen: false }))).toEqual([
      null,
      null,
      null,
      'upper chest',
    ])
  })

  it('is not known where no lungs are seen', () => {
    expect(describeLocation([60, 0, 100], 0, { ...profile, lungs: null }).level).toBeNull()
  })
})

describe('the tissue', () => {
  it.each([
    [-990, 'gas'],
    [-800, 'lung'],
    [-300, null],
    [-100, 'fat'],
    [45, 'soft tissue'],
    [180, 'contrast or calcification'],
    [600, 'bone'],
    [3000, 'metal or dense material'],
  ])('of a mean of %i HU is %s', (hu, tissue) => {
    expect(describeLocation([60, 0, 100], hu, profile).tissue).toBe(tissue)
  })

  it('of a nodule with lung around it is not fat, though their mean may be', () => {
    const tissue = (sd: number) => describeLocation([60, 0, 100], -100, profile, sd).tissue
    expect([tissue(30), tissue(350)]).toEqual(['fat', null])
  })

  it('of as much air is gas in a slab without lung, and not known where lungs are not seen at all', () => {
    expect(describeLocation([60, 0, -50], -800, profile).tissue).toBe('gas')
    const slabs = profile.slabs.map((s) => ({ ...s, lungCm2: 0 }))
    expect(describeLocation([60, 0, 100], -800, { ...profile, slabs, lungs: null }).tissue).toBeNull()
  })
})
