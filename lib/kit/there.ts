import { closed } from './closed.ts'
import { quote } from './shell.ts'

/**
 * A script that ends with 0 where something lies at a path, be it a link that leads nowhere, with 1 where nothing does,
 * and with 8 where nobody can tell: what lies behind a closed door is neither there nor missing. A path with `*`, `?`
 * or `[` in it is a pattern as well.
 */
export function there(path: string): string {
  const pattern = path
    .split(/([*?]+|\[[^\]/]+\])/)
    .map((part, i) => (i % 2 === 1 ? part : quote(part)))
    .join('')
  // What stands before the first sign of a pattern is a name.
  const folder = path.slice(0, (/[*?[]/.exec(path)?.index ?? path.length - 1) + 1)
  return `${closed}
set +f
for p in ${quote(path)} ${pattern}; do ! { [ -e "$p" ] || [ -L "$p" ]; } || exit 0; done
! closed ${quote(folder)} || exit 8
exit 1`
}
