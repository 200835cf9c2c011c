import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import { answers } from '../kit/answers.ts'
import { performAll, type Step } from '../kit/command.ts'
import { look } from '../kit/look.ts'
import { fileChange, newContent } from '../kit/new-file.ts'
import type { PathState } from '../kit/path-state.ts'
import { replacedFile } from '../kit/replacing.ts'
import { sbin, sh } from '../kit/shell.ts'
import type { Replaced } from '../model/replaced.ts'
import { inFirewalld, inIptables, inNft, inUfw } from './firewall/replaced.ts'
import { Advice, operation, type Operation, type Plan, type Reader } from '../model/operation.ts'
import {
  filters,
  iptablesRule,
  nftChain,
  nftRule,
  opensIptables,
  opensNft,
  withoutRule,
  withRule,
} from './firewall/rules.ts'

/** For whom a port is open. */
export interface PortOptions {
  /** An address or a network, as `10.0.0.0/8`; everybody unless said. */
  readonly from?: string
  /** The zone of firewalld; the default one unless said. Others have none. */
  readonly zone?: string
}

const portNames: OptionNames<PortOptions> = { from: true, zone: true }

/** What keeps the gate of a host. */
export type FirewallName = 'firewalld' | 'ufw' | 'nftables' | 'iptables' | 'none'

/** Whether a port was opened or closed, and who did it. */
export type PortState = { readonly port: string; readonly by: FirewallName; readonly changed: boolean }

/**
 * A port that the firewall of the host lets in, now and after a reboot: by firewalld or ufw where one of them is
 * active, else in the chain of nftables or iptables that filters what comes in. Where nothing filters there is nothing
 * to do.
 *
 * ```ts
 * task('Let the web in', firewall.port('443/tcp'))
 * task('Let the agents in', firewall.port('8140/tcp', { from: '10.0.0.0/8' }))
 * ```
 * Rules of nftables and iptables come before those that are there, and are kept in the file that is loaded at boot,
 * where there is one: /etc/nftables.conf, /etc/iptables/rules.v4 or those of /etc/sysconfig.
 */
export function port(name: string, options: PortOptions = {}): Operation<PortState> {
  refuseUnknown('firewall.port', options, portNames)
  return gate(checked(name, true, options))
}

/**
 * A port that no rule for it alone lets in any more.
 *
 * ```ts
 * task('Shut the old door', firewall.noPort('8080/tcp'))
 * ```
 * @throws Advice when it is open by a rule for other ports, too, or by a service of firewalld
 */
export function noPort(name: string, options: PortOptions = {}): Operation<PortState> {
  refuseUnknown('firewall.noPort', options, portNames)
  return gate(checked(name, false, options))
}

/** A port as rules name it. */
export interface Port {
  readonly name: string
  readonly number: string
  readonly protocol: string
  readonly from: string | undefined
  readonly open: boolean
  readonly zone: string | undefined
}

function checked(name: string, open: boolean, { from, zone }: PortOptions): Port {
  const [, number = '', protocol = ''] = /^(\d{1,5})\/(tcp|udp)$/.exec(name) ?? []
  if (number === '' || Number(number) < 1 || Number(number) > 65535)
    throw new Advice(
      `${JSON.stringify(name)} is no port: write it as 8080/tcp`,
      'a number from 1 to 65535, then /tcp or /udp',
    )
  if (from !== undefined && !/^([\d.]+|[\da-fA-F]*:[\da-fA-F:.]+)(\/\d+)?$/.test(from))
    throw new Advice(`${JSON.stringify(from)} is no address or network`, 'write it as 10.0.0.4, 10.0.0.0/8 or fd00::/8')
  if (zone !== undefined && !/^[\w-]+$/.test(zone))
    throw new Advice(`${JSON.stringify(zone)} cannot be a zone`, 'firewall-cmd --get-zones names those that there are')
  return { name, number, protocol, from, open, zone }
}

/** What the firewall that is there says. */
export interface FoundGate {
  readonly by: FirewallName
  /** firewalld: whether it is open now, and after a reboot. */
  readonly now?: boolean
  readonly kept?: boolean
  /** firewalld: those that let in a port that is to be shut, too. */
  readonly services?: readonly string[]
  /** The rules that ufw was given, or that the chain has. */
  readonly rules?: string
  /** The same of ip6tables. */
  readonly rules6?: string
  /** The files that are loaded at boot, where they are. */
  readonly files: readonly PathState[]
}

const gate = operation<Port, FoundGate, readonly Step[], PortState>(
  ({ name, open }) => `firewall.${open ? 'port' : 'noPort'} ${name}`,
  { read, plan, apply: performAll, lasting: () => true },
)

