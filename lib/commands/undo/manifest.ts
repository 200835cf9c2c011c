import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { runMeant, onlyRun } from '../../engine/journal.ts'
import { exit, Refused } from '../../model/problem.ts'
import { program } from '../../model/program.ts'
import type { ReplacedThing } from '../../model/replaced.ts'
import { stateFolder } from '../../model/state-folder.ts'

/** What the list of what a run has replaced begins with. */
export interface Head {
  readonly run: string
  readonly playbook: string
  /** As behind -i. */
  readonly inventory: readonly string[]
}

/** Something of a host that was replaced. */
export type Kept =
  | {
      readonly kind: 'file'
      readonly path: string
      /** What lay there, in a line: kind, mode, uid, gid, and of a file its size and checksum. */
      readonly before: string
      /** Missing where the run was killed before it could look. */
      readonly after?: string
      /** Where the host keeps what lay there. */
      readonly copy?: string
      /** All that lay in it counts, too. */
      readonly whole?: true
    }
  | (ReplacedThing & {
      readonly kind: 'thing'
      readonly before: string
      readonly after?: string
      readonly copy?: string
    })
  | { readonly kind: 'service'; readonly name: string; readonly was: 'started' | 'stopped' | 'enabled' | 'disabled' }
  | { readonly kind: 'restart'; readonly name: string }
  /** systemd has read its units anew. */
  | { readonly kind: 'reload' }

/** What one operation has replaced. */
export interface Entry {
  /** Of what is written before and again after a change: the later one counts. */
  readonly nth?: number
  readonly on: string
  /** Whom it acted as there, where that was not the user of the connection. */
  readonly become?: string
  readonly task: string
  readonly operation: string
  readonly kept: readonly Kept[]
  /** Why not all of it can be put back. */
  readonly not?: string
}

/** Where the list of a run lies. */
export function manifestOf(run: string): string {
  return path.join(stateFolder.undo, `${run}.jsonl`)
}

/** What a run has replaced, in the order in which it did. @throws Refused when nothing was kept of it */
export function readManifest(named: string): { readonly head: Head; readonly entries: readonly Entry[] } {
  const runs = existsSync(stateFolder.undo)
    ? readdirSync(stateFolder.undo)
        .filter((name) => name.endsWith('.jsonl'))
        .map((name) => name.slice(0, -6))
        .sort()
    : []
  const run = named === 'latest' ? runs.at(-1) : onlyRun(named, runs)
  if (run === undefined)
    throw new Refused(
      {
        message: named === 'latest' ? 'no run here has kept what it replaced' : `nothing is kept of a run ${named}`,
        hint: runMeant(
          named,
          runs,
          `a run keeps what it replaces with --undoable: ${program()} PLAYBOOK -i INVENTORY --undoable`,
        ),
      },
      exit.usage,
    )
  // A line that a kill has cut off belongs to a change of which nothing is known.
  const lines = readFileSync(manifestOf(run), 'utf8').split('\n').slice(0, -1)
  const [head, ...all] = lines.map((line) => JSON.parse(line) as unknown)
  return { head: head as Head, entries: latest(all as readonly Entry[]) }
}

/** Of each change what was noted of it last. */
export function latest(entries: readonly Entry[]): readonly Entry[] {
  return [...new Map(entries.map((entry, i) => [entry.nth ?? -1 - i, entry])).values()]
}
