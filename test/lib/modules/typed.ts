import type { Command } from '../../../lib/kit/command.ts'
import { atNewPlace, atPlace } from '../../../lib/kit/links.ts'
import type { NewFile } from '../../../lib/kit/new-file.ts'
import type { PathState } from '../../../lib/kit/path-state.ts'
import { plainly, sbin } from '../../../lib/kit/shell.ts'
import { atTree } from '../../../lib/kit/tree-attributes.ts'
import type { Change, Operation, Value } from '../../../lib/model/operation.ts'
import { Secret } from '../../../lib/model/secret.ts'
import type { ClientCommand } from '../../../lib/modules/database/client.ts'
import { allLetters, guards } from '../../../lib/modules/database/dump.ts'

/**
 * What an operation would type on a host that was found in this state, for tables «state, arguments → commands»: each
 * script, behind `<` what it reads, and behind `>` the file that is written with its content. Nothing is run.
 */
export function typed(operation: Operation<Value>, state: unknown): readonly string[] {
  return linesOf(operation.plan(state).change)
}

function linesOf(change: Change): readonly string[] {
  if (typeof change !== 'object' || change === null || change instanceof Uint8Array || change instanceof Secret)
    return []
  if (Array.isArray(change)) return (change as readonly Change[]).flatMap(linesOf)
  if ('script' in change) return command(change as Command)
  if ('login' in change) return client(change as ClientCommand)
  if ('path' in change) return file(change as NewFile)
  return Object.values(change as Readonly<Record<string, Change>>).flatMap(linesOf)
}

function client({ commands, sql, long }: ClientCommand): readonly string[] {
  return command({
    script: commands.replace(guards, 'guards').replace(allLetters, 'all letters\n'),
    stdin: sql && Secret.join(sql),
    long,
  })
}

// The longest first: one begins with another.
const beginnings = [atTree, atNewPlace, atPlace, plainly, sbin]

function command({ script, firstLines = [], stdin, long, timeout }: Command): readonly string[] {
  const how = [...(long ? ['long'] : []), ...(timeout === undefined ? [] : [`at most ${timeout} s`])].join(', ')
  return [
    `${beginnings.reduce((text, one) => text.replace(one, ''), script).trim()}${how ? ` # ${how}` : ''}`,
    ...firstLines.map((line) => `< ${String(line)}`),
    ...(stdin === undefined ? [] : [`< ${String(stdin)}`]),
  ]
}

function file({ path, content, meta = {}, patch, latin1 = false }: NewFile): readonly string[] {
  const { validate, ...others } = meta
  const as = Object.entries(others).flatMap(([name, value]) => (value ? [`${name}=${String(value)}`] : []))
  const text = content instanceof Uint8Array ? Buffer.from(content).toString() : String(content)
  const kept = [
    ...(patch?.head ? [`keeps ${patch.head} bytes`] : []),
    ...(patch?.tail ? [`and all from byte ${patch.tail}`] : []),
  ]
  return [
    `> ${[path, ...as, ...(latin1 ? ['in latin1'] : []), ...kept].join(' ')}\n${text}`,
    ...(validate === undefined ? [] : [`checked by: ${validate}`]),
  ]
}

/** What a look finds at a path: a file of root with this content, or nothing; what else is to be different. */
export function found(path: string, content: string | undefined, more: Partial<PathState> = {}): PathState {
  const bytes = content === undefined ? undefined : Buffer.from(content)
  return {
    path,
    target: path,
    exists: bytes !== undefined,
    kind: bytes && 'file',
    link: undefined,
    planted: false,
    lacks: undefined,
    barred: undefined,
    size: bytes?.length ?? 0,
    mode: '0644',
    owner: 'root',
    group: 'root',
    uid: '0',
    gid: '0',
    mtime: 0,
    sha256: undefined,
    content: bytes,
    ...more,
  }
}
