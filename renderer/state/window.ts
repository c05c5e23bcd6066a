/** What this window calls itself towards main, to tell its own changes from those of other windows. */
export const WINDOW = crypto.randomUUID()
