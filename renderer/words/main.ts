import type { WarningRecord } from '../../preload/records.ts'
import { i18next, t } from '../i18n/index.ts'

/**
 * What main says of an error or a warning, in the language of the window.
 *
 * Main's sentences are English and stay where they arise: the command line, the exports and the log say them too, and
 * they name what only main knows. The English catalogue does not say them a second time, where the two would part in
 * time. A translation says those it has under `main.` and the stable code, with the record's values in `{{…}}`; for
 * any other the reader gets main's own sentence. Devices go the same way: what they are called (`device-name/cuda`),
 * why they cannot be had, and how they failed.
 *
 * What a model package says of itself (title, intended use, provenance, limitations) does not: it is its author's
 * statement, which a translation of the program must not change, and is shown as it stands in the package.
 */
export function mainWords({ code, message, values }: WarningRecord): string {
  const key = `main.${code}`
  return i18next.exists(key) ? t(key, { ...values }) : message
}