function firewalld({ name, number, protocol, from, zone }: Port, word: 'query' | 'add' | 'remove'): readonly string[] {
  const family = from?.includes(':') ? 'ipv6' : 'ipv4'
  const source = `family="${family}" source address="${from}"`
  const rule = `rule ${source} port port="${number}" protocol="${protocol}" accept`
  const what = from === undefined ? `--${word}-port=${name}` : `--${word}-rich-rule=${rule}`
  return [...(zone === undefined ? [] : [`--zone=${zone}`]), what]
}

/** A script that prints what the services let in that a zone has, now or for good; every firewalld keeps them so. */
function servicesOf({ zone }: Port): string {
  const words = zone === undefined ? [] : [`--zone=${zone}`]
  return `{ ${sh`firewall-cmd ${words} --list-services; firewall-cmd --permanent ${words} --list-services`}; } |
tr ' ' '\\n' | sort -u | while read -r s; do
  f=/etc/firewalld/services/$s.xml; [ -e "$f" ] || f=/usr/lib/firewalld/services/$s.xml
  [ -z "$s" ] || { echo "service $s"; cat "$f"; }
done 2>/dev/null`
}

function servicesFor(said: string, { number, protocol }: Port): readonly string[] {
  return said
    .split(/^service /m)
    .filter((text) =>
      [...text.matchAll(/<port\s[^>]*>/g)].some(([tag]) => {
        const [, from = '', to = from] = /\bport="(\d+)(?:-(\d+))?"/.exec(tag) ?? []
        return tag.includes(`protocol="${protocol}"`) && Number(from) <= Number(number) && Number(number) <= Number(to)
      }),
    )
    .map((text) => text.split('\n', 1)[0]!)
}

async function read(connection: Reader, port: Port): Promise<FoundGate> {
  const query = firewalld(port, 'query')
  const found = await answers(connection, {
    root: `[ "$(id -u)" = 0 ]`,
    firewalld: 'firewall-cmd --state >/dev/null 2>&1',
    now: sh`firewall-cmd ${query} 2>&1`,
    kept: sh`firewall-cmd --permanent ${query} 2>&1`,
    services: port.open || port.from !== undefined ? ':' : servicesOf(port),
    ufw: `ufw status 2>/dev/null | grep -q '^Status: active' && ufw show added`,
    nft: 'nft -a list ruleset 2>&1',
    iptables: 'iptables -S INPUT 2>&1',
    ip6tables: 'ip6tables -S INPUT 2>&1',
  })
  if (found.root.code !== 0) throw new Advice('only root may ask the firewall', 'run the task with become')
  if (found.firewalld.code === 0) {
    // It ends with 1 where the answer is no, and with others where it has none.
    for (const { code, stdout } of [found.now, found.kept])
      if (code > 1)
        throw new Advice(
          `firewalld of ${connection.host.name} cannot tell of ${port.name}: ${stdout.trim()}`,
          'firewall-cmd --get-zones names the zones that there are',
        )
    const services = servicesFor(found.services.stdout, port)
    return { by: 'firewalld', now: found.now.code === 0, kept: found.kept.code === 0, services, files: [] }
  }
  // Where a kernel has none of it nothing filters; who may not look, or comes while it is locked, knows nothing.
  for (const { code, stdout } of [found.nft, found.iptables, found.ip6tables])
    if (code !== 0 && /not permitted|denied|\block\b/.test(stdout))
      throw new Advice(
        `the firewall of ${connection.host.name} cannot be asked: ${stdout.trim().split('\n')[0]}`,
        'in a container that may not change its network the port is opened outside; else run the task again',
      )
  if (found.ufw.code === 0) return { by: 'ufw', rules: found.ufw.stdout, files: [] }
  const load = async (...paths: readonly string[]) =>
    (await Promise.all(paths.map((path) => look(connection, path, { content: 1024 * 1024 })))).filter(
      ({ exists }) => exists,
    )
  if (nftChain(found.nft.stdout)) {
    const files = await load('/etc/nftables.conf', '/etc/sysconfig/nftables.conf')
    return { by: 'nftables', rules: found.nft.stdout, files }
  }
  if (!filters(found.iptables.stdout) && !filters(found.ip6tables.stdout)) return { by: 'none', files: [] }
  const files = await load(
    ...['/etc/sysconfig/iptables', '/etc/sysconfig/ip6tables', '/etc/iptables/rules.v4', '/etc/iptables/rules.v6'],
  )
  return { by: 'iptables', rules: found.iptables.stdout, rules6: found.ip6tables.stdout, files }
}

function plan(found: FoundGate, port: Port): Plan<PortState, readonly Step[]> {
  const steps = stepsOf[found.by](found, port)
  const result = { port: port.name, by: found.by, changed: steps.length > 0 }
  if (steps.length === 0) return { result }
  const who = port.from === undefined ? 'everybody' : port.from
  const told = [`closed\n`, `open for ${who}\n`] as const
  const [before, after] = port.open ? told : [told[1], told[0]]
  const replaces = [...replacing(found, port), ...found.files.flatMap(replacedFile)]
  return { result, change: steps, replaces, diff: { path: `${found.by} ${port.name}`, before, after } }
}

