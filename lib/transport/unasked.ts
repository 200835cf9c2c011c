// What is said on a connection without waiting for an answer that is known beforehand. ssh2 asks a server whether it
// would take a key before it signs, and whether it lets users log in at all before it asks that: two round trips.
import type { Client, ParsedKey } from 'ssh2'

/** What is used of ssh2's protocol handler, and is not told by its types. */
interface Protocol {
  readonly _handlers: { SERVICE_ACCEPT?(protocol: Protocol, name: string): void }
  service(name: string): void
  authPK(user: string, key: ParsedKey, algorithm?: string, sign?: Sign): void
}
type Sign = (data: Buffer, taken: (signature: Buffer) => void) => void

// What each algorithm signs; that of other keys is in their type.
const hashes: Readonly<Record<string, string>> = {
  'ssh-rsa': 'sha1',
  'rsa-sha2-256': 'sha256',
  'rsa-sha2-512': 'sha512',
}

/**
 * Lets a connection that has just been begun sign at once with the keys it holds; an agent, which may have to ask its
 * user, signs what the server wants. `first` is the key that is shown first: where it is of no kind that needs to know
 * which signatures the server reads, it goes out together with the wish to log in.
 */
export function withoutAsking(client: Client, first: ParsedKey | undefined): void {
  const protocol = (client as unknown as { readonly _protocol: Protocol })._protocol
  signing(protocol)
  if (first !== undefined && !first.type.startsWith('ssh-rsa')) together(client, protocol)
}

function signing(protocol: Protocol): void {
  const plain = protocol.authPK.bind(protocol)
  protocol.authPK = (user, key, algorithm, sign) => {
    if (sign !== undefined || !key.isPrivateKey()) return plain(user, key, algorithm, sign)
    plain(user, key, algorithm, (data, taken) => {
      const signature = key.sign(data, hashes[algorithm ?? key.type])
      // A key that cannot sign here is asked about as ever, and the reason then comes where it is looked for.
      if (signature instanceof Error) plain(user, key, algorithm)
      else taken(signature)
    })
  }
}

function together(client: Client, protocol: Protocol): void {
  const plain = protocol.service.bind(protocol)
  protocol.service = (name) => {
    plain(name)
    // Servers read in order, and OpenSSH's of all ages have been seen to; of others nobody knows.
    const accept = protocol._handlers.SERVICE_ACCEPT
    if (accept === undefined || !/^OpenSSH_/.test((client as unknown as { _remoteVer?: string })._remoteVer ?? ''))
      return
    protocol._handlers.SERVICE_ACCEPT = () => undefined
    accept(protocol, name)
  }
}
