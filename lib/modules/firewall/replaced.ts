import { sbin, sh } from '../../kit/shell.ts'
import type { ReplacedThing } from '../../model/replaced.ts'

/** A rule that is there or not: `open` where the look ends well. */
function gate(what: string, look: string, open: string, close: string): ReplacedThing {
  return {
    what,
    look: `${sbin}if ${look}; then echo open; else echo closed; fi`,
    back: `${sbin}if [ "$before" = open ]; then ${open}; else ${close}; fi`,
  }
}

/** A port or rule of firewalld, by its words behind --query-, --add- and --remove-. */
export function inFirewalld(
  words: (word: 'query' | 'add' | 'remove') => readonly string[],
  kept: boolean,
): ReplacedThing {
  const run = (word: 'query' | 'add' | 'remove') =>
    sh`firewall-cmd -q ${[...(kept ? ['--permanent'] : []), ...words(word)]}`
  const name = words('query').join(' ').replace('--query-', '')
  return gate(`firewalld ${name}${kept ? ' at boot' : ''}`, run('query'), run('add'), run('remove'))
}

/** A rule of ufw. */
export function inUfw(rule: readonly string[]): ReplacedThing {
  const line = `ufw ${rule.join(' ')}`
  return gate(line, sh`ufw show added | grep -qxF ${line}`, sh`ufw ${rule}`, sh`ufw delete ${rule}`)
}

/** A rule of nftables, which comes before the others again. */
export function inNft(chain: string, rule: string): ReplacedThing {
  const handle = sh`nft -a list chain ${chain.split(' ')} | sed -n ${`s%^[[:space:]]*${rule} # handle %%p`}`
  return gate(
    `nftables ${rule}`,
    `[ -n "$(${handle})" ]`,
    sh`nft insert rule ${chain.split(' ')} ${rule.split(' ')}`,
    `for h in $(${handle}); do ${sh`nft delete rule ${chain.split(' ')} handle`} $h; done`,
  )
}

/** A rule of iptables or ip6tables, at its place among the others. */
export function inIptables(program: string, rule: string): ReplacedThing {
  const list = `${program} -S INPUT | grep '^-A'`
  const line = sh`${`-A INPUT ${rule}`}`
  return {
    ...gate(
      `${program} ${rule}`,
      `${program} -S INPUT | grep -qxF -e ${line}`,
      `at=$(cat "$copy" 2>/dev/null); ${program} -I INPUT \${at:-1} ${sh`${rule.split(' ')}`}`,
      sh`${program} -D INPUT ${rule.split(' ')}`,
    ),
    keep: `${sbin}${list} | grep -nxF -e ${line} | head -n 1 | cut -d: -f1 >"$copy"`,
  }
}
