import packageJson from '../../package.json' with { type: 'json' }
import type { AppInfo, WarningRecord } from '../../preload/records.ts'
import { RESEARCH_USE_ONLY } from '../exporting/runRecord.ts'
import type { HostAbilities } from './types.ts'

/** What a bug report should say, and what the window must know of its host. */
export function appInfo(dataFolder: string, abilities: HostAbilities, notices: WarningRecord[]): AppInfo {
  const { node, v8, electron, chrome } = process.versions
  return {
    name: 'Screener Workstation',
    version: packageJson.version,
    host: abilities.host,
    platform: `${process.platform} ${process.arch}`,
    versions: {
      node,
      v8,
      ...(electron ? { electron } : {}),
      ...(chrome ? { chrome } : {}),
      'onnxruntime-node': packageJson.dependencies['onnxruntime-node'],
    },
    dataFolder,
    picker: abilities.picker,
    canShowInFolder: abilities.showInFolder !== undefined,
    researchUseOnly: RESEARCH_USE_ONLY,
    notices,
  }
}