/** The rules that may change, as an undo puts them back. */
function replacing({ by, rules = '', now, kept }: FoundGate, port: Port): readonly Replaced[] {
  const { name, number, protocol, from, open } = port
  switch (by) {
    case 'none':
      return []
    case 'firewalld':
      return [
        ...(kept === open ? [] : [inFirewalld((word) => firewalld(port, word), true)]),
        ...(now === open ? [] : [inFirewalld((word) => firewalld(port, word), false)]),
      ]
    case 'ufw':
      return [inUfw(ufwRule({ name, number, protocol, from }))]
    case 'nftables':
      return [inNft(nftChain(rules)!, nftRule(port))]
    case 'iptables':
      return [
        ...(from?.includes(':') ? [] : [inIptables('iptables', iptablesRule(port))]),
        ...(from !== undefined && !from.includes(':') ? [] : [inIptables('ip6tables', iptablesRule(port))]),
      ]
  }
}

function ufwRule({
  name,
  number,
  protocol,
  from,
}: Pick<Port, 'name' | 'number' | 'protocol' | 'from'>): readonly string[] {
  if (from === undefined) return ['allow', name]
  return ['allow', 'from', from, 'to', 'any', 'port', number, 'proto', protocol]
}

const command = (script: string): Step => ({ script: sbin + script })

const stepsOf: Readonly<Record<FirewallName, (found: FoundGate, port: Port) => readonly Step[]>> = {
  none: () => [],

  firewalld({ now, kept, services = [] }, port) {
    if (services.length > 0) throw alsoOpen(port.name, `the service ${services.join(', ')}`)
    const argv = firewalld(port, port.open ? 'add' : 'remove')
    return [
      ...(kept === port.open ? [] : [command(sh`firewall-cmd -q --permanent ${argv}`)]),
      ...(now === port.open ? [] : [command(sh`firewall-cmd -q ${argv}`)]),
    ]
  },

  ufw({ rules = '' }, port) {
    const { name, number, from, open } = port
    const rule = ufwRule(port)
    const added = rules.split('\n').map((line) => line.trim())
    const there = added.includes(`ufw ${rule.join(' ')}`)
    const wider = from === undefined && added.includes(`ufw allow ${number}`)
    if (open) return there || wider ? [] : [command(sh`ufw ${rule}`)]
    if (wider) throw alsoOpen(name, `ufw allow ${number}`)
    return there ? [command(sh`ufw delete ${rule}`)] : []
  },

  nftables({ rules = '', files }, port) {
    const chain = nftChain(rules)!
    const rule = nftRule(port)
    const opening = opensNft(rules, port)
    const line = `insert rule ${chain} ${rule}`
    const kept = files.flatMap((file) => fileStep(file, port, line, opensNft(textOf(file), port).length > 0) ?? [])
    if (port.open) return [...(opening.length > 0 ? [] : [command(sh`nft ${line}`)]), ...kept]
    return [
      ...opening.map(({ rule: is, handle }) => {
        if (is !== rule) throw alsoOpen(port.name, is)
        return command(sh`nft delete rule ${chain.split(' ')} handle ${handle}`)
      }),
      ...kept,
    ]
  },

  iptables({ rules = '', rules6 = '', files }, port) {
    const each = [
      ...(port.from?.includes(':') ? [] : [{ program: 'iptables', said: rules, six: false }]),
      ...(port.from !== undefined && !port.from.includes(':')
        ? []
        : [{ program: 'ip6tables', said: rules6, six: true }]),
    ]
    return each.flatMap(({ program, said, six }) => {
      if (!filters(said)) return []
      const rule = iptablesRule(port)
      const opening = opensIptables(said, port)
      const own = files.filter(({ path }) => /ip6tables$|\.v6$/.test(path) === six)
      const kept = own.flatMap(
        (file) => fileStep(file, port, `-A INPUT ${rule}`, opensIptables(textOf(file), port).length > 0) ?? [],
      )
      if (port.open)
        return [...(opening.length > 0 ? [] : [command(sh`${program} -I INPUT ${rule.split(' ')}`)]), ...kept]
      return [
        ...opening.map((is) => {
          if (is !== `-A INPUT ${rule}`) throw alsoOpen(port.name, is)
          return command(sh`${program} -D INPUT ${rule.split(' ')}`)
        }),
        ...kept,
      ]
    })
  },
}

function textOf({ content }: PathState): string {
  return content?.toString() ?? ''
}

function fileStep(file: PathState, { open }: Port, line: string, opens: boolean): Step | undefined {
  const before = textOf(file)
  const after = open ? (opens ? before : withRule(before, line)) : withoutRule(before, line)
  return after === before ? undefined : fileChange(file, newContent(file.path, file.content, after), {})
}

function alsoOpen(port: string, rule: string): Advice {
  return new Advice(`${port} is open by a rule that is not for it alone: ${rule}`, 'change that rule, or remove it')
}
