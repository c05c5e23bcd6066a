import { readdir, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { journalFile } from '../../../main/inference/resume.ts'
import { temporaryFolder } from './packages.ts'
import { attempt, killAt, newClient, random } from './resumeRuns.ts'

const KILLS = 50

test(`killed at ${KILLS} random moments and asked for again each time, every map is the right one`, async (context) => {
  const client = await newClient()
  await attempt(client)
  await client.close()
  const { score: right, seconds, outcome } = await attempt(client)
  const resumeFolder = await temporaryFolder(onTestFinished)
  const journal = journalFile(resumeFolder, 'cpu')
  const dice = random(20240229)
  let [kills, maps, taken, amongTiles] = [0, 0, 0, 0]
  for (let last = false; !last; ) {
    // At the end one that nobody kills: what the others left makes a map as well.
    last = kills === KILLS
    // In turn by the clock, which falls on the opening of the network most often, and by the tile, among the tiles.
    const [byClock, chance] = [kills % 2 === 0, dice.next().value]
    const killed = last
      ? {}
      : byClock
        ? { killAfterMs: chance * 1100 * seconds }
        : { onProgress: killAt(chance * outcome!.tiles) }
    const run = await attempt(client, { resumeFolder, ...killed })
    if (run.told.length > 0) amongTiles++
    expect((await readdir(resumeFolder)).filter((name) => name !== basename(journal))).toEqual([])
    if (run.error) {
      expect(run.error.code).toBe('engine/died')
      kills++
      continue
    }
    expect(run.score).toEqual(right)
    expect(run.outcome!.tiles).toBe(outcome!.tiles)
    maps++
    taken += run.outcome!.resumedTiles ?? 0
    await rm(journal)
    // A fresh process, as after every kill.
    await client.close()
  }
  await context.annotate(
    `${kills} kills, ${maps} maps of ${outcome!.tiles} tiles, ${taken} tiles taken over; ${amongTiles} attempts reached a tile`,
  )
  // Or it would be beginning again that is tested. How many it is depends on how quick the disk is beside the network.
  expect(taken).toBeGreaterThan(0)
}, 900_000)
