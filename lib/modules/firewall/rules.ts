import type { Port } from '../firewall.ts'

/** The rule of nftables for a port. */
export function nftRule({ number, protocol, from }: Port): string {
  const source = from === undefined ? '' : `${from.includes(':') ? 'ip6' : 'ip'} saddr ${from} `
  return `${source}${protocol} dport ${number} accept`
}

/** The chain of nftables that filters what comes in, as `inet filter input`; those that iptables made are its own. */
export function nftChain(ruleset: string): string | undefined {
  let table = ''
  let chain = ''
  for (const line of ruleset.split('\n')) {
    table = /^table (\S+ \S+) \{/.exec(line)?.[1] ?? table
    chain = /^\s*chain (\S+) \{/.exec(line)?.[1] ?? chain
    if (/type filter hook input /.test(line) && !/^ip6? filter$/.test(table)) return `${table} ${chain}`
  }
  return undefined
}

/** The rules of nftables that open a port to those who are meant, and their handles. */
export function opensNft(ruleset: string, { number, protocol, from }: Port) {
  return ruleset.split('\n').flatMap((line) => {
    const [, rule = '', handle = ''] =
      /^\s*(?:insert rule \S+ \S+ \S+ |add rule \S+ \S+ \S+ )?(.*? accept)(?: # handle (\d+))?$/.exec(line) ?? []
    const [, source, kind, ports = ''] =
      /^(?:ip6? saddr (\S+) )?(tcp|udp) dport (\{[^}]*\}|\S+) (?:counter .*)?accept$/.exec(rule) ?? []
    if (kind !== protocol || source !== from) return []
    return ports
      .replaceAll(/[{}\s]/g, '')
      .split(',')
      .includes(number)
      ? [{ rule, handle }]
      : []
  })
}

/** The rule of iptables for a port, as iptables itself writes it. */
export function iptablesRule({ number, protocol, from }: Port): string {
  const source =
    from === undefined ? '' : `-s ${from.includes('/') ? from : `${from}/${from.includes(':') ? 128 : 32}`} `
  return `${source}-p ${protocol} -m ${protocol} --dport ${number} -j ACCEPT`
}

/** Does iptables keep anything out? */
export function filters(rules: string): boolean {
  return /^-P INPUT (?!ACCEPT)|^-A INPUT /m.test(rules)
}

/** The rules of iptables that open a port to those who are meant. */
export function opensIptables(rules: string, port: Port): readonly string[] {
  const source = /^-s (\S+)/.exec(iptablesRule(port))?.[1]
  return rules.split('\n').flatMap((line) => {
    if (!/^-A INPUT .*-j ACCEPT$/.test(line) || /( -i | ! )/.test(line)) return []
    if (/ -s (\S+)/.exec(line)?.[1] !== source || / -p (\S+)/.exec(line)?.[1] !== port.protocol) return []
    const ports = / --dports? (\S+)/.exec(line)?.[1]?.split(',') ?? []
    return ports.includes(port.number) ? [line] : []
  })
}

/** A file that is loaded at boot, with a rule before the others. */
export function withRule(text: string, line: string): string {
  if (!line.startsWith('-A INPUT')) return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`
  const lines = text.split('\n')
  const filter = lines.findIndex((one) => one.trim() === '*filter')
  const at = lines.findIndex((one, i) => i > filter && (one.startsWith('-A INPUT') || one.trim() === 'COMMIT'))
  if (filter < 0 || at < 0) return text
  return [...lines.slice(0, at), line, ...lines.slice(at)].join('\n')
}

/** The same without it. */
export function withoutRule(text: string, line: string): string {
  return text
    .split('\n')
    .filter((one) => one.trim() !== line)
    .join('\n')
}
