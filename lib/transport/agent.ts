import { connect } from 'node:net'
import type { BaseAgent, ParsedKey, SigningRequestOptions } from 'ssh2'
import { type Certified, certificateIn, certified, outOfTime } from './certificates.ts'
import type { Vouched } from './keys.ts'
import { Packet, packed } from './wire.ts'

/** A key that an agent holds, as it names it. */
interface Held {
  readonly blob: Buffer
  readonly name: string
}

/** The keys of an agent, those with certificates first: ssh2 sees no certificates there. */
export class AgentKeys {
  readonly names: readonly string[]
  /** As ssh2 wants an agent. */
  readonly shown: BaseAgent

  private constructor(names: readonly string[], shown: BaseAgent) {
    this.names = names
    this.shown = shown
  }

  /** Those of an agent, `wanted` only where that is said; `vouched` are certificates that lie in files. @throws */
  static async of(
    socket: string,
    vouched: readonly Vouched[],
    wanted: readonly string[] | undefined,
  ): Promise<AgentKeys> {
    const { utils, BaseAgent: Base } = (await import('ssh2')).default as unknown as {
      readonly utils: { parseKey(text: string): ParsedKey | ParsedKey[] | Error }
      readonly BaseAgent: new () => BaseAgent
    }
    const parsed = (blob: Buffer): ParsedKey | undefined => {
      const found = utils.parseKey(`${new Packet(blob).text()} ${blob.toString('base64')}`)
      return found instanceof Error ? undefined : Array.isArray(found) ? found[0] : found
    }
    const keys: { readonly name: string; readonly key: ParsedKey; readonly blob: Buffer }[] = []
    const plain: typeof keys = []
    for (const { blob, name } of await heldBy(socket)) {
      const certificate = certificateIn(blob)
      if (wanted !== undefined && !wanted.includes((certificate?.key ?? blob).toString('base64'))) continue
      const key = parsed(certificate?.key ?? blob)
      if (key === undefined) continue
      const shown = name || key.type
      if (certificate === undefined) {
        plain.push({ name: shown, key, blob })
        for (const { file, certificate: own } of vouched)
          if (own.key.equals(blob)) keys.push({ name: `${shown} with ${file}`, key: certified(key, own), blob })
      } else if (outOfTime(certificate) === undefined)
        keys.push({ name: `${shown} (certificate)`, key: certified(key, certificate), blob })
    }
    const all = [...keys, ...plain]
    const shown = new Base()
    shown.getIdentities = (take) => take(undefined, all.map(({ key }) => key) as never)
    shown.sign = ((key: ParsedKey | Certified, data: Buffer, options: SigningRequestOptions, take: Take) => {
      const blob = all.find((one) => one.key === key)?.blob ?? key.getPublicSSH()
      sign(socket, blob, data, options.hash).then(
        (signature) => take(undefined, signature),
        (error: Error) => take(error),
      )
    }) as BaseAgent['sign']
    return new AgentKeys(
      all.map(({ name }) => name),
      shown,
    )
  }
}

type Take = (error: Error | undefined, signature?: Buffer) => void

const [requestIdentities, identities, signRequest, signResponse] = [11, 12, 13, 14]

async function heldBy(socket: string): Promise<readonly Held[]> {
  const answer = await ask(socket, Buffer.from([requestIdentities]), identities)
  const packet = new Packet(answer)
  return Array.from({ length: packet.number() }, () => ({ blob: packet.string(), name: packet.text() }))
}

// Which of its hashes an RSA key signs by.
const flags: Readonly<Record<string, number>> = { sha256: 2, sha512: 4 }

async function sign(socket: string, blob: Buffer, data: Buffer, hash: string | undefined): Promise<Buffer> {
  const flag = Buffer.alloc(4)
  flag.writeUInt32BE(flags[hash ?? ''] ?? 0)
  const request = Buffer.concat([Buffer.from([signRequest]), packed(blob, data), flag])
  const signature = new Packet(new Packet(await ask(socket, request, signResponse)).string())
  signature.string()
  return signature.string()
}

/** Asks an agent one thing. @throws when it does not answer it */
function ask(socket: string, request: Buffer, expected: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const line = connect(socket)
    let heard: Buffer = Buffer.alloc(0)
    line.once('error', reject)
    line.once('close', () => reject(new Error('the agent hung up')))
    line.on('data', (part: Buffer) => {
      heard = Buffer.concat([heard, part])
      if (heard.length < 4 || heard.length < 4 + heard.readUInt32BE(0)) return
      const answer = heard.subarray(4, 4 + heard.readUInt32BE(0))
      if (answer[0] === expected) resolve(answer.subarray(1))
      else reject(new Error('the agent refused'))
      line.destroy()
    })
    line.write(packed(request))
  })
}
