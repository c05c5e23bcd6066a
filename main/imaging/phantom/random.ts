/** Seeded random numbers (sfc32): the same seed gives the same sequence on every machine. */
export interface Random {
  /** Uniform 32-bit integer. */
  bits(): number
  /** Uniform in [low, high). */
  uniform(low: number, high: number): number
  /** Normal, by the Box–Muller transform. */
  normal(mean: number, sd: number): number
  /** Uniform integer in [low, high]. */
  integer(low: number, high: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
}

/** `stream` separates independent sequences of one seed, so that lesions never move the patient or the noise. */
export function createRandom(seed: number, stream: string): Random {
  let h = 0x811c9dc5
  for (const char of `${seed}/${stream}`) h = Math.imul(h ^ char.charCodeAt(0), 0x01000193)
  let a = h | 0
  let b = Math.imul(h, 0x85ebca6b) | 0
  let c = Math.imul(h ^ 0x5bd1e995, 0xc2b2ae35) | 0
  let counter = 1
  const bits = () => {
    const t = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return t >>> 0
  }
  for (let i = 0; i < 15; i++) bits()
  const unit = () => bits() / 4294967296
  const uniform = (low: number, high: number) => low + (high - low) * unit()
  return {
    bits,
    uniform,
    normal: (mean, sd) => mean + sd * Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit()),
    integer: (low, high) => low + Math.floor(unit() * (high - low + 1)),
    chance: (probability) => unit() < probability,
    pick: (items) => items[Math.floor(unit() * items.length)],
  }
}
