import path from 'node:path'
import { type Command, performStep } from '../../kit/command.ts'
import { leavesLink } from '../../kit/leaving.ts'
import { atPlace } from '../../kit/links.ts'
import { look } from '../../kit/look.ts'
import { folderPath, mustHaveFolder, type PathState } from '../../kit/path-state.ts'
import { quote, sh } from '../../kit/shell.ts'
import type { Written } from '../../kit/written.ts'
import { Advice, operation } from '../../model/operation.ts'
import type { Operation } from '../../model/operation.ts'

/**
 * A symbolic link; another link there is replaced, anything else is an error.
 *
 * ```ts
 * task('Choose the plugin', file.link('/etc/neutron/plugin.ini', '/etc/neutron/plugins/ml2/ml2_conf.ini'))
 * ```
 */
export function link(path: string, to: string): Operation<Written> {
  if (to === '' || /[\n\0]/.test(to))
    throw new Advice(
      `${path} cannot lead to ${JSON.stringify(to)}`,
      'name a path of one line, from the root or from the folder of the link',
    )
  return makeLink({ at: folderPath(path), to })
}

const makeLink = operation<{ readonly at: string; readonly to: string }, PathState, Command, Written>(
  ({ at, to }) => `file.link ${at} to ${to}`,
  {
    lasting: () => true,
    read: (connection, { at }) => look(connection, at, { follow: false }),
    plan(state, { at, to }) {
      if (state.exists && state.link === undefined)
        throw new Advice(`${at} is there and not a link`, 'move it away, or remove it with file.absent')
      mustHaveFolder(state)
      if (state.link === to) return { result: { path: at, changed: false } }
      const before = state.link === undefined ? '' : `link to ${state.link}\n`
      return {
        result: { path: at, changed: true },
        change: { script: linking(at, to) },
        leaves: leavesLink(at, to),
        diff: { path: at, before, after: `link to ${to}\n` },
      }
    },
    apply: performStep,
  },
)

function linking(at: string, to: string): string {
  const reason = `${at} cannot be made: there is no directory ${path.posix.dirname(at)}`
  return `${atPlace}${sh`[ -d ${path.posix.dirname(at)} ] || refuse ${reason} 'make it first, with file.directory'`}
${sh`beside ${at}`}
[ -L "./$f" ] || [ ! -e "./$f" ] || refuse "$p is there and not a link" 'move it away, or remove it with file.absent'
ln -sfn -- ${quote(to)} "./$f"`
}
