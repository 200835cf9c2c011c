import { type Command, performStep } from '../../kit/command.ts'
import { sh } from '../../kit/shell.ts'
import { Advice, operation } from '../../model/operation.ts'
import { lookAt, sameContent } from './keep.ts'
import type { Kept } from './manifest.ts'

/** A file of a run that is undone, and whether it is put back whatever lies there now. */
export type PuttingBack = Kept & { readonly kind: 'file'; readonly force: boolean }

/** What lay at a path before a run. */
export const putBack = operation<PuttingBack, string, Command, null>(({ path }) => `put back ${path}`, {
  read: async (connection, { path, before, after }) =>
    (await lookAt(connection, [path], { whole: isWhole(before) || isWhole(after) }))[0]!.state,
  plan(now, { path, before, after, copy, force }) {
    if (now === before) return { result: null }
    if (now !== after && !force)
      throw new Advice(
        `${path} was changed since: before the run it was ${told(before)}, after it ${told(after)}, ` +
          `and now ${told(now)}`,
        `put it back all the same: --force ${path}`,
      )
    return {
      result: null,
      change: { script: script(path, { before, now, copy }), timeout: 3600 },
      diff: { path, before: `${told(now)}\n`, after: `${told(before)}\n` },
      leaves: [{ what: `file ${path}` }],
      // So that what goes, or comes, is kept whole.
      destructive: isWhole(before) || isWhole(now),
    }
  },
  apply: async (connection, change) => {
    await performStep(connection, change)
    return null
  },
})

function script(
  path: string,
  of: { readonly before: string; readonly now: string; readonly copy: string | undefined },
) {
  const { before, now, copy } = of
  const [kind, mode, uid, gid] = before.split(' ') as [string, string?, string?, string?]
  const part = `${path}.switchover-part`
  // Of a directory that the run made nothing is removed that came since.
  if (kind === 'none' && isWhole(now)) return sh`rm -rf -- ${path}`
  if (kind === 'none') return now.startsWith('directory') ? sh`rmdir -- ${path}` : sh`rm -f -- ${path}`
  const attributes = sh`chown -h -- ${`${uid}:${gid}`} ${path} && chmod -- ${mode ?? ''} ${path}`
  if (copy === undefined || sameContent(before, now))
    return kind === 'directory' && now === 'none' ? sh`mkdir -- ${path}` + ` && ${attributes}` : attributes
  return sh`rm -rf -- ${part} && cp -a -- ${copy} ${part} && mv -fT -- ${part} ${path}`
}

const isWhole = (state: string) => /^directory \S+ \S+ \S+ all /.test(state)

/** `a file of 12 bytes (0644, 0:0, 3fc2…)`. */
function told(state: string): string {
  const [kind, mode = '', uid, gid, size, sum = ''] = state.split(' ')
  switch (kind) {
    case 'none':
      return 'nothing'
    case 'link':
      return `a link to ${state.split(' ').slice(4).join(' ')}`
    case 'file':
      return `a file of ${size} bytes (${mode.padStart(4, '0')}, ${uid}:${gid}, ${sum.slice(0, 8)})`
    case 'directory':
      return `a directory (${mode.padStart(4, '0')}, ${uid}:${gid})`
    default:
      return 'something else'
  }
}
