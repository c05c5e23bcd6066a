/** Writes an export, a serialised ExportReviewJob, and says what went wrong and what is left in its folder. */
import { readdirSync, readFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import { exportReview } from '../../../main/workstation/exportReview.ts'

const job = deserialize(readFileSync(process.argv[2]))
const { code, message } = await exportReview(job).then(
  () => ({ code: 'none', message: '' }),
  (error) => error,
)
console.log(JSON.stringify({ code, message, left: readdirSync(job.parent) }))
