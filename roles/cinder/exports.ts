import assert from 'node:assert/strict'
import { Secret } from '../../lib/index.ts'
import { database, file, ini, probe, service, shell } from '../../lib/modules/index.ts'
import { type CloudHost, targetOf } from '../openstack/cloud.ts'
import { daemonsOf } from '../openstack/daemons.ts'
import { savedExports } from '../openstack/kept.ts'
import { rootLogin } from '../openstack/logins.ts'
import type { Serving } from '../openstack/release.ts'

// A volume in use is exported by a file of cinder's, which tgtd reads by tgt-admin. At every start cinder-volume writes
// all these files anew, without the login of the volume (cinder 2014.1 cinder/volume/iscsi.py:94): logins still work,
// but so would anyone's.

const folder = '/etc/cinder/volumes'
const prefix = 'iqn.2010-10.org.openstack:'
const rootwrap = '/etc/cinder/rootwrap.conf'

/** What stands between cinder and tgt-admin on the target, and the logins that it knows. */
const own = '/var/lib/switchover/cinder'

/**
 * Lets every export keep its login, whenever cinder-volume or the host is started: cinder calls tgt-admin through
 * rootwrap, which looks for programs in the folders of `exec_dirs`. What stands there first gives the export the login
 * that is known of the volume before tgtd reads it; that of a new attachment it learns from cinder's own file.
 */
export async function keepLogins(host: CloudHost): Promise<void> {
  await host.run(file.directory(own, { mode: '0755' }))
  await host.run(file.directory(`${own}/logins`, { mode: '0700' }))
  await host.run(file.content(`${own}/tgt-admin`, between, { mode: '0755' }))
  for (const { name, login } of await loginsOf(host))
    await host.run(file.content(`${own}/logins/${name}`, Secret.join([login, '\n']), { mode: '0600' }))
  const conf = await host.run(ini.read(rootwrap))
  const dirs = (conf['DEFAULT']?.['exec_dirs']?.at(-1) ?? '/sbin,/usr/sbin,/bin,/usr/bin').split(',')
  const others = dirs.map((dir) => dir.trim()).filter((dir) => dir !== own)
  await host.run(ini.set(rootwrap, { DEFAULT: { exec_dirs: [own, ...others].join(',') } }))
}

/** The volumes of LVM that tgtd serves, as the way back needs them. */
export const serving: Serving = {
  save: keepExports,
  serves: async (host) => {
    const tells = daemonsOf(host, 'cinder').find((name) => name.endsWith('cinder-volume'))
    return tells !== undefined && (await host.run(service.status(tells))).running
  },
  door: (state) => shell({ touches: [] })`tgtadm --op update --mode sys --name State -v ${state}`,
  giveBack: giveBackExports,
  mustServe: mustBeServedAsBefore,
  forgotten: file.absent(own),
}

/** Serves those volumes with their login that are served without: whoever exported them did not know it. */
export async function mendLogins(host: CloudHost): Promise<{ readonly mended: readonly string[] }> {
  const [logins, served] = await Promise.all([loginsOf(host), servedBy(host)])
  const open = logins.filter(({ name, user }) => served.get(name)?.accounts.includes(user) === false)
  for (const { name } of open)
    await host.run(shell({ touches: [folder, `${own}/logins`] })`${`${own}/tgt-admin`} --update ${prefix + name}`)
  return { mended: open.map(({ name }) => name) }
}

/** Every volume in use must be served, and only to those who know its login: it is tgtd that is asked. */
export async function mustBeServed(host: CloudHost): Promise<{ readonly exported: number }> {
  return mustServe(host, await loginsOf(host))
}

/** The same of the source, which may have served volumes without their login before anything was done to it. */
async function mustBeServedAsBefore(host: CloudHost): Promise<{ readonly exported: number }> {
  const { stdout } = await targetOf(host).run(probe`cat ${savedExports(targetOf(host))} 2>/dev/null; :`)
  const logins = [...exportsIn(stdout)].flatMap(([name, content]) => {
    const [, user] = /^ *incominguser (\S+) /m.exec(Buffer.from(content, 'base64').toString()) ?? []
    return user === undefined ? [] : [{ name, user }]
  })
  return mustServe(host, logins)
}

async function mustServe(host: CloudHost, logins: readonly Pick<Login, 'name' | 'user'>[]) {
  const select = "SELECT id FROM cinder.volumes WHERE deleted = 0 AND status = 'in-use'"
  const [rows, served] = await Promise.all([host.run(database.select(select, rootLogin(host))), servedBy(host)])
  const missing = rows.map(([id]) => `volume-${id}`).filter((name) => !served.get(name)?.disk)
  assert(missing.length === 0, `the iSCSI target does not serve ${missing.join(', ')}`)
  const open = logins.filter(({ name, user }) => !served.get(name)?.accounts.includes(user)).map(({ name }) => name)
  assert(open.length === 0, `the iSCSI target serves these to anyone, or not to their guests: ${open.join(', ')}`)
  return { exported: rows.length }
}

