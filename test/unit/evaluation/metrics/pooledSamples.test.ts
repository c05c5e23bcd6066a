import { describe, expect, it } from 'vitest'
import { poolSamples } from '../../../../main/evaluation/metrics/pooledSamples.ts'
import { rankingMetrics } from '../../../../main/evaluation/metrics/voxelMetrics.ts'
import golden from '../../../golden/evaluation/metrics.json' with { type: 'json' }

const { scans, draws } = golden.pooling

describe('samples of several scans', () => {
  it.each(draws)('of scans $drawn rank as in scikit-learn', ({ drawn, auroc }) => {
    const pooled = poolSamples(scans)(Uint32Array.from(drawn))
    expect(rankingMetrics(pooled).aurocAll).toBeCloseTo(auroc, 12)
  })
})
