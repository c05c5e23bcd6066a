import { expect, test } from 'vitest'
import { memoryKills, reasonOfDeath } from '../../../main/reading/killedForMemory.ts'

const killed = { signal: 'SIGKILL', stderr: '' }

test('memory is blamed where Node says so, or where the system has just ended a process for it', () => {
  expect(reasonOfDeath({ signal: 'SIGABRT', stderr: 'JavaScript heap out of memory' }, 3, 3)).toContain(
    'memory runs short',
  )
  expect(reasonOfDeath(killed, 3, 4)).toContain('memory runs short')
})

test('it is not where a process was ended and the system says that memory was not the reason', () => {
  expect(reasonOfDeath(killed, 3, 3)).toBe('The system or another program ended it; try again.')
})

test('where the system does not say, both are named', () => {
  expect(reasonOfDeath(killed, undefined, undefined)).toMatch(/another program.*perhaps because memory/)
})

test('any other end is put down to the file', () => {
  expect(reasonOfDeath({ signal: 'SIGSEGV', stderr: '' }, 3, 4)).toContain('damaged file')
  expect(reasonOfDeath({ signal: null, stderr: '' }, 3, 3)).toContain('damaged file')
})

test.runIf(process.platform === 'linux')('the count of the system never falls', () => {
  const before = memoryKills()
  if (before !== undefined) expect(memoryKills()).toBeGreaterThanOrEqual(before)
})
