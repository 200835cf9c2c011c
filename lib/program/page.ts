import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { readRun } from '../engine/journal.ts'
import { stateFolder } from '../model/state-folder.ts'
import { htmlReport } from '../report/html.ts'

/** Writes the report of a recorded run as one page beside its journal, and gives its path. @throws of the disk */
export function writePage(run: string): string {
  const file = path.join(stateFolder.runs, `${run}.html`)
  // What a run says of a cloud is for those who may see the journal.
  writeFileSync(file, htmlReport(readRun(run, () => {})), { mode: 0o600 })
  return file
}
