import { operation, output } from '../model/operation.ts'
import type { Operation } from '../model/operation.ts'
import { stateless } from '../kit/text-lines.ts'

/** A process of the host. */
export type Process = { readonly pid: number; readonly parent: number; readonly user: string; readonly command: string }

/**
 * The processes whose command line matches; only looks.
 *
 * ```ts
 * const left = await host.run(processes.matching(/nova-compute/))
 * assert(left.length === 0, `still running: ${left.map(({ pid }) => pid).join(', ')}`)
 * ```
 */
export function matching(pattern: RegExp | string): Operation<readonly Process[]> {
  return look(typeof pattern === 'string' ? new RegExp(pattern) : pattern)
}

// The pattern stays here: in the script it would make the shell that looks match itself. Not every host has ps, but
// all have /proc.
const script = `
LC_ALL=C; export LC_ALL
echo "self $$"
if command -v ps >/dev/null 2>&1 && ps -e -o pid= -o ppid= -o user= -o args= 2>/dev/null; then :
elif command -v ps >/dev/null 2>&1 && ps -o pid,ppid,user,args 2>/dev/null; then :
else
  for d in /proc/[0-9]*; do
    [ -r "$d/stat" ] || continue
    args=$(tr '\\0' ' ' <"$d/cmdline" 2>/dev/null)
    p=$(sed -n 's/^PPid:[[:space:]]*//p' "$d/status" 2>/dev/null)
    [ -z "$args" ] || echo "\${d#/proc/} \${p:-0} $(stat -c %U "$d" 2>/dev/null || echo '?') $args"
  done
fi
`

const look = operation<RegExp, readonly Process[], readonly Process[]>((pattern) => `processes.matching ${pattern}`, {
  async read(connection) {
    const [first = '', ...lines] = (await output(connection, script)).split('\n')
    const self = Number(first.slice(5))
    const all = lines.flatMap((line): Process[] => {
      const [, pid, parent, user, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*?)\s*$/.exec(line) ?? []
      return command === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), user: user!, command }]
    })
    return all.filter(({ pid, parent }) => pid !== self && parent !== self)
  },
  plan(all, pattern) {
    const wanted = stateless(pattern)
    return { result: all.filter(({ command }) => wanted.test(command)) }
  },
})