/** Saves the exports of the source with their logins. Those that were saved before are kept as they were. */
async function keepExports(host: CloudHost): Promise<void> {
  const target = targetOf(host)
  const known = await target.run(probe`cat ${savedExports(target)} 2>/dev/null; :`)
  const now = await host.run(probe`
    cd ${folder} 2>/dev/null || exit 0
    for f in volume-*; do [ ! -f "$f" ] || { printf '%s ' "$f"; base64 "$f" | tr -d '\\n'; echo; }; done`)
  const all = new Map([...exportsIn(now.stdout), ...exportsIn(known.stdout)])
  const text = [...all].map(([name, content]) => `${name} ${content}\n`).join('')
  const content = Secret.content(text, 'exports of the source with their logins')
  await target.run(file.directory(savedExports(target).replace(/\/[^/]*$/, ''), { mode: '0700' }))
  await target.run(file.content(savedExports(target), content, { mode: '0600' }))
}

/** Gives the exports of the source their logins back, once cinder-volume has gone through all of them. */
async function giveBackExports(host: CloudHost, since: number): Promise<void> {
  const target = targetOf(host)
  const { fqdn } = host.vars
  const select = `SELECT id FROM cinder.volumes
    WHERE deleted = 0 AND status IN ('in-use', 'available') AND (host = '${fqdn}' OR host LIKE '${fqdn}@%')`
  const names = (await host.run(database.select(select, rootLogin(host)))).map(([id]) => `volume-${id}`)
  const { stdout } = await host.run(
    probe`cd ${folder} && for f in volume-*; do stat -c '%n %Y' "$f"; done 2>/dev/null; :`,
  )
  const written = new Map(stdout.split('\n').map((line) => line.split(' ') as [string, string]))
  // What cinder cannot export it sets to error, and names no more.
  const waiting = names.filter((name) => written.has(name) && Number(written.get(name)) < since)
  assert(waiting.length === 0, `cinder-volume has not exported these yet: ${waiting.join(', ')}`)
  const kept = await target.run(probe`cat ${savedExports(target)} 2>/dev/null; :`)
  for (const [name, content] of exportsIn(kept.stdout)) {
    if (!written.has(name)) continue
    const text = Secret.content(Buffer.from(content, 'base64').toString(), `export of ${name}`)
    const { changed } = await host.run(file.content(`${folder}/${name}`, text))
    if (changed) await host.run(shell({ touches: [] })`tgt-admin --update ${prefix + name}`)
  }
}

function exportsIn(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .split('\n')
      .map((line) => line.split(' '))
      .filter((words): words is [string, string] => words.length === 2)
      .map(([name, content]) => [name, content]),
  )
}

interface Login {
  readonly name: string
  readonly user: string
  readonly login: Secret
}

/** The logins of the volumes in use, as the database has them. */
async function loginsOf(host: CloudHost): Promise<readonly Login[]> {
  const select = `SELECT id, provider_auth FROM cinder.volumes
    WHERE deleted = 0 AND status = 'in-use' AND provider_auth LIKE 'CHAP %'`
  return (await host.run(database.select(select, rootLogin(host)))).flatMap(([id, auth]) => {
    const [, user, password] = auth!.split(' ')
    const name = `volume-${id}`
    return user && password ? [{ name, user, login: Secret.of(`${user} ${password}`, `CHAP login of ${name}`) }] : []
  })
}

interface Served {
  readonly disk: boolean
  readonly accounts: readonly string[]
}

/** What tgtd serves, by the name of the volume. */
async function servedBy(host: CloudHost): Promise<ReadonlyMap<string, Served>> {
  const { stdout } = await host.run(probe`tgtadm --lld iscsi --op show --mode target`)
  return new Map(
    stdout.split(/^Target /m).flatMap((text): [string, Served][] => {
      const [, name] = /^\d+: \S+:(\S+)$/m.exec(text) ?? []
      const [, accounts = ''] = /^ {4}Account information:\n((?: {8}.*\n)*)/m.exec(text) ?? []
      if (!name) return []
      return [[name, { disk: /^ {8}LUN: 1$/m.test(text), accounts: accounts.split('\n').map((one) => one.trim()) }]]
    }),
  )
}

const between = `#!/bin/sh
# Cinder exports volumes at its start without their login, and lets tgt-admin read that. It calls this in its place
# (exec_dirs in ${rootwrap}): an export gets the login that is known of its volume.
name=\${2##*:} export=${folder}/\${2##*:} login=
if [ "$1" = --update ] && [ -f "$export" ]; then
  umask 077
  # That of a new attachment, which cinder writes in letters that tgt-admin takes no notice of.
  login=$(sed -n 's/^ *[Ii]ncoming[Uu]ser *//p' "$export")
  if [ -n "$login" ]; then
    printf '%s\\n' "$login" >"${own}/logins/.$name" && mv "${own}/logins/.$name" "${own}/logins/$name"
  elif [ -f "${own}/logins/$name" ]; then
    read -r login <"${own}/logins/$name"
  fi
fi
if [ -n "$login" ]; then
  text=$(sed -e '/[Ii]ncoming[Uu]ser/d' -e '/<\\/target>/d' "$export")
  printf '%s\\n    incominguser %s\\n</target>\\n' "$text" "$login" >"$export" && chmod 640 "$export"
fi
PATH=/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/sbin
exec tgt-admin "$@"
`
