import { createHash } from 'node:crypto'
import type { Machine } from '../engine/meetings.ts'
import { output, type Reader } from '../model/operation.ts'

// Of a container its first process tells when it was started; the machine below it may have run for long. Every part is
// one line, and empty where the host keeps it to itself.
const question = `
head -n 1 /etc/machine-id 2>/dev/null || head -n 1 /var/lib/dbus/machine-id 2>/dev/null || echo
head -n 1 /proc/sys/kernel/random/boot_id 2>/dev/null || echo
{ sed 's/.*) //' /proc/1/stat | cut -d ' ' -f 20; } 2>/dev/null || echo
cat /etc/ssh/ssh_host_*_key.pub 2>/dev/null || :`

/** Asks a host which machine it is, and since when it has been up. */
export async function machineOf(connection: Reader): Promise<Machine> {
  const [machine = '', boot = '', first = '', ...keys] = (await output(connection, question, { tidy: true })).split(
    '\n',
  )
  return {
    ...(machine === '' ? {} : { machine: short(machine) }),
    ...(boot + first === '' ? {} : { boot: short(`${boot} ${first}`) }),
    keys: keys.flatMap((line) => {
      const [kind, key] = line.split(' ')
      return key === undefined ? [] : [short(`${kind} ${key}`)]
    }),
  }
}

const short = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 16)
