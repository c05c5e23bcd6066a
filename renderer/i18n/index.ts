import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { en } from './en/index.ts'

// One catalogue per language; a translation has the same keys as the English one.
void i18next.use(initReactI18next).init({
  lng: 'en',
  resources: { en: { translation: en } },
  // React escapes what it shows.
  interpolation: { escapeValue: false },
  // Keys hold dots: the catalogue is flat.
  keySeparator: false,
  nsSeparator: false,
  returnNull: false,
})

export const t = i18next.t.bind(i18next)
export { i18next }
