import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = mkdtempSync(path.join(tmpdir(), 'run-bin-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

/** `run` as whoever linked this package has it: a link in a folder of the PATH. */
export const command = path.join(folder, 'run')
symlinkSync(fileURLToPath(new URL('../../lib/run.cjs', import.meta.url)), command)

/** Where that is found by its name. */
export const withCommand = { PATH: `${folder}${path.delimiter}${process.env['PATH']}` }
