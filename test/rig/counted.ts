import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { emptyDirectory, here, type Here } from './here.ts'

/** A connection to this machine that notes which of these programs its scripts start, a line for each time. */
export function counting(programs: readonly string[]): { readonly connection: Here; readonly started: () => string[] } {
  const bin = emptyDirectory()
  const log = join(bin, 'log')
  writeFileSync(log, '')
  for (const program of programs) {
    const real = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim()
    writeFileSync(join(bin, program), `#!/bin/sh\necho ${program} >>${log}\nexec ${real} "$@"\n`)
    chmodSync(join(bin, program), 0o755)
  }
  return {
    connection: here({ env: { PATH: `${bin}:${process.env.PATH}` } }),
    started: () => readFileSync(log, 'utf8').trim().split('\n'),
  }
}
