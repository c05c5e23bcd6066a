import { t } from '../i18n/index.ts'
import { useLibrary } from '../state/library.ts'
import css from './shell.module.css'

/** Says that main cannot be reached, while it cannot. */
export function ConnectionStrip() {
  const connected = useLibrary((state) => state.connected)
  return <div role="alert">{connected ? null : <div className={css.lost}>{t('connection.lost')}</div>}</div>
}
