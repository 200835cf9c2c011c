import { output } from '../model/operation.ts'
import type { Fact } from '../model/operation.ts'
import { fact } from '../kit/fact.ts'
import { sbin } from '../kit/shell.ts'

/** An address of an interface. */
export interface Address {
  readonly interface: string
  readonly address: string
  /** Bits of the network part. */
  readonly prefix: number
  readonly family: 4 | 6
}

/** The IP addresses of a host, its loopback included, and the gateway its packets leave by. */
export interface Addresses {
  readonly all: readonly Address[]
  readonly gateway: { readonly address: string; readonly interface: string } | undefined
}

const script = `${sbin}ip -o addr show && { ip -4 route show | grep "^default" || :; }`

/**
 * Under which IP addresses a host can be reached.
 *
 * ```ts
 * const { all, gateway } = await host.fact(facts.addresses)
 * const management = all.find(({ interface: name }) => name === 'br-mgmt')?.address ?? gateway?.address
 * ```
 */
export const addresses: Fact<Addresses> = fact('addresses', 'task', async (connection) =>
  parseAddresses(await output(connection, script)),
)

/** Makes sense of what `ip` prints. */
export function parseAddresses(text: string): Addresses {
  const all: Address[] = []
  let gateway: Addresses['gateway']
  for (const line of text.split('\n')) {
    const found = /^\d+:\s+(\S+?)(?:@\S+)?\s+(inet6?)\s+([\da-f.:]+)(?:\s+peer\s+\S+?)?(?:\/(\d+))?\s/.exec(line)
    if (found) {
      const family = found[2] === 'inet' ? 4 : 6
      all.push({
        interface: found[1]!,
        address: found[3]!,
        prefix: Number(found[4] ?? (family === 4 ? 32 : 128)),
        family,
      })
    }
    const route = /^default via (\S+) dev (\S+)/.exec(line)
    if (route) gateway ??= { address: route[1]!, interface: route[2]! }
  }
  return { all, gateway }
}
