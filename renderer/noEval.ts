import { z } from 'zod'

// zod compiles schemas with `new Function` where it may. The window's policy forbids that, and even asking is reported
// as a violation. Imported before any schema is made.
z.config({ jitless: true })
