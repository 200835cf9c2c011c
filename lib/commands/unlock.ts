import { rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { command } from '../cli/command.ts'
import { onlyRun } from '../engine/journal.ts'
import { describe, lives, locks } from '../engine/lock.ts'
import { exit, Refused } from '../model/problem.ts'
import { program } from '../model/program.ts'

export const unlock = command({
  describe: 'Remove the locks of runs that have ended',
  takes: { run: { describe: 'The run that holds them', completes: 'runs' } },
  options: { force: { kind: 'flag', fallback: false, describe: 'Also those of a run that goes on' } },
  act: async ({ words: { run }, values: { force } }) => release({ run, force }),
})

/**
 * Removes the locks of one run, or of all that have ended; of one that goes on only when forced. Gives the exit code.
 */
function release(args: { readonly run: string | undefined; readonly force: boolean }): number {
  const all = locks()
  const runs = [...new Set(all.map(({ holder }) => holder.run))]
  const named = args.run === undefined ? undefined : onlyRun(args.run, runs)
  const found = all.filter(({ holder }) => args.run === undefined || holder.run === named)
  if (args.run !== undefined && named === undefined) {
    throw new Refused(
      {
        message: `no host is locked by a run ${args.run}`,
        hint: runs.length > 0 ? `there are: ${runs.join(', ')}` : 'nothing is locked',
      },
      exit.usage,
    )
  }
  if (found.length === 0) process.stdout.write('nothing is locked\n')
  const held = found.filter(
    ({ holder }) => !args.force && (holder.machine === hostname() ? lives(holder) : args.run === undefined),
  )
  for (const { file, holder } of found) {
    if (held.some((one) => one.file === file)) continue
    rmSync(file, { force: true })
    process.stdout.write(`${holder.host}: no longer locked by run ${holder.run}\n`)
  }
  const [first] = held
  if (first === undefined) return exit.ok
  throw new Refused(
    held.map(({ holder }) => ({
      message: `${holder.host} stays locked by ${describe(holder)}`,
      hint:
        holder.machine === hostname()
          ? `it goes on: end it with kill ${holder.pid}`
          : `when it is known to have ended: ${program()} unlock ${holder.run}`,
    })),
    exit.locked,
  )
}
