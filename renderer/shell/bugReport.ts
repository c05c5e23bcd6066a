import type { AppInfo, ErrorRecord } from '../../preload/records.ts'

/** What a bug report needs to say of an error: plain text, free of patient data unless the detail itself has some. */
export function bugReport(title: string, error: ErrorRecord, info: AppInfo | null): string {
  const program = info
    ? [
        `${info.name} ${info.version} (${info.host}, ${info.platform})`,
        Object.entries(info.versions)
          .map(([name, version]) => `${name} ${version}`)
          .join(', '),
      ]
    : []
  return [title, error.message, `code: ${error.code}`, ...program, '', error.detail ?? '']
    .join('\n')
    .trimEnd()
}
