import { app } from './app.ts'
import { editing } from './editing.ts'
import { findings } from './findings.ts'
import { models } from './models.ts'
import { viewer } from './viewer.ts'

/** All texts on screen in English, by flat key; each part of the window has a file. */
export const en: Readonly<Record<string, string>> = { ...app, ...viewer, ...findings, ...editing, ...models }
