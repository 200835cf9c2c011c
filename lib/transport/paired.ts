import { forAnyShell } from '../kit/shell.ts'
import { Unreachable } from '../model/operation.ts'
import type { Become } from './become.ts'
import { firstWord, said, takeUntil } from './dialogue.ts'
import type { Link, Program, Starting } from './program.ts'
import { answersFor, surroundings, wrapped } from './wrapping.ts'

/**
 * A command on a terminal, for the sake of the program that wants one, with its three streams beside it: they are pipes
 * with names, between the two users, that a second channel carries.
 */
export async function paired(
  link: Link,
  become: Become,
  script: string,
  args: string,
  token: string,
  how: Starting,
): Promise<Program> {
  const inner =
    `printf '${token}ready;'; IFS= read -r d || exit 1; exec 9>&1 <"$d/i" >"$d/o" 2>"$d/e" ` +
    `&& printf '${token}open;' >&9 && exec 9>&-; ${surroundings}${script}`
  const terminal = await link.start(wrapped(`${forAnyShell(inner)}${args}`, link, become, token), {
    ...how,
    terminal: true,
  })
  let beside: Program | undefined
  try {
    await said(link, become, terminal, terminal.stdout, `${token}ready;`, answersFor(become, token), how)
    beside = await link.start(`exec ${forAnyShell(carrier(token))}`, { ...how, second: true })
    const named = takeUntil(beside.stdout, (seen) => {
      const found = new RegExp(`${token}([^;]+);`).exec(seen.toString('latin1'))
      return found === null ? undefined : { end: found.index + found[0].length, value: found[1]! }
    })
    const folder = await firstWord(link, named, how)
    if (folder === undefined) {
      throw new Unreachable(
        `cannot make pipes in /tmp on ${link.name}`,
        'a command on a terminal needs mktemp and mkfifo there',
      )
    }
    terminal.stdin.write(`${folder}\n`)
    await said(link, become, terminal, terminal.stdout, `${token}open;`, [], how)
    beside.stdin.write('go\n')
  } catch (error) {
    terminal.close()
    beside?.stdin.end()
    beside?.close()
    throw error
  }
  const { stdin, stdout, stderr, closed } = beside
  terminal.stdout.resume()
  terminal.stderr.resume()
  // Nobody reads any more: what carries the input must not wait for more of it.
  void terminal.exited.then(() => {
    stdin.end()
  })
  return {
    stdin,
    stdout,
    stderr,
    exited: terminal.exited,
    closed,
    close() {
      beside.close()
      terminal.close()
    },
  }
}

// The names stay unknown to others: nobody may list the outer folder, and no program has them among its arguments.
// Whoever becomes the other user opens them once; then they have no names any more.
const carrier = (token: string): string => `umask 077
t=$(mktemp -d /tmp/.switchover.XXXXXXXXXX) && chmod 711 "$t" && cd "$t" && d=$(mktemp -d ./XXXXXXXXXXXXXXXXXXXX) \
&& chmod 711 "$d" && cd "$d" && mkfifo i o e && chmod 666 i o e || exit 1
trap 'rm -rf "$t"' EXIT
exec 3<>i 4<>o 5<>e 6>i 7<o 8<e
printf '${token}%s/%s;' "$t" "\${d#./}"
read -r go
exec 3>&- 4>&- 5>&-
cd /; rm -rf "$t"; trap - EXIT
[ "$go" = go ] || exit 1
cat <&7 6>&- 8<&- & cat <&8 >&2 6>&- 7<&- &
exec 7<&- 8<&-
cat >&6; exec 6>&-; wait`
