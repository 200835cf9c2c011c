import { appendFileSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Saving } from '../../engine/task.ts'
import { sh } from '../../kit/shell.ts'
import { output, type Reader } from '../../model/operation.ts'
import { stateFolder } from '../../model/state-folder.ts'
import { maskValue } from '../../report/index.ts'
import { type Entry, type Head, type Kept, manifestOf } from './manifest.ts'

/**
 * Keeps what a run replaces, before it does: contents in a folder of the host itself that only its owner may enter, so
 * that no secret comes here, and in a list here which they are.
 */
export class Keeper {
  readonly #head: Head
  #count = 0

  constructor(head: Head) {
    this.#head = head
    mkdirSync(stateFolder.undo, { recursive: true, mode: 0o700 })
    this.#note(head)
  }

  /** Saves what an operation is about to replace; what it gives is to be called when it has. */
  readonly save = async (saving: Saving): Promise<() => Promise<void>> => {
    const { path: task, on, operation, plan, connection } = saving
    const { leaves, destructive = false } = plan
    const about = { on, task: task.task, operation: operation.name }
    if (!leaves) return async () => this.#note({ ...about, kept: [], not: 'it does not say what it changes' })
    const files = [...new Set(leaves.flatMap(({ what }) => /^file (\/.+)$/s.exec(what)?.[1] ?? []))]
    const folder = path.posix.join(this.#head.run, String(++this.#count))
    const before = await lookAt(connection, files, { folder, whole: destructive })
    return async () => {
      const after = await lookAt(connection, files, { whole: destructive })
      const changed = files.flatMap((file, i): readonly (Kept & { readonly kind: 'file' })[] => {
        const { state, copy } = before[i]!
        const is = after[i]!.state
        return state === is ? [] : [{ kind: 'file', path: file, before: state, after: is, ...(copy ? { copy } : {}) }]
      })
      const not = reasonAgainst(saving, changed)
      this.#note({ ...about, kept: [...changed, ...servicesIn(saving)], ...(not ? { not } : {}) })
    }
  }

  #note(line: Head | Entry): void {
    // At once: what is not noted when the process is killed cannot be put back.
    appendFileSync(manifestOf(this.#head.run), `${JSON.stringify(maskValue(line))}\n`, { mode: 0o600 })
  }
}

function reasonAgainst({ plan }: Saving, files: readonly (Kept & { readonly kind: 'file' })[]): string | undefined {
  const { leaves = [], destructive = false } = plan
  const other = leaves.find(({ what }) => !/^(?:file \/|service |backup |dump |schema )/.test(what))
  if (other) return `the ${other.what} is not kept`
  if (leaves.some(({ below, becomes }) => below && becomes && !destructive)) return 'whole trees are not kept'
  if (files.some((file) => !canBePutBack(file))) return 'what lay there is too large to be kept'
  return undefined
}

/** Is there a copy of what lay there, or none needed: there was nothing, or a directory that is empty when it goes? */
export function canBePutBack({ before, after, copy }: Kept & { readonly kind: 'file' }): boolean {
  return copy !== undefined || /^(?:none|directory)/.test(before) || sameContent(before, after)
}

/** Differ two states in nothing but who may do what with it? */
export function sameContent(before: string, after: string): boolean {
  const content = (state: string) => [state.split(' ')[0], ...state.split(' ').slice(4)].join(' ')
  return content(before) === content(after)
}

interface Found {
  readonly name: string
  readonly running: boolean
  readonly enabled: boolean
}

/** What services were, by the state that the operation had read of them. */
function servicesIn({ operation, plan: { state, leaves = [] } }: Saving): readonly Kept[] {
  const word = /^service\.(\w+) /.exec(operation.name)?.[1]
  if (word === undefined || !Array.isArray(state)) return []
  return leaves.flatMap(({ what }): readonly Kept[] => {
    const found = (state as readonly Found[]).find(({ name }) => what === `service ${name}`)
    if (!found) return []
    const { name, running, enabled } = found
    if (word === 'enabled' || word === 'disabled')
      return [{ kind: 'service', name, was: enabled ? 'enabled' : 'disabled' }]
    if (running && (word === 'restarted' || word === 'reloaded')) return [{ kind: 'restart', name }]
    return [{ kind: 'service', name, was: running ? 'started' : 'stopped' }]
  })
}

/** What lies at a path, in a line, and where a copy of it was put. */
interface Seen {
  readonly state: string
  readonly copy: string | undefined
}

// Larger ones are not kept: a copy of every dump would fill the disk that the run needs.
const most = 64 * 1024 * 1024

/** How closely paths are looked at. */
interface Looking {
  /** All that lies in a directory counts, too. */
  readonly whole: boolean
  /** Copies of what lies there are put here: of files and links, and of directories that are looked at whole. */
  readonly folder?: string
}

/** What lies at paths: kind, mode, uid, gid, and of what is looked at whole a size, a target or a checksum. */
export async function lookAt(
  connection: Reader,
  paths: readonly string[],
  { whole, folder }: Looking,
): Promise<readonly Seen[]> {
  if (paths.length === 0) return []
  const script = [
    'LC_ALL=C; export LC_ALL; umask 077',
    'd=/var/lib/switchover/undo; [ -w /var/lib ] || d=$HOME/.switchover-undo',
    ...(folder === undefined ? ['d='] : [`d=$d/${sh`${folder}`}`, 'mkdir -p -- "$d" || exit']),
    saying,
    ...paths.map((one, i) => sh`say ${one} ${i} ${whole ? 'whole' : ''}`),
  ].join('\n')
  const lines = (await output(connection, script, { timeout: 3600 })).split('\n')
  return paths.map((_, i) => ({ state: lines[2 * i] ?? '', copy: lines[2 * i + 1] || undefined }))
}

const saying = `
copy() { if [ -n "$d" ]; then cp -a -- "$1" "$d/$2" || exit; printf '%s\\n' "$d/$2"; else echo; fi; }
tree() (
  cd -- "$1" && {
    find . -exec stat -c '%n %f %u %g' {} +
    find . -type f -exec sha256sum {} +
    find . -type l -exec sh -c 'for l; do printf "%s to %s\\n" "$l" "$(readlink -- "$l")"; done' sh {} +
  } | sort | sha256sum
)
say() {
  if [ -L "$1" ]; then printf 'link 0 0 0 %s\\n' "$(readlink -- "$1" | tr '\\n' ' ')"; copy "$1" "$2"
  elif [ -d "$1" ]; then
    s=; [ -z "$3" ] || { s=$(tree "$1") && s=" all \${s%% *}" || exit; }
    stat -c "directory %a %u %g$s" -- "$1" || exit
    if [ -n "$3" ]; then copy "$1" "$2"; else echo; fi
  elif [ -f "$1" ]; then
    z=$(stat -c %s -- "$1") || exit
    if [ "$z" -le ${most} ]; then s=$(sha256sum < "$1") || exit; else s=$(stat -c 'of:%Y' -- "$1") || exit; fi
    stat -c "file %a %u %g %s \${s%% *}" -- "$1" || exit
    if [ "$z" -le ${most} ]; then copy "$1" "$2"; else echo; fi
  elif [ -e "$1" ]; then echo other; echo
  else echo none; echo
  fi
}`
