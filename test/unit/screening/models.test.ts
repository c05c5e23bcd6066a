import { basename } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { findModel } from '../../../main/screening/models.ts'
import { packageWith, TINY_MODEL, temporaryFolder } from '../inference/packages.ts'

describe('findModel', () => {
  test('finds an installed package by its name, and any package by its path', async () => {
    const folder = await temporaryFolder(onTestFinished)
    const installed = await packageWith(folder)
    expect((await findModel(basename(installed), folder)).dir).toBe(installed)
    expect((await findModel(TINY_MODEL, folder)).manifest.name).toBe('tinymodel')
  })

  test('an unknown name is bad usage, and the sentence says what is installed', async () => {
    const folder = await temporaryFolder(onTestFinished)
    await packageWith(folder)
    await expect(findModel('nothing', folder)).rejects.toMatchObject({
      code: 'usage/model-not-found',
      message: expect.stringContaining('Installed: tinymodel-copy.'),
    })
  })
})
