import { Advice } from '../../lib/index.ts'
import { ini } from '../../lib/modules/index.ts'
import type { Cloud, CloudHost } from '../openstack/cloud.ts'

/**
 * The connection of an attachment with another portal: `target_portal` and `device_path`, nothing else. The text is
 * kept as it is around them, because nova compares and logs it. `row` is its id.
 * @throws Advice when it is not JSON
 */
export function withPortal(text: string, from: readonly string[], to: string, row: string): string {
  const portal = parsed(text, row).data?.target_portal
  const old = from.find((address) => typeof portal === 'string' && portal.startsWith(`${address}:`))
  if (typeof portal !== 'string' || old === undefined) return text
  const moved = portal.replace(old, to)
  return text.replaceAll(JSON.stringify(portal), JSON.stringify(moved)).replaceAll(`ip-${portal}-`, `ip-${moved}-`)
}

/** What of the connection of an attachment may be seen: the rest of it has a password. */
export function portalOf(text: string): string {
  const { data } = parsed(text)
  return `${data?.target_portal ?? 'no portal'} ${data?.device_path ?? ''}`.trim()
}

/** The address that an attachment or a volume's location leads to, where it leads to a portal. `row` is its id. */
export function leadsTo(text: string, row?: string): string | undefined {
  const portal = text.startsWith('{') ? String(parsed(text, row).data?.target_portal ?? '') : text
  return /^([\d.]+):\d+/.exec(portal)?.[1]
}

/** The file that says where cinder serves volumes, and what it says there, or cinder's default for it. */
export const portalFile = '/etc/cinder/cinder.conf'
export function portalIn(contents: ini.Contents, { management }: Cloud): string {
  const of = (key: string) => contents['DEFAULT']?.[key]?.at(-1)
  return [of('iscsi_ip_address'), of('my_ip')].find((address) => /^[\d.]+$/.test(address ?? '')) ?? management
}

/** Every address under which a controller's volumes may be known. */
export async function portalsOf(host: CloudHost): Promise<readonly string[]> {
  return oldPortals(host.vars, portalIn(await host.run(ini.read(portalFile)), host.vars))
}
export function oldPortals({ storage, management, public: outside }: Cloud, own: string): readonly string[] {
  return [own, storage, management, outside].filter((address) => address !== '')
}

/** Lets an attachment say nothing of its connection: then nova asks cinder for it when the guest is started next. */
export function withoutConnection(row: string): string {
  return `mysql -e 'UPDATE nova.block_device_mapping SET connection_info = NULL WHERE id = ${row}'`
}

function parsed(
  text: string,
  row?: string,
): { readonly data?: { readonly target_portal?: unknown; readonly device_path?: unknown } } {
  try {
    return JSON.parse(text) as ReturnType<typeof parsed>
  } catch {
    const command = row === undefined ? 'see the rows with deleted = 0' : withoutConnection(row)
    throw new Advice(
      `the connection_info of a volume is not JSON (row ${row ?? 'unknown'} of nova.block_device_mapping)`,
      `keep its text and mend it on the target; or let nova ask cinder for it anew: ${command}`,
    )
  }
}
