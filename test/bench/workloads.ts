import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import type { BenchHost } from './session.ts'

/** A nova.conf of 3000 lines as oslo's generator writes them; the same every time. */
function novaConf(): string {
  const sections = [
    'DEFAULT',
    'api',
    'cinder',
    'conductor',
    'database',
    'glance',
    'keystone_authtoken',
    'libvirt',
    'neutron',
    'oslo_concurrency',
    'oslo_messaging_rabbit',
    'vnc',
  ]
  return sections
    .map((section) => {
      const options = Array.from({ length: 62 }, (_, i) => {
        const name = `${section.toLowerCase()}_opt_${i}`
        return (
          `\n#\n# Option ${name} of group ${section}: some documentation text as oslo-config-generator writes it.\n` +
          `${i % 3 === 0 ? '' : '#'}${name} = value-${(i * 7919 + section.length * 104_729) % 1_000_000}\n`
        )
      })
      return `[${section}]\n${options.join('')}\n`
    })
    .join('')
}

/** Puts every host back to where w3 begins. */
export function reset(hosts: readonly BenchHost[]): void {
  const conf = novaConf()
  for (const { root } of hosts) {
    for (const folder of ['/etc/nova', '/var/lib/nova']) {
      for (const entry of readdirSync(root + folder)) rmSync(path.join(root, folder, entry), { recursive: true })
      mkdirSync(root + folder, { recursive: true })
    }
    const put = (name: string, text: string) => {
      writeFileSync(`${root}/etc/nova/${name}`, text)
      chmodSync(`${root}/etc/nova/${name}`, 0o644)
      chownSync(`${root}/etc/nova/${name}`, 0, 0)
    }
    put('nova.conf', conf)
    put('limits.conf', Array.from({ length: 40 }, (_, i) => `limit${i}=${i}\nfoo${i}=x\n`).join(''))
    put('p0', 'x\n')
    put('p1', 'x\n')
  }
}

/** All that w3 is about on a host, as one text: contents, owners, modes. Two tools that did the same leave the same. */
export function endState({ root, name }: BenchHost): string {
  const lines: string[] = []
  const walk = (at: string) => {
    if (!existsSync(root + at)) return
    for (const entry of readdirSync(root + at).sort()) {
      const file = path.join(at, entry)
      const { mode, uid, gid } = lstatSync(root + file)
      const folder = lstatSync(root + file).isDirectory()
      const sum = folder
        ? 'folder'
        : createHash('sha256')
            .update(readFileSync(root + file, 'utf8').replaceAll(name, 'NAME'))
            .digest('hex')
            .slice(0, 12)
      lines.push(`${file} ${(mode & 0o7777).toString(8)} ${uid}:${gid} ${sum}`)
      if (folder) walk(file)
    }
  }
  walk('/etc/nova')
  walk('/var/lib/nova')
  return lines.join('\n')
}
