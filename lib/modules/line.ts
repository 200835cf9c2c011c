import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import type { Operation } from '../model/operation.ts'
import { Secret } from '../model/secret.ts'
import { editFile, editNames, type Edited, type EditOptions } from '../kit/edit-file.ts'
import { anchorNames } from '../kit/text-lines.ts'
import type { Written } from '../kit/written.ts'
import { editLine, type LineEdit } from './line/text.ts'

/** What the line is, which line it replaces, and where it goes when there is none to replace. */
export interface LineOptions extends EditOptions, Omit<LineEdit, 'line' | 'state'> {
  readonly line: string | Secret
}

const lineNames: OptionNames<LineOptions> = {
  ...editNames,
  ...anchorNames,
  line: true,
  regexp: true,
  search: true,
  firstMatch: true,
  backrefs: true,
}

/** Which lines go away. */
export interface NoLineOptions extends EditOptions, Pick<LineEdit, 'regexp' | 'search'> {
  readonly line?: string | Secret
}

const noLineNames: OptionNames<NoLineOptions> = { ...editNames, line: true, regexp: true, search: true }

/**
 * A line of a file: the one that matches `regexp` is replaced, else the line is added unless it is there.
 *
 * ```ts
 * task('Tell the dashboard its controller', (host) => line.present('/etc/openstack-dashboard/local_settings', {
 *   regexp: /^OPENSTACK_HOST\b/, line: `OPENSTACK_HOST = "${host.vars.controllerIp}"`,
 * }))
 * ```
 */
export function present(path: string, options: LineOptions): Operation<Written> {
  refuseUnknown('line.present', options, lineNames)
  const { meta, edit } = split(options)
  return editFile(
    `line.present ${path}`,
    path,
    meta,
    edited(options.line, (before, line) => editLine(before, { ...edit, line, state: 'present' })),
  )
}

/**
 * No line of a file that is this one, or that matches; a missing file has none.
 *
 * ```ts
 * task('Let root log in no more', line.absent('/etc/securetty', { line: 'ttyS0' }))
 * ```
 */
export function absent(path: string, options: NoLineOptions): Operation<Written> {
  refuseUnknown('line.absent', options, noLineNames)
  const { meta, edit } = split(options)
  return editFile(
    `line.absent ${path}`,
    path,
    { ...meta, nothingToRemove: true },
    edited(options.line, (before, line) =>
      editLine(before, { ...edit, ...(line === undefined ? {} : { line }), state: 'absent' }),
    ),
  )
}

// With a secret the lines that change are hidden: what is replaced most likely holds the old one.
function edited<L extends string | Secret | undefined>(
  line: L,
  edit: (before: string, line: L extends undefined ? string | undefined : string) => string,
): (before: string) => Edited {
  const real = (line instanceof Secret ? line.reveal() : line) as never
  return (before) => {
    const after = edit(before, real)
    if (!(line instanceof Secret) || after === before) return { after }
    const hide = (text: string, other: string, mark: string) => {
      const kept = new Set(other.split('\n'))
      return text
        .split('\n')
        .map((one) => (one === real ? String(line) : one === '' || kept.has(one) ? one : mark))
        .join('\n')
    }
    return {
      after,
      shown: { before: hide(before, after, '‹a line before›'), after: hide(after, before, String(line)) },
      secrets: [line],
    }
  }
}

function split<O extends EditOptions & Partial<LineOptions>>({
  mode,
  owner,
  group,
  backup,
  validate,
  follow,
  unsafeWrites,
  create,
  line: _line,
  ...edit
}: O): { readonly meta: EditOptions; readonly edit: Omit<LineEdit, 'line' | 'state'> } {
  const meta = { mode, owner, group, backup, validate, follow, unsafeWrites, create }
  return { meta: Object.fromEntries(Object.entries(meta).filter(([, value]) => value !== undefined)), edit }
}
