import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { treeComponentsAt } from '../../../main/findings/componentTreeQuery.ts'
import { stepMap, thresholdSteps } from '../../../main/findings/steps.ts'
import type { Vec3 } from '../../../main/imaging/volume.ts'
import { treeOf } from './componentTreeFixtures.ts'

interface Golden {
  dims: Vec3
  steps: number
  nodes: number
  components: { step: number; voxelCounts: number[] }[]
  map: string
}

const folder = new URL('../../golden/componentTree/', import.meta.url)
const goldens = readdirSync(folder).map((file) => ({
  name: file.replace('.json', ''),
  ...(JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Golden),
}))

/** Levels 90 to 99.9 in 201 steps; each of the golden's steps is one of them. */
const calibration = { percentile: [0, 90, 99.9], score: [-1, 0, 10] }

describe('the component tree', () => {
  it.each(goldens)('has the nodes and components of scikit-image: $name', (golden) => {
    const { dims, nodes, components } = golden
    const map = Buffer.from(golden.map, 'base64')
    const steps = thresholdSteps(calibration)
    const score = Float32Array.from(map, (step) => (step === 0 ? -1 : steps.score[step - 1]))
    expect(Array.from(stepMap(score, steps))).toEqual(Array.from(map))

    const volume = {
      dims,
      spacing: [1, 1, 1] as const,
      origin: [0, 0, 0] as const,
      direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] as const,
      voxels: new Int16Array(map.length),
    }
    const tree = treeOf({ volume, score, calibration })
    expect(tree.nodes.step).toHaveLength(nodes)
    for (const { step, voxelCounts } of components) {
      const counts = treeComponentsAt(tree, step).map((finding) => finding.voxelCount)
      expect(counts.sort((a, b) => a - b)).toEqual(voxelCounts)
    }
  })
})
