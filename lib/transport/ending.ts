import type { Become, Gate } from './become.ts'
import { startAs } from './become.ts'
import type { Link } from './program.ts'

// What is below is stopped first, so that it cannot fork away while the tree is read; TERM reaches what continues.
// The root itself is not: it waits for a stopped child, and sudo above it would stop with it and stay so for ever.
const script = (pid: number): string => `root=${pid}
table() { ps -e -o pid= -o ppid= -o stat= 2>/dev/null || ps -o pid,ppid,stat; }
below() {
  table | awk -v root=$root '{ parent[$1] = $2 }
    END {
      for (p in parent) {
        for (c = parent[p]; c in parent && c > 1; c = parent[c]) if (c == root) { printf "%s ", p; break }
      }
    }'
}
kill -0 $root 2>/dev/null || exit 0
all=
for round in 1 2 3 4 5; do
  now=$(below)
  [ "$now" = "$all" ] && break
  all=$now
  kill -STOP $all 2>/dev/null
done
all="$root $all"
kill -TERM $all 2>/dev/null
kill -CONT $all 2>/dev/null
for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  table | awk -v all=" $all " 'index(all, " " $1 " ") && $3 !~ /^Z/ { alive = 1 } END { exit alive }' && exit 0
  sleep 0.1 2>/dev/null || sleep 1
done
kill -KILL $all 2>/dev/null
exit 0`

/** Sends a signal to a process on a machine; where that cannot be done, nothing is said. */
export async function tell(
  link: Link,
  become: Become | undefined,
  gate: Gate,
  pid: number,
  signal: 'USR2',
): Promise<void> {
  try {
    const { program } = await startAs(link, become, gate, `kill -${signal} ${pid}`, { urgent: true })
    program.stdout.resume()
    program.stderr.resume()
    program.stdin.end()
    await program.exited
    program.close()
  } catch {
    // Then nothing runs there that could be told.
  }
}

/** Seconds that ending a tree may take, two of them for what handles TERM. */
const patience = 10

/** Ends a process on a machine with all its descendants; says why when it could not. */
export async function endTree(
  link: Link,
  become: Become | undefined,
  gate: Gate,
  pid: number,
): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => {
      resolve(`no answer from ${link.name} for ${patience} s`)
    }, patience * 1000)
  })
  try {
    return await Promise.race([late, ended(link, become, gate, pid)])
  } catch (error) {
    return (error as Error).message
  } finally {
    clearTimeout(timer)
  }
}

async function ended(link: Link, become: Become | undefined, gate: Gate, pid: number): Promise<string | undefined> {
  const { program } = await startAs(link, become, gate, script(pid), { urgent: true })
  program.stdout.resume()
  program.stderr.resume()
  program.stdin.end()
  const code = await program.exited
  program.close()
  return code === 0 ? undefined : code === undefined ? 'the connection was lost' : `exit code ${code}`
}
