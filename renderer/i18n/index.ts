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

/** Texts said before, by key and values: panes and panels say the same ones in every frame. */
const said = new Map<string, string>()
/** Positions in mm differ with every step of the mouse. */
const MOST_SAID = 2000

i18next.on('languageChanged', () => said.clear())

/** The text of the catalogue under a key, with its values. */
export function t(key: string, values?: Readonly<Record<string, unknown>>): string {
  const question = values === undefined ? key : key + JSON.stringify(values)
  let text = said.get(question)
  if (text === undefined) {
    text = i18next.t(key, values ?? {})
    if (said.size >= MOST_SAID) said.clear()
    said.set(question, text)
  }
  return text
}

export { i18next }
